"""Checks of markup: fences and LaTeX environments that are opened and never closed."""

from __future__ import annotations

import re
from collections import Counter

from laserdb.scorers.checks.view import Finding, View

_ENVIRONMENT = re.compile(r"\\(begin|end)\{([a-zA-Z]{1,20}\*?)\}")
_DISPLAY = re.compile(r"\\+[\[\]]")
_DOLLARS = re.compile(r"(?<![^\s$])\$\$|\$\$(?![^\s$.,;:])")
_SMILEY = re.compile(r"[:;=8xX]['’]?-?[()]")
_ENUMERATION = re.compile(r"(?:^|[\s,;])(?:\w{1,3}|[ivx]{1,4})\)", re.MULTILINE)


def unclosed_fence(view: View) -> Finding | None:
    return Finding("unclosed_fence", "a ``` block isn't closed") if view.unclosed else None


def unbalanced_latex(view: View) -> Finding | None:
    """An environment, display or `$$` without its other half."""
    text = view.prose
    if (
        view.clipped
        or view.is_code
        or ("\\" not in text and "$$" not in text)
        or 2 * sum(map(len, view.prose_words)) < len(text)
    ):
        return None
    depth: Counter[str] = Counter()
    for side, name in _ENVIRONMENT.findall(text):
        depth[name] += 1 if side == "begin" else -1
    if wrong := next((name for name, count in depth.items() if count), None):
        return Finding("unbalanced_latex", f"\\begin and \\end of {wrong} don't match")
    if len(_DOLLARS.findall(text)) % 2:
        return Finding("unbalanced_latex", "a $$ isn't closed")
    # "\\[2pt]" is a line break with a space, so only a single backslash opens a display.
    marks = [mark for mark in _DISPLAY.findall(text) if len(mark) == 2]
    if marks.count("\\[") != marks.count("\\]"):
        return Finding("unbalanced_latex", "\\[ and \\] don't match")
    return None


def unbalanced_brackets(view: View) -> Finding | None:
    """A bracket of the prose is never closed; smileys and "a)" are no brackets."""
    text = view.prose
    if view.clipped or view.is_code or view.fences or "\\" in text or _open(text) <= 0:
        return None
    text = _ENUMERATION.sub(" ", _SMILEY.sub(" ", text))
    missing = _open(text)
    if missing <= 0 or "`" in text:
        return None
    return Finding("unbalanced_brackets", f"{missing} opened and not closed")


def _open(text: str) -> int:
    """Opening brackets without a closing one; of either kind, for half-open intervals: (0, 1]."""
    return text.count("(") + text.count("[") - text.count(")") - text.count("]")
