"""How words, sentences and paragraphs are counted: as IFEval's checkers count them (Zhou et al., 2023)."""

from __future__ import annotations

import re

_WORD = re.compile(r"\w+")
_APART = "\"')\\]}*:;@({\\[?!"
_STOP = re.compile(rf"(?P<marks>\.+|[?!]+)(?:(?=[{_APART}])|[”’»]*(?=\s+(?P<next>\S+)))")
"""Marks before white space, or before a sign that is no part of a word: "done.**" ends before the stars."""
_BEFORE = re.compile(rf"[^\s{_APART}]*$")
_CLOSING = re.compile(r"[\"')\]}]+(?=\s|--|$)")
_LONGEST = 40
"""Characters in which an abbreviation is looked for."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_ABBREVIATIONS = _set(
    "dr mr mrs ms messrs st jr sr prof vs ltd corp co cos cie bros gen col sen rep reps gov maj adm lt ave "
    "yr ft chg va pa ga tenn minn okla ariz ore calif ill conn wash fla colo kan mich nev wis vt ct ky ala "
    "jan feb aug sep sept oct nov dec tues wed fri"
)
"""Abbreviations of running English, after Punkt's model of it (Kiss and Strunk, 2006), which IFEval counts
with: "etc." and "e.g." are none, and end a sentence."""
_DOTTED = re.compile(r"(?!e\.g$|i\.e$|(?:p\.)+s$)[a-z](?:\.[a-z])+$")
_STARTERS = _set(
    "most he since so both these it nevertheless this indeed however instead under similarly some though "
    "while when in despite although nonetheless thus there if the nor separately moreover but they yet many "
    "according among meanwhile even her please finally therefore furthermore moreover overall your yes"
)
"""Words that start a new sentence after an abbreviation."""
_INITIAL = re.compile(r"[^\W\d_]$")


def count_words(text: str) -> int:
    return len(_WORD.findall(text))


def sentences(text: str) -> list[str]:
    """Sentences of English text; line breaks alone don't end one.

    A sentence ends at a full stop, question or exclamation mark before white space, unless the full stop
    belongs to an abbreviation or an initial, or a lower-case word follows an ellipsis.
    """
    text = text.strip()
    found, start = [], 0
    for match in _STOP.finditer(text):
        word = _BEFORE.search(text, max(start, match.start() - _LONGEST), match.start())
        if not _ends(word[0] if word else "", match["marks"], match["next"] or ""):
            continue
        closing = _CLOSING.match(text, match.end())
        end = closing.end() if closing else match.end()
        if text[start:end].strip():
            found.append(text[start:end].strip())
            start = end
    if rest := text[start:].strip():
        found.append(rest)
    return found


def _ends(word: str, marks: str, following: str) -> bool:
    if "?" in marks or "!" in marks:
        return True
    first = following.lstrip("\"'“‘([*_`")[:1]
    starter = first.isupper() and following.lower() in _STARTERS
    if len(marks) > 1:
        return starter
    bare = word.lower().lstrip("\"'“‘([{*_`")
    if bare in _ABBREVIATIONS or _DOTTED.match(bare):
        return starter
    if _INITIAL.match(bare):
        return starter or not first.isupper()
    return not (bare.isdigit() and first.islower())


def paragraphs(text: str) -> list[str]:
    """Blocks between blank lines; a text without any is split at its line breaks."""
    parts = re.split(r"\n\s*\n", text.strip())
    if len(parts) == 1:
        parts = text.strip().split("\n")
    return [part.strip() for part in parts if part.strip()]
