"""What scorers have in common whose model writes its judgement as JSON: asking, reading, what was unreadable."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, ClassVar

from laserdb.backends.base import (
    GenerateOptions,
    Generation,
    Generator,
    Message,
    Part,
    PermanentError,
    Prompt,
    TransientError,
)
from laserdb.errors import UsageError
from laserdb.scorers.base import Failed
from laserdb.scorers.lm import MODEL_PARAMETERS, ModelScorer, whole_number

JUDGE_PARAMETERS: Mapping[str, str] = MappingProxyType(
    {
        **MODEL_PARAMETERS,
        "max_tokens": "most tokens that the judge writes in one answer",
        "thinking": "off tells the chat template not to let the model think first (the default); auto says nothing",
    }
)
"""Parameters of every scorer whose model writes its judgement."""
RAW = "VARCHAR"
"""Type of the column `raw`: the judge's answer to the letter, also of turns that failed."""

_THOUGHT = re.compile(r"^\s*(?:<think>)?.*?</think>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Said:
    """A judge's answer that could be read: its text to the letter, and its value, which keeps to the schema."""

    raw: str
    value: Any
    truncated: bool = False


Reply = Said | Failed | PermanentError | TransientError


class JudgeScorer(ModelScorer):
    """Base of the scorers whose model writes JSON.

    `ask` gives a readable answer, or a `Failed` with the raw text in its column `raw` and one of the kinds
    `cut_off`, `invalid_json`, `off_schema`, or the backend's own error.
    """

    parameters = JUDGE_PARAMETERS
    most_tokens: ClassVar[int] = 512
    """What `max_tokens` is unless the user sets it."""

    def needs(self) -> tuple[str, ...]:
        """What the backend needs, and what checks an answer."""
        return (*super().needs(), "jsonschema")

    def check(self) -> None:
        """As any scorer with a model; also that its own settings make sense."""
        super().check()
        _ = self.settings

    @property
    def max_tokens(self) -> int:
        """The most tokens of one answer. Raises UsageError."""
        given = self.options.params.get("max_tokens")
        return self.most_tokens if given is None else whole_number("max_tokens", given)

    @property
    def template(self) -> Mapping[str, Any]:
        """What the chat template is told. Raises UsageError."""
        thinking = self.options.params.get("thinking", "off")
        if thinking not in ("off", "auto"):
            raise UsageError(f"thinking={thinking}: give off or auto")
        return {"enable_thinking": False} if thinking == "off" else {}

    @property
    def settings(self) -> Mapping[str, Any]:
        """The longest answer, and what the chat template is told."""
        return {"max_tokens": self.max_tokens, **self.template}

    def generate_options(self, schema: Mapping[str, Any]) -> GenerateOptions:
        """Greedy, within the schema."""
        return GenerateOptions(schema=schema, max_tokens=self.max_tokens, template=self.template)

    def ask(self, prompts: Sequence[Prompt], schema: Mapping[str, Any]) -> list[Reply]:
        """One reply per prompt."""
        if not prompts:
            return []
        told = self.asked(Generator).generate(prompts, self.generate_options(schema))
        return [read(one, schema) for one in told]


def chat(system: str, *user: str | Part) -> Prompt:
    """A system message and a user message of several parts, of which those may be cut that say so."""
    parts = tuple(part if isinstance(part, Part) else Part(part) for part in user)
    return (Message("system", system), Message("user", parts))


def fixed_text(*texts: str, schema: Mapping[str, Any] | None = None) -> str:
    """All that a judge is shown whatever the turn, for the run's prompt hash."""
    shown = [] if schema is None else [json.dumps(schema, ensure_ascii=False)]
    return "\n\n".join([*texts, *shown])


def read(told: Generation | PermanentError | TransientError, schema: Mapping[str, Any]) -> Reply:
    """A model's answer as JSON that keeps to the schema, or why it can't be read.

    Some servers take no schema: thoughts before the answer, a fence around it and the case of an enum's
    value are forgiven, nothing else.
    """
    if not isinstance(told, Generation):
        return told
    text = _THOUGHT.sub("", told.text, count=1).strip()
    if text.startswith("```") and text.endswith("```"):
        text = text.removeprefix("```").removeprefix("json").removesuffix("```").strip()
    try:
        value = _spelt(json.loads(text, parse_constant=_no_constant), schema)
    except (json.JSONDecodeError, RecursionError) as error:
        kind = "cut_off" if told.finish == "length" else "invalid_json"
        return Failed(kind, _reason(error), {"raw": told.text})
    error = _validator(json.dumps(schema)).best(value)
    if error is not None:
        return Failed("off_schema", error[:200], {"raw": told.text})
    return Said(told.text, value, told.truncated)


def _reason(error: Exception) -> str:
    return f"{error.msg} at character {error.pos}" if isinstance(error, json.JSONDecodeError) else "too deep"


def _no_constant(name: str) -> Any:
    raise json.JSONDecodeError(f"{name} is no number", name, 0)


def _spelt(value: Any, schema: Any) -> Any:
    """The value with strings of enums spelt as the schema spells them ("Correct" is "correct")."""
    if not isinstance(schema, Mapping):
        return value
    if isinstance(value, str):
        known = {one.casefold(): one for one in schema.get("enum", ()) if isinstance(one, str)}
        return known.get(value.strip().casefold(), value)
    if isinstance(value, dict):
        parts = schema.get("properties", {})
        return {name: _spelt(one, parts.get(name)) for name, one in value.items()}
    if isinstance(value, list):
        return [_spelt(one, schema.get("items")) for one in value]
    return value


class _Validator:
    """A compiled schema."""

    def __init__(self, schema: Any) -> None:
        from jsonschema import Draft202012Validator

        self._validator = Draft202012Validator(schema)

    def best(self, value: Any) -> str | None:
        """What is wrong with the value, if anything: where and what."""
        from jsonschema.exceptions import best_match

        error = best_match(self._validator.iter_errors(value))
        return None if error is None else f"{error.json_path}: {error.message}"


@lru_cache(maxsize=64)
def _validator(schema: str) -> _Validator:
    return _Validator(json.loads(schema))
