"""Constraints on letter case."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from laserdb.scorers.constraints.finders.reading import NO, Reading, is_asked, vocabulary
from laserdb.scorers.constraints.model import Case, Constraint, ConstraintType

_LOWER = (
    re.compile(
        r"\b(?:in|using|use|with|be|only|all|entirely|completely|into|of|uses|contain|write|as|is|"
        r"are|have|made|to|keep|fully|exclusively|strictly|everything)\b[ (]*(?:only )?(?:the "
        r")?(?:all |only |entirely |english,? )*[\"']?(?:lower[- ]?cased?|small)\b(?: english)?(?: "
        r"letters?| characters?| words?| only| text| english|\b)"
    ),
    re.compile(
        r"\blower[- ]?case(?:d)?\b(?: \w+)? (?:only|letters? (?:only|throughout)|throughout|response|"
        r"answer|english|reply)"
    ),
    re.compile(
        rf"\b{NO}\b[^.;]{{0,40}}?\b(?:capital(?:s\b|ized (?:letters?|words?)| letters?| characters?|"
        rf"i[sz]ation|i[sz]e\b)|"
        rf"upper[- ]?case|caps\b)"
    ),
    re.compile(
        r"\b(?:capitals?|capital letters?|upper[- ]?case letters?|upper[- ]?case|"
        r"capitali[sz]ation)\b (?:letters? )?(?:are|is|should|must|may|can)(?: \w+)?(?: not|n't|"
        r"not)\b|\b(?:capitals?|capital letters?|upper[- ]?case(?: letters)?) (?:are|is) "
        r"(?:forbidden|prohibited|banned|disallowed)"
    ),
    re.compile(r"\blower[- ]?case\b"),
)
_UPPER = (
    re.compile(
        r"\b(?:in|using|use|with|be|only|all|entirely|completely|into|uses|contain|write|as|is|are|"
        r"have|everything|fully|exclusively|strictly|to)\b[ (]*(?:the )?(?:only |all |entirely |full "
        r"|english,? )*[\"']?(?:all[- ]?)?(?:upper[- ]?cased?|capitals\b|capital(?= (?:letters?|only|"
        r"english|form))|capitali[sz]ed|caps\b|block(?= "
        r"(?:letters|capitals)))\b(?! words like)(?: letters?| only| english| characters?|\b)"
    ),
    re.compile(r"\ball[- ](?:caps|capital(?:s|ized)?|upper[- ]?case)\b"),
    re.compile(rf"\b{NO}\b[^.;]{{0,30}}?\blower[- ]?case\b"),
    re.compile(r"\blower[- ]?case letters? (?:are|is|should|must|may)(?: \w+)?(?: not|n't)\b"),
    re.compile(r"\b(?:in|with|on|use|using|turn on)\b(?: (?:the|your))? (?:caps lock|capslock)\b"),
)
_PART = re.compile(
    r"\bwords?\b[^.;,]{0,40}\b(?:be|are|is|appear) in (?:all )?$|\b(?:words?|titles?|headings?|"
    r"headlines?|first letter|names?|subject(?: line)?|keywords?|"
    r"acronym|initials?|first word|"
    r"each (?:line|sentence|section)|headers?|nouns?|labels?|section)\b(?: \w+){0,3} (?:in|is|be|are|"
    r"with|using|to)? ?(?:all )?$|\bfirst letter\b|\bproper\b|\bcapital(?:s)? of\b|\btitle case\b"
)
_BOTH = re.compile(
    r"\b(?:mix|both|alternat|combination|random|convert|toggle|swap|between|number of|count|at least|"
    r"at most|more than|less than|fewer than|\d+ times|times)\b"
)
_SCOPE = re.compile(
    r"\b(?:response|answer|reply|output|entire|whole|everything|all|only|english|letters?|throughout|"
    r"text|write|written|no|not|without|use|using|in|must|should|lower-?case)\b"
)

_CUES = vocabulary(
    "lowercase lowercased uppercase uppercased case cased capital capitals capitalized "
    "capitalization caps small block"
)


def relevant(_text: str, words: Set[str]) -> bool:
    """Whether the instruction has any word that these rules look for; spares the reading."""
    return not _CUES.isdisjoint(words)


def find(reading: Reading) -> Iterator[Constraint]:
    if any(cue in reading.plain for cue in ("case", "capital", "caps", "small letter", "block letter")):
        found = asked_case(reading)
        if found:
            yield found


def asked_case(reading: Reading) -> Constraint | None:
    english = "en" if "english" in reading.plain else None
    for sentence in reading.demands:
        text = sentence.text
        for case, patterns in (("lower", _LOWER), ("upper", _UPPER)):
            for pattern in patterns:
                match = pattern.search(text)
                if match is None or not is_asked(text[: match.start()]):
                    continue
                before = text[: match.end()]
                if _BOTH.search(_clause(text, match)) or _PART.search(
                    text[: match.start()] + match[0].split()[0] + " "
                ):
                    continue
                if re.search(
                    r"\bcapital (?:of|city|cities|punishment|gains?|markets?|investment|expenditure|"
                    r"structure|one|budget|raised|of)\b",
                    text[match.start() : match.end() + 25],
                ):
                    continue
                # "Not in all capitals" forbids one case and asks for none.
                if (
                    patterns is _UPPER
                    and case == "upper"
                    and pattern in _UPPER[:2]
                    and re.search(rf"\b{NO}\b[^.;,]{{0,30}}$", text[: match.start()])
                ):
                    continue
                if pattern in (_LOWER[0], _LOWER[1], _LOWER[4]) and re.search(
                    r"\b(?:not|n't|no|without|avoid)\b[^.;,]{0,20}$", text[: match.start()]
                ):
                    continue
                if pattern is _LOWER[0] and "small" in match[0] and "letters" not in match[0]:
                    continue
                if pattern is _LOWER[4] and not _SCOPE.search(before[:-9]):
                    continue
                if pattern is _UPPER[0] and re.search(r"\b(?:a|the|is|of) (?:capital|caps|block)$", match[0]):
                    continue
                return reading.constraint(sentence, match, ConstraintType.LETTER_CASE, Case(case, english))
    return None


def _clause(text: str, match: re.Match[str]) -> str:
    """What stands around the match up to the nearest comma on either side."""
    before, after = text[max(0, match.start() - 40) : match.start()], text[match.end() : match.end() + 40]
    return before.rpartition(",")[2] + match[0] + after.partition(",")[0]
