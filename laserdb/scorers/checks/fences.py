"""Fenced blocks and prose of a Markdown text, by a real Markdown parser."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_CLOSING = re.compile(r"^[\s>]*(`{3,}|~{3,})\s*$")


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block: the label after the fence (lower case) and the code."""

    label: str
    body: str


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    # Blocks are all that is asked for; inline text is the greater part of the work.
    return MarkdownIt("commonmark").disable(["inline", "code", "reference"])


def split(text: str) -> tuple[list[Fence], str, bool]:
    """The fenced blocks, the prose without them, and whether the last block is never closed."""
    if "```" not in text and "~~~" not in text:
        return [], text, False
    lines = text.split("\n")
    fences = []
    covered: set[int] = set()
    unclosed = False
    for token in _parser().parse(text):
        if token.type != "fence" or token.map is None:
            continue
        first, last = token.map
        label = token.info.strip().split(maxsplit=1)
        fences.append(Fence(label[0].lower() if label else "", token.content))
        covered.update(range(first, last))
        closing = _CLOSING.match(lines[min(last, len(lines)) - 1])
        unclosed = last - first < 2 or closing is None or len(closing[1]) < len(token.markup)
    return fences, "\n".join(line for i, line in enumerate(lines) if i not in covered), unclosed
