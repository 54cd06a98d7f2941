"""The one place where names and values become SQL text; everything else is bound."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any


def identifier(name: str) -> str:
    """A quoted SQL identifier. Raises ValueError for an empty name or a NUL."""
    if not name or "\0" in name:
        raise ValueError(f"not a usable SQL name: {name!r}")
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def literal(value: Any) -> str:
    """A SQL literal of a Python value: None, bool, int, float, str, and lists and dicts of these.

    A float keeps its exact value (cast from its shortest decimal form). Raises TypeError for other
    types and ValueError for NUL characters or numbers that aren't finite.
    """
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"not a finite number: {value}")
        return f"{value!r}::DOUBLE"
    if isinstance(value, str):
        if "\0" in value:
            raise ValueError("a SQL text can't hold a NUL character")
        escaped = value.replace("'", "''")
        return f"'{escaped}'"
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{literal(str(key))}: {literal(item)}" for key, item in value.items())
        return f"MAP {{{pairs}}}"
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return f"[{', '.join(literal(item) for item in value)}]"
    raise TypeError(f"no SQL literal for {type(value).__name__}")
