"""The steps of a solution: at blank lines, else at line breaks (LASER §3.2.2, DESIGN §4.8)."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_WHOLE = frozenset({"fence", "table_open"})


def split(solution: str) -> list[str]:
    """The steps, without space around them; fenced code and tables stay in one piece."""
    lines = re.sub(r"\r\n?", "\n", solution).split("\n")
    inside = _inside(lines)
    after_blank = [i > 0 and not lines[i - 1].strip() for i in range(len(lines))]
    steps = _cut(lines, [new and i not in inside for i, new in enumerate(after_blank)])
    return steps if len(steps) > 1 else _cut(lines, [i not in inside for i in range(len(lines))])


def _inside(lines: list[str]) -> set[int]:
    """Lines, by number, that belong to the same fence or table as the line before them."""
    text = "\n".join(lines)
    if "```" not in text and "~~~" not in text and "|" not in text:
        return set()
    found: set[int] = set()
    for token in _parser().parse(text):
        if token.type in _WHOLE and token.map is not None:
            first, end = token.map
            found.update(range(first + 1, end))
    return found


def _cut(lines: list[str], begins: list[bool]) -> list[str]:
    """The lines in groups, a new one wherever one begins; empty groups are none."""
    groups: list[list[str]] = [[]]
    for line, new in zip(lines, begins, strict=True):
        if new:
            groups.append([])
        groups[-1].append(line)
    return [step for group in groups if (step := "\n".join(group).strip())]


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable("table").disable(["inline", "code", "reference"])
