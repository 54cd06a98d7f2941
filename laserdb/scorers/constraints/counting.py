"""How words, sentences and paragraphs are counted: as IFEval's checkers count them (Zhou et al., 2023)."""

from __future__ import annotations

import re

_WORD = re.compile(r"\w+")
_STOP = re.compile(r"(\S*?)([.?!]+)([\"'”’)\]}»*_`]*)(?=\s)(?=\s+(\S+))")
_ABBREVIATIONS = frozenset(
    (
        "dr mr mrs ms jr sr prof st vs etc inc corp co ltd gen col capt lt sgt gov sen rep rev hon "
        "dept univ jan feb mar apr jun jul aug sept oct nov dec mt ft ave blvd no vol pp fig al "
        "approx est e.g i.e u.s u.k u.n a.m p.m d.c ph.d m.d b.c a.d cf assoc bros maj adm messrs wed "
        "tues thurs fri sat"
    ).split()
)
_ENDS_LATE = frozenset("etc u.s u.k u.n a.m p.m d.c ph.d m.d b.c a.d jr sr inc corp co ltd al".split())
"""Abbreviations that may well end a sentence, if a capital follows."""
_STARTERS = frozenset(
    (
        "the a an this that these those it he she they we i you in on at for but and or however so "
        "if when while there his her their our my as with after before since to by from what why how"
    ).split()
)
_INITIAL = re.compile(r"[^\W\d_]$")


def count_words(text: str) -> int:
    return len(_WORD.findall(text))


def sentences(text: str) -> list[str]:
    """Sentences of English text; line breaks alone don't end one.

    A sentence ends at a full stop, question or exclamation mark before white space, unless the full stop
    belongs to an abbreviation or an initial, or a lower-case word follows an ellipsis.
    """
    found, start = [], 0
    for match in _STOP.finditer(text):
        if _ends(match[1], match[2], match[4]):
            found.append(text[start : match.end()].strip())
            start = match.end()
    if rest := text[start:].strip():
        found.append(rest)
    return found


def _ends(word: str, marks: str, following: str) -> bool:
    if "?" in marks or "!" in marks:
        return True
    if len(marks) > 1:
        return following[0].isupper() and following.lower() in _STARTERS
    bare = word.lower().lstrip("\"'“‘([{*_`")
    if _INITIAL.match(bare):
        return not following[0].isupper() and not following[0].isdigit()
    if bare in _ABBREVIATIONS:
        return bare in _ENDS_LATE and following[0].isupper() and following.lower() in _STARTERS
    return True


def paragraphs(text: str) -> list[str]:
    """Blocks between blank lines; a text without any is split at its line breaks."""
    parts = re.split(r"\n\s*\n", text.strip())
    if len(parts) == 1:
        parts = text.strip().split("\n")
    return [part.strip() for part in parts if part.strip()]
