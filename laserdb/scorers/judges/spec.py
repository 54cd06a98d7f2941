"""A judge's file: one TOML document that says which model is asked what, and what its answer is worth."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2

from laserdb.categories import CATEGORIES
from laserdb.errors import UsageError
from laserdb.plugins import unknown
from laserdb.scorers.base import Unit
from laserdb.scorers.judges.expression import Expression, ExpressionError
from laserdb.scorers.judges.template import names

_NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")
_TYPE = re.compile(r"(?:VARCHAR|JSON|DOUBLE|INTEGER|BIGINT|BOOLEAN)(?:\[\])?")
_TAKEN = frozenset({"score", "error", "run_id", "turn_id", "key", "raw"})
_KEYS: Mapping[str, type] = {
    "name": str, "summary": str, "paper": str, "model": str, "unit": str, "categories": list, "routed": bool,
    "score": str, "prompt": object, "schema": dict, "tokens": dict, "columns": dict, "generate": dict,
}  # fmt: skip
_GENERATE: Mapping[str, tuple[type, ...]] = {
    "max_tokens": (int,), "temperature": (int, float), "top_p": (int, float), "seed": (int,), "stop": (list,),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """A column of one's own: its DuckDB type, and what of the answer stands in it."""

    type: str
    value: str


@dataclass(frozen=True, slots=True)
class Template:
    """The messages of a prompt, as Jinja templates; without a system message if that is None."""

    user: str
    system: str | None = None


@dataclass(frozen=True, slots=True)
class Tokens:
    """Ratings by the probabilities of these answers; `each` makes a number of those of one prompt."""

    ratings: tuple[str, ...]
    each: str


@dataclass(frozen=True, slots=True)
class JudgeSpec:
    """What a judge's file says, checked. It has a `schema` to answer in, or `tokens` to rate with."""

    name: str
    summary: str
    model: str
    prompts: tuple[Template, ...]
    score: str
    unit: Unit = Unit.TURN
    paper: str = ""
    categories: tuple[str, ...] | None = None
    routed: bool = False
    schema: Mapping[str, Any] | None = None
    tokens: Tokens | None = None
    columns: Mapping[str, Column] = field(default_factory=dict)
    generate: Mapping[str, Any] = field(default_factory=dict)


def read_spec(path: Path, shown: str | None = None) -> JudgeSpec:
    """The judge in a file. Raises UsageError with file, line and what to mend."""
    shown = shown or str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageError(f"no judge file at {shown}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"can't read the judge file {shown}: {error}") from error
    return _Reader(text, shown).spec()


class _Reader:
    """Reads one document, and knows where its keys stand."""

    def __init__(self, text: str, shown: str) -> None:
        self.text = text
        self.shown = shown
        try:
            self.given = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            message = str(error)
            line = re.search(r"at line (\d+)", message)
            raise UsageError(f"{shown}:{line[1] if line else len(text.splitlines())}: {message}") from None

    def fail(self, key: str, message: str, down: int = 0) -> UsageError:
        """An error at the line of a key, or `down` lines below it."""
        last = re.escape(key.rpartition(".")[2])
        found = re.search(rf"^\s*(?:\"?{last}\"?\s*=|\[+[\w.]*\b{last}\b)", self.text, re.MULTILINE)
        line = self.text[: found.end()].count("\n") + 1 + down if found else 1
        return UsageError(f"{self.shown}:{line}: {key}: {message}")

    def spec(self) -> JudgeSpec:
        given = self.given
        self.known(given, _KEYS)
        for key, kind in _KEYS.items():
            if key in given and not isinstance(given[key], kind):
                raise self.fail(key, f"give {_kind_name(kind)}")
        for key in ("name", "model", "prompt", "score"):
            if key not in given:
                raise self.fail(key, "missing; every judge has a name, a model, a prompt and a score")
        if not _NAME.fullmatch(given["name"]):
            raise self.fail("name", f"{given['name']!r} isn't lower-case letters, digits and underscores")
        if ("schema" in given) == ("tokens" in given):
            raise self.fail("schema", "give either a [schema] for the answer or [tokens] to rate with")
        unit = self.unit()
        tokens = self.tokens()
        fields = self.fields(tokens)
        self.expression("score", given["score"], fields)
        return JudgeSpec(
            name=given["name"],
            summary=given.get("summary", f"judge of {Path(self.shown).name}"),
            model=given["model"],
            prompts=self.prompts(unit, several=tokens is not None),
            score=given["score"],
            unit=unit,
            paper=given.get("paper", ""),
            categories=self.categories(),
            routed=given.get("routed", False),
            schema=self.schema(),
            tokens=tokens,
            columns=self.columns(fields),
            generate=self.generate(),
        )

    def known(
        self, given: Mapping[str, Any], keys: Mapping[str, Any] | Sequence[str], inside: str = ""
    ) -> None:
        """Refuse keys that mean nothing."""
        for key in given:
            if key not in keys:
                raise self.fail(key, unknown(f"key{inside}", key, keys))

    def unit(self) -> Unit:
        given = self.given.get("unit", "turn")
        if given not in set(Unit):
            raise self.fail("unit", unknown("unit", given, [str(unit) for unit in Unit]))
        return Unit(given)

    def categories(self) -> tuple[str, ...] | None:
        given = self.given.get("categories")
        for name in given or ():
            if name not in CATEGORIES:
                raise self.fail("categories", unknown("category", str(name), CATEGORIES))
        return None if given is None else tuple(given)

    def prompts(self, unit: Unit, *, several: bool) -> tuple[Template, ...]:
        given = self.given["prompt"]
        given = given if isinstance(given, list) else [given]
        if not given or not all(isinstance(one, dict) and isinstance(one.get("user"), str) for one in given):
            raise self.fail("prompt", 'give a table [prompt] with user = "…" and, if wanted, system = "…"')
        if len(given) > 1 and not several:
            raise self.fail("prompt", "several prompts go with [tokens] only")
        variables = {"instruction", "category"} | ({"response"} if unit is Unit.TURN else set())
        for one in given:
            self.known(one, ("user", "system"), " of a prompt")
            for key, text in one.items():
                self.template(key, text, variables)
        return tuple(Template(one["user"], one.get("system")) for one in given)

    def template(self, key: str, text: Any, variables: set[str]) -> None:
        if not isinstance(text, str):
            raise self.fail(key, "give a string")
        try:
            read = names(text)
        except jinja2.TemplateSyntaxError as error:
            raise self.fail(key, error.message or "no template", error.lineno) from None
        for name in sorted(read - variables):
            raise self.fail(key, unknown("variable", name, variables))

    def schema(self) -> Mapping[str, Any] | None:
        given: Mapping[str, Any] | None = self.given.get("schema")
        if given is not None and given.get("type") != "object":
            raise self.fail("schema", 'the answer is an object: type = "object"')
        return given

    def tokens(self) -> Tokens | None:
        given = self.given.get("tokens")
        if given is None:
            return None
        self.known(given, ("ratings", "each"), " of [tokens]")
        ratings = given.get("ratings")
        good = isinstance(ratings, list) and len(ratings) > 1 and all(isinstance(r, str) for r in ratings)
        if not good or len(set(ratings)) < len(ratings):
            raise self.fail("ratings", 'give at least two different answers: ratings = ["1", "2", …]')
        self.expression("each", given.get("each"), ["p"])
        return Tokens(tuple(ratings), given["each"])

    def fields(self, tokens: Tokens | None) -> list[str] | None:
        """What an expression may read: fields of the answer, or what each prompt came to and its shares."""
        if tokens is not None:
            return ["each", "p"]
        properties = self.given["schema"].get("properties")
        return list(properties) if isinstance(properties, dict) else None

    def columns(self, fields: list[str] | None) -> Mapping[str, Column]:
        found = {}
        for name, one in self.given.get("columns", {}).items():
            if not isinstance(one, dict) or set(one) != {"type", "value"}:
                raise self.fail(name, 'give a type and a value: {type = "VARCHAR", value = "reason"}')
            if not _NAME.fullmatch(name) or name in _TAKEN:
                raise self.fail(name, "no name for a column of one's own")
            if not isinstance(one["type"], str) or not _TYPE.fullmatch(one["type"]):
                raise self.fail(
                    name,
                    "its type is VARCHAR, JSON, DOUBLE, INTEGER, BIGINT or BOOLEAN, or a list: INTEGER[]",
                )
            self.expression(name, one["value"], fields)
            found[name] = Column(one["type"], one["value"])
        return found

    def generate(self) -> Mapping[str, Any]:
        given: Mapping[str, Any] = self.given.get("generate", {})
        self.known(given, _GENERATE, " of [generate]")
        for key, value in given.items():
            if isinstance(value, bool) or not isinstance(value, _GENERATE[key]):
                raise self.fail(key, f"give {_kind_name(_GENERATE[key][0])}")
        if given.get("max_tokens", 1) < 1:
            raise self.fail("max_tokens", "give a whole number, at least 1")
        return given

    def expression(self, key: str, text: Any, fields: list[str] | None) -> None:
        if not isinstance(text, str):
            raise self.fail(key, "give an expression as a string")
        try:
            Expression(text, fields)
        except ExpressionError as error:
            raise self.fail(key, str(error)) from None


def _kind_name(kind: type) -> str:
    names = {str: "a string", list: "a list", bool: "true or false", dict: "a table", int: "a whole number"}
    return names.get(kind, "a number")
