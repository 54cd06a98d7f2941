"""Rows that SQL can't take, one by one: broken JSON, unusual types, conversations with oddities."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from laserdb.warehouse.ingest import conversation
from laserdb.warehouse.ingest.batch import Reject
from laserdb.warehouse.ingest.conversation import BLANK_LINE, describe, dump
from laserdb.warehouse.ingest.shapes import CONVERSATIONS, Kind, Kinds, RowError, Shape, detect

# Deeper JSON can be stored, but DuckDB's JSON functions refuse to look into it.
MAX_DEPTH = 100
MAX_DIGITS = 4000
BOM = "\ufeff"
# What a list of messages looks like when a column holds it as text.
JSON_LIST = re.compile(r"\s*\[\s*[{\]]")
SURROGATE = re.compile("[\ud800-\udfff]")
KINDS = {
    type(None): Kind.NULL, str: Kind.TEXT, bool: Kind.BOOL, int: Kind.NUMBER, float: Kind.NUMBER,
    list: Kind.LIST, dict: Kind.OBJECT,
}  # fmt: skip

# Every row that is to become a sample, from SQL or from here.
STAGED = pa.schema(
    [
        ("line", pa.int64()),
        ("data_id", pa.string()),
        ("system", pa.large_string()),
        ("messages", pa.large_string()),
        ("metadata", pa.large_string()),
        ("instructions", pa.list_(pa.large_string())),
        ("responses", pa.list_(pa.large_string())),
    ]
)


@dataclass(slots=True)
class Converted:
    """What became of some rows; blank ones are neither."""

    staged: list[dict[str, Any]]
    rejects: list[Reject]


def convert(rows: Iterable[tuple[int, str, str]], source: str, mapping: Mapping[str, str]) -> Converted:
    """Turn rows (line, text, the text to parse) into samples or rejects."""
    result = Converted([], [])
    for line, raw, text in rows:
        if not raw.strip():
            continue
        try:
            result.staged.append(convert_row(line, text.removeprefix(BOM).rstrip(), source, mapping))
        except RowError as error:
            result.rejects.append(Reject.of(line, str(error), raw))
    return result


def convert_row(line: int, text: str, source: str, mapping: Mapping[str, str]) -> dict[str, Any]:
    """One row as in STAGED. Raises RowError."""
    row = parse(text)
    if not isinstance(row, dict):
        raise RowError(f"the row is {describe(row)}, not an object")
    shape = detect(kinds_of(row), mapping)
    made = from_messages(row, shape) if shape.messages else from_prompt(row, shape)
    id_value = row.get(shape.data_id) if shape.data_id else None
    metadata = {key: value for key, value in row.items() if key not in shape.keys}
    return {
        "line": line,
        "data_id": scalar_text(id_value, "data_id") or f"{source}-{line}",
        "system": made.system,
        "messages": None if made.messages is None else dump(made.messages),
        "metadata": dump(metadata),
        "instructions": [turn.instruction for turn in made.turns],
        "responses": [turn.response for turn in made.turns],
    }


def from_messages(row: dict[str, Any], shape: Shape) -> conversation.Conversation:
    """A conversation from a list of messages, which may come as JSON text or as lists by key."""
    assert shape.messages is not None
    messages = message_list(row[shape.messages], shape.messages)
    if shape.split:
        assert shape.output is not None
        messages = messages + message_list(row[shape.output], shape.output)
    return conversation.build(messages, system_text(row, shape))


def message_list(value: Any, key: str) -> list[Any]:
    if isinstance(value, str):
        try:
            value = parse(value)
        except RowError:
            raise RowError(f"{key} is text, not a list of messages") from None
    if isinstance(value, dict) and is_columns(value):
        # `datasets` stores a sequence of structs as a struct of sequences.
        return [dict(zip(value, cells, strict=True)) for cells in zip(*value.values(), strict=True)]
    if not isinstance(value, list):
        raise RowError(f"{key} is {describe(value)}, not a list of messages")
    return value


def is_columns(value: dict[str, Any]) -> bool:
    """Whether a value is a struct of lists of the same length."""
    columns = value.values()
    return (
        all(isinstance(column, list) for column in columns) and len({len(column) for column in columns}) == 1
    )


def from_prompt(row: dict[str, Any], shape: Shape) -> conversation.Conversation:
    """A conversation of one turn, from an instruction with its input and output."""
    assert shape.prompt is not None
    parts = [scalar_text(row[key], key) for key in (shape.prompt, shape.input) if key is not None]
    filled = [part for part in parts if part is not None and part.strip()]
    if not filled:
        raise RowError(f"blank {shape.prompt}")
    answer = None if shape.output is None else scalar_text(row[shape.output], shape.output)
    turn = conversation.Turn([BLANK_LINE.join(filled)], [] if answer is None else [answer])
    return conversation.Conversation(system_text(row, shape), [turn], None)


def system_text(row: dict[str, Any], shape: Shape) -> str | None:
    """The system message from a column of its own; an empty one is none."""
    return (scalar_text(row[shape.system], shape.system) or None) if shape.system else None


def scalar_text(value: Any, key: str) -> str | None:
    """The text of a value that should be text; numbers and booleans as JSON writes them."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return dump(value)
    raise RowError(f"{key} is {describe(value)}, not text")


def kinds_of(row: Mapping[str, Any]) -> Kinds:
    """Each key's kind; JSON text in a conversation's key counts as the list that it holds."""
    return {key: kind_of(key, value) for key, value in row.items()}


def kind_of(key: str, value: Any) -> Kind:
    if isinstance(value, list) and all(item is None for item in value):
        return Kind.NULL
    if isinstance(value, str) and key in CONVERSATIONS and JSON_LIST.match(value):
        return Kind.LIST
    return KINDS[type(value)]


def parse(text: str) -> Any:
    """Parse JSON: the last of equal keys wins, NaN is null, lone surrogates become U+FFFD."""
    try:
        value = json.loads(text, parse_float=number, parse_int=integer, parse_constant=lambda _: None)
        check_depth(value)
    except json.JSONDecodeError as error:
        raise RowError(f"invalid JSON: {error.msg} at character {error.pos + 1}") from None
    except RecursionError:
        raise RowError(f"nested deeper than {MAX_DEPTH} levels") from None
    return mend(value) if "\\ud" in text or "\\uD" in text else value


def number(digits: str) -> float | str:
    """A float, or the digits as text where no double can hold them."""
    value = float(digits)
    return value if math.isfinite(value) else digits


def integer(digits: str) -> int | str:
    """An integer of any size; absurd ones stay text, as Python refuses to print them."""
    return int(digits) if len(digits) <= MAX_DIGITS else digits


def check_depth(value: Any) -> None:
    """Refuse what DuckDB couldn't read back."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise RowError(f"nested deeper than {MAX_DEPTH} levels")
        level = [
            child
            for item in level
            if isinstance(item, list | dict)
            for child in (item.values() if isinstance(item, dict) else item)
        ]


def mend(value: Any) -> Any:
    """Replace halves of surrogate pairs, which no UTF-8 text can hold."""
    if isinstance(value, str):
        return SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [mend(item) for item in value]
    if isinstance(value, dict):
        return {mend(key): mend(item) for key, item in value.items()}
    return value
