"""Which keys of a row hold the conversation: the shape, decided for each row by looking.

`detect` sees only each key's kind of value, so the same rules serve a row that Python has parsed
and a JSON structure that DuckDB has found for thousands of rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

CONVERSATIONS = ("messages", "conversations", "conversation", "dialog", "dialogue")
# For each key that may hold the instruction: where its input and its answer are looked for.
INPUTS = {"instruction": ("input", "context")}
OUTPUTS = {
    "instruction": ("output", "response", "answer", "completion"),
    "prompt": ("response", "completion", "output", "answer"),
    "question": ("answer", "response", "output", "solution"),
    "query": ("response", "answer", "output"),
    "problem": ("solution", "answer", "output"),
    "input": ("output",),
}
SYSTEMS = ("system", "system_prompt")
IDS = ("data_id", "id", "uuid", "conversation_id", "prompt_id")


class Kind(StrEnum):
    """What a JSON value is, in the words of our messages."""

    NULL = "null"
    TEXT = "text"
    NUMBER = "a number"
    BOOL = "a boolean"
    LIST = "a list"
    OBJECT = "an object"


TEXTS = frozenset({Kind.TEXT, Kind.NULL})
SCALARS = frozenset({Kind.TEXT, Kind.NUMBER, Kind.BOOL})
Kinds = Mapping[str, Kind]


class RowError(Exception):
    """A row can't become a sample; the message is the reject's reason."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The keys that make up the conversation: `messages`, or `prompt` with the others."""

    messages: str | None = None
    prompt: str | None = None
    input: str | None = None
    output: str | None = None
    system: str | None = None
    data_id: str | None = None
    # TRL writes prompt and completion as two lists of messages.
    split: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that are not metadata, each once."""
        named = (self.messages, self.prompt, self.input, self.output, self.system, self.data_id)
        return tuple(dict.fromkeys(key for key in named if key is not None))


def detect(kinds: Kinds, mapping: Mapping[str, str]) -> Shape:
    """The shape of a row with these keys. Raises RowError where none fits."""
    present = {key: kind for key, kind in kinds.items() if kind is not Kind.NULL}
    if "messages" in mapping or "instruction" in mapping:
        found: Shape | None = Shape(
            messages=mapped(mapping, "messages", kinds),
            prompt=mapped(mapping, "instruction", kinds),
            input=mapped(mapping, "input", kinds),
            output=mapped(mapping, "output", kinds),
        )
    else:
        found = by_looking(present, kinds) or by_looking(kinds, kinds)
    if found is None:
        keys = ", ".join(list(kinds)[:20]) or "none"
        raise RowError(f"no recognised shape (keys: {keys})")
    return replace(
        found,
        system=mapped(mapping, "system", kinds)
        or first(SYSTEMS, present, TEXTS)
        or first(SYSTEMS, kinds, TEXTS),
        data_id=mapped(mapping, "data_id", kinds) or first(IDS, present, SCALARS),
    )


def by_looking(kinds: Kinds, all_kinds: Kinds) -> Shape | None:
    """The keys of the conversation, looked for in this order: a list of messages, a prompt, a wrong type."""
    key = first(CONVERSATIONS, kinds, frozenset({Kind.LIST}))
    if key:
        return Shape(messages=key)
    for prompt, outputs in OUTPUTS.items():
        output = first(outputs, kinds) or first(outputs, all_kinds)
        # A lone `input` may be anything; with an output it is a prompt.
        if prompt not in kinds or (prompt == "input" and output is None):
            continue
        if kinds[prompt] is Kind.LIST and output and all_kinds[output] is Kind.LIST:
            return Shape(messages=prompt, output=output, split=True)
        inputs = INPUTS.get(prompt, ())
        return Shape(prompt=prompt, input=first(inputs, kinds) or first(inputs, all_kinds), output=output)
    key = first(CONVERSATIONS, kinds)
    return Shape(messages=key) if key else None


def first(keys: tuple[str, ...], kinds: Kinds, allowed: frozenset[Kind] | None = None) -> str | None:
    """The first of the keys that the row has, of an allowed kind."""
    return next((key for key in keys if key in kinds and (allowed is None or kinds[key] in allowed)), None)


def mapped(mapping: Mapping[str, str], key: str, kinds: Kinds) -> str | None:
    """The user's own column for a key; None if they named none."""
    column = mapping.get(key)
    if column is not None and column not in kinds:
        raise RowError(f"no key {column!r}, which {key} is mapped to")
    return column
