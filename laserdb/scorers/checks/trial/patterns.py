"""Regular expressions that a trial may use: short ones on short texts, none that could take long."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from laserdb.scorers.checks.trial.limits import GaveUpError

LONGEST_PATTERN = 80
LONGEST_TEXT = 200
MOST_LOOPS = 3
"""Unbounded quantifiers: matching takes at most the text's length to this power."""
_LOOP = re.compile(r"(?<!\\)[*+{]")
_REPEATED_GROUP = re.compile(r"(?<!\\)\)[*+{?]|\\\d|\(\?[P=!<]")
FUNCTIONS = ("search", "match", "fullmatch", "findall", "split", "sub")
FLAGS = ("IGNORECASE", "I", "MULTILINE", "M", "DOTALL", "S", "ASCII", "A")


def function(name: str) -> Callable[..., Any]:
    """`re.search` and the like, refused for what could take long."""
    known: Callable[..., Any] = getattr(re, name)

    def limited(pattern: str, *given: Any, **named: Any) -> Any:
        if not isinstance(pattern, str) or len(pattern) > LONGEST_PATTERN:
            raise GaveUpError("a pattern")
        if _REPEATED_GROUP.search(pattern) or len(_LOOP.findall(pattern)) > MOST_LOOPS:
            raise GaveUpError("a slow pattern")
        texts = [value for value in (*given, *named.values()) if isinstance(value, str)]
        if any(len(text) > LONGEST_TEXT for text in texts):
            raise GaveUpError("a long text")
        return known(pattern, *given, **named)

    return limited
