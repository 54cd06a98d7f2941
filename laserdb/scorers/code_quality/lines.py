"""The code of a response, and how much of it a revision leaves as it is (DESIGN §4.9)."""

from __future__ import annotations

import ast
import re
import warnings
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_CODE = ("fence", "code_block")
_LONGEST = 20_000  # characters; Python's parser has a stack to spare
_NOTHING = re.compile(
    r"[\W_]*(?:(?:no|without) (?:\w+ )?(?:revisions?|changes?|code)(?: (?:is |are )?(?:needed|required|necessary))?"
    r"|none|null|n/?a|unchanged)?[\W_]*",
    re.IGNORECASE,
)
_STATEMENTS = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign, ast.For,
    ast.While, ast.With,
)  # fmt: skip


def code_lines(text: str) -> list[str]:
    """Lines of all code in a Markdown text: its fenced blocks, else its indented ones; [] without any.

    A text that is a Python program as it stands, as in MBPP, is code too. Space at the ends of lines and
    empty lines around the code don't count.
    """
    blocks = [token for token in _parser().parse(text) if token.type in _CODE]
    fences = [token for token in blocks if token.type == "fence"]
    if not fences and _is_python(text):
        return _trimmed(text)
    return _trimmed("\n".join(token.content.rstrip("\n") for token in fences or blocks))


def revision_lines(text: str) -> list[str] | None:
    """Lines of a judge's revision, with or without fences; None where it says that there is none."""
    if _NOTHING.fullmatch(text.strip()):
        return None
    return (code_lines(text) if "```" in text or "~~~" in text else _trimmed(text)) or None


def similarity(original: list[str], revised: list[str]) -> float:
    """Normalised Levenshtein similarity of lines: (max(n, m) − lev) / max(n, m)."""
    from rapidfuzz.distance import Levenshtein

    longest = max(len(original), len(revised))
    return (longest - Levenshtein.distance(original, revised)) / longest


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").disable(["inline", "reference"])


def _trimmed(code: str) -> list[str]:
    lines = [line.rstrip() for line in re.split(r"\r\n?|\n", code)]
    while lines and not lines[0]:
        lines.pop(0)
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _is_python(text: str) -> bool:
    """Whether a text without fences is a Python program: it parses, and has statements that prose hasn't."""
    if len(text) > _LONGEST:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text.replace("\r\n", "\n"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(isinstance(node, _STATEMENTS) for node in tree.body)
