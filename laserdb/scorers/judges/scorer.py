"""A scorer that does what a judge's file says."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import cached_property
from typing import Any, ClassVar

import jinja2
import numpy as np

from laserdb.backends.base import (
    FirstToken,
    GenerateOptions,
    Message,
    PermanentError,
    Prompt,
    Tokenizes,
    TransientError,
)
from laserdb.errors import UsageError
from laserdb.scorers.base import Answer, Batch, Failed, Scored, Turn
from laserdb.scorers.first_token import probabilities, tokens_of
from laserdb.scorers.judge import RAW, JudgeScorer, Said, fixed_text
from laserdb.scorers.judges.expression import Expression, ExpressionError
from laserdb.scorers.judges.spec import JudgeSpec, Template
from laserdb.scorers.judges.template import parts

_RANGES = {"INTEGER": 2**31, "BIGINT": 2**63}


class FileJudge(JudgeScorer):
    """Base of the classes made from files.

    Failures: those of an unreadable answer, `no_logprobs`, `bad_template` (the prompt can't be rendered for
    this turn), `bad_score` and `bad_value` (the answer doesn't give what the file's expressions want).
    """

    spec: ClassVar[JudgeSpec]
    file: ClassVar[str | None] = None
    """Where the file is, of a judge that no package brought."""

    def check(self) -> None:
        """As any judge; also that the schema is one."""
        super().check()
        if self.spec.schema is not None:
            from jsonschema import Draft202012Validator, SchemaError

            try:
                Draft202012Validator.check_schema(self.spec.schema)
            except SchemaError as error:
                where = error.json_path.replace("$", "schema", 1)
                raise UsageError(f"{self.file or self.name}: {where}: {error.message}") from None

    @property
    def columns(self) -> Mapping[str, str]:
        """The file's own; `raw`, or the probabilities of the ratings for each prompt in turn."""
        own = {name: column.type for name, column in self.spec.columns.items()}
        return {**own, "raw": RAW}

    @property
    def prompt(self) -> str:
        shown = [text for one in self.spec.prompts for text in (one.system or "", one.user)]
        return fixed_text(*shown, schema=self.spec.schema)

    @property
    def settings(self) -> Mapping[str, Any]:
        """How the answer is made, and what is made of it."""
        spec = self.spec
        made = {"score": spec.score, "columns": {name: asdict(one) for name, one in spec.columns.items()}}
        if spec.tokens is not None:
            return {**made, "tokens": asdict(spec.tokens)}
        return {**dict(spec.generate), **super().settings, **made}

    @property
    def max_tokens(self) -> int:
        """What the user set, else what the file says."""
        given = "max_tokens" in self.options.params
        return super().max_tokens if given else int(self.spec.generate.get("max_tokens", self.most_tokens))

    def generate_options(self, schema: Mapping[str, Any]) -> GenerateOptions:
        """As the file says."""
        own = {name: value for name, value in self.spec.generate.items() if name != "max_tokens"}
        if "stop" in own:
            own["stop"] = tuple(own["stop"])
        return replace(super().generate_options(schema), **own)

    def score(self, batch: Batch) -> Sequence[Answer]:
        """Render, ask, and evaluate; a turn that the template can't show fails by itself."""
        answers: list[Any] = [self.rendered(turn) for turn in batch.turns]
        places = [i for i, one in enumerate(answers) if isinstance(one, list)]
        prompts = [answers[i] for i in places]
        told = self.rated(prompts) if self.spec.tokens is not None else self.judged(prompts)
        for place, answer in zip(places, told, strict=True):
            answers[place] = answer
        return answers

    def rendered(self, turn: Turn) -> list[Prompt] | Failed:
        """The prompts for a turn."""
        try:
            return [messages(one, turn) for one in self.spec.prompts]
        except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError) as error:
            return Failed("bad_template", str(error))

    def judged(self, prompts: Sequence[list[Prompt]]) -> list[Answer]:
        """Answers in JSON."""
        assert self.spec.schema is not None
        replies = self.ask([one for (one,) in prompts], self.spec.schema)
        return [
            self.worth(reply.value, {"raw": reply.raw}) if isinstance(reply, Said) else reply
            for reply in replies
        ]

    def rated(self, prompts: Sequence[list[Prompt]]) -> list[Answer]:
        """Probabilities of the ratings, prompt by prompt."""
        flat = [one for several in prompts for one in several]
        told = self.asked(FirstToken).first_token_logprobs(flat, self.ratings) if flat else []
        k = len(self.spec.prompts)
        return [self.combined(told[i : i + k]) for i in range(0, len(told), k)]

    @cached_property
    def ratings(self) -> Sequence[int | str]:
        """The tokens of the ratings."""
        assert self.spec.tokens is not None
        words = self.spec.tokens.ratings
        return tokens_of(self.backend, words) if isinstance(self.backend, Tokenizes) else words

    def combined(self, told: Sequence[Any]) -> Answer:
        """The score from the log probabilities of one turn's prompts."""
        assert self.spec.tokens is not None
        shares = []
        for one in told:
            if isinstance(one, PermanentError | TransientError):
                return one
            share = probabilities(np.asarray(one))
            if isinstance(share, Failed):
                return share
            shares.append(share.tolist())
        raw = {"raw": json.dumps(shares)}
        try:
            each = [Expression(self.spec.tokens.each)({"p": share}) for share in shares]
        except ExpressionError as error:
            return Failed("bad_score", str(error), raw)
        return self.worth({"each": each, "p": shares}, raw)

    def worth(self, value: Mapping[str, Any], raw: Mapping[str, Any]) -> Scored | Failed:
        """The score and columns of an answer."""
        try:
            score = Expression(self.spec.score)(value)
        except ExpressionError as error:
            return Failed("bad_score", str(error), raw)
        if not isinstance(score, int | float) or not math.isfinite(score):
            return Failed("bad_score", f"{self.spec.score} is {score!r}"[:200], raw)
        values = dict(raw)
        for name, column in self.spec.columns.items():
            try:
                values[name] = fitted(Expression(column.value)(value), column.type)
            except ExpressionError as error:
                return Failed("bad_value", f"{name}: {error}", raw)
        return Scored(float(score), values)


def messages(template: Template, turn: Turn) -> Prompt:
    """A template filled in for a turn."""
    values = {"instruction": turn.instruction, "response": turn.response or "", "category": turn.category}
    user = Message("user", parts(template.user, values))
    if template.system is None:
        return (user,)
    return (Message("system", parts(template.system, values)), user)


def fitted(value: Any, kind: str) -> Any:
    """A value as its column's type wants it; null is NULL. Raises ExpressionError."""
    if value is None:
        return None
    if kind == "JSON":
        return json.dumps(value, ensure_ascii=False)
    if kind.endswith("[]"):
        if not isinstance(value, list):
            raise ExpressionError(f"{value!r} is no list")
        return [fitted(one, kind.removesuffix("[]")) for one in value]
    if kind == "VARCHAR" and isinstance(value, str):
        return value
    if kind == "BOOLEAN" and isinstance(value, bool):
        return value
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if kind == "DOUBLE" and number:
        return float(value)
    if kind in _RANGES and number and value == int(value) and -_RANGES[kind] <= value < _RANGES[kind]:
        return int(value)
    raise ExpressionError(f"{value!r} is no {kind}")
