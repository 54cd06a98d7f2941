"""Finding scorers, strategies and backends by name, the built-in ones and those of other packages.

All are entry points; a name is loaded only when it is asked for.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from laserdb.errors import UsageError

SCORERS = "laserdb.scorers"
STRATEGIES = "laserdb.strategies"


def names(group: str) -> list[str]:
    """All names of a group, sorted."""
    return sorted({point.name for point in entry_points(group=group)})


def load(group: str, name: str, kind: str) -> Any:
    """The object behind a name. Raises UsageError for an unknown name, with a suggestion."""
    found: dict[str, EntryPoint] = {point.name: point for point in entry_points(group=group)}
    if name not in found:
        raise UsageError(unknown(kind, name, found))
    return found[name].load()


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """One line for a name that doesn't exist: the nearest that does, and all of them."""
    choices = sorted(known)
    near = difflib.get_close_matches(name, choices, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"unknown {kind} {name!r}{hint} (there are: {', '.join(choices) or 'none'})"
