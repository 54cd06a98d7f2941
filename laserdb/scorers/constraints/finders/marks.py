"""Constraints on punctuation, and quotation marks around the whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from laserdb.scorers.constraints.finders.reading import NO, Reading, is_asked, vocabulary
from laserdb.scorers.constraints.model import Constraint, ConstraintType, Quoted, Without

_MARKS = {
    "comma": ",",
    "exclamation": "!",
    "question mark": "?",
    "semicolon": ";",
    "semi-colon": ";",
    "colon": ":",
    "em dash": "—",
    "period": ".",
    "full stop": ".",
    "hyphen": "-",
    "quotation mark": '"“”',
    "apostrophe": "'’",
    "punctuation": ".,;:!?",
}
_MARK = (
    r"(?P<mark>commas?|exclamation (?:marks?|points?)|question marks?|semi-?colons?|colons?|em[- "
    r"]dash(?:es)?|periods|full stops?|hyphens?|quotation marks?|apostrophes?|punctuations?(?: marks?)?)"
)
_NO_MARK = (
    re.compile(rf"\b{NO}\b(?: (?!but\b|if\b|with\b)[^\s.;:,]+){{0,9}}?,? ?\(?{_MARK}\b"),
    re.compile(
        rf"\b{_MARK}\b (?:\w+ ){{0,2}}?(?:are|is|should|must|may|can|will|in your \w+ (?:are|is))(?: "
        rf"\w+)?(?: ?not|n't|not)\b"
    ),
    re.compile(
        rf"\b{_MARK}\b[^.;,]{{0,30}}\b(?:forbidden|prohibited|banned|disallowed|off[- ]limits|"
        rf"avoided|not allowed|omitted|excluded|unacceptable)"
    ),
    re.compile(r"\b(?P<mark>comma)[- ](?:free|less)\b"),
)
_USE = re.compile(
    r"\b(?:us(?:e|es|ing|age)|contain\w*|includ\w+|without|no|free|allowed|forbidden|avoid\w*|"
    r"refrain\w*|have|having|write|writing|with|exclud\w+|omit\w*|appear|banned|prohibited|any|put|"
    r"add)\b|comma"
)
_MARK_OTHER = re.compile(r"^[ -](?:separated|delimited|splices?)|^s? (?:separated|between)")
_EXCEPT = re.compile(r"\b(?:other than|except|besides|but)\b[^.;]{0,20}$")

_QUOTED = (
    re.compile(
        r"\b(?:wrap(?:ped|ping)?|surround(?:ed|ing)?|enclos(?:e|ed|ing)|put|plac(?:e|ed|ing)|"
        r"encas(?:e|ed|ing)|contain(?:ed)?|be|is|within|inside|in|begin|start|bracket(?:ed)?|"
        r"encapsulat(?:e|ed)|with|deliver|output|give)\b[^.;]{0,60}?"
        r"\b(?:in|with|inside|within|by|between|using|and)\b(?: (?:a pair of|a set of|the|only|end "
        r"with))* (?:double[- ]quot(?:e|ation)s?(?: marks?)?|double quotations?|quotation marks?|"
        r"quote marks?|double \"\" quotation|quotes\b|double quotation)"
    ),
    re.compile(
        r"\b(?:double )?quotation marks? (?:around|surrounding|at the (?:start|beginning))|"
        r"\b(?:double )?quotes (?:around|surrounding)"
    ),
)
_WHOLE = re.compile(
    r"\b(?:response|answer|reply|output|entire|whole|everything|it all|all of|full|complete|entirety|"
    r"your (?:\w+ )?(?:poem|letter|story|essay|email|text|message|rubric|summary|list|post|song|"
    r"limerick|haiku|itinerary|blog|riddle|joke|resume|proposal|ad|advertisement|work|writing))\b"
)
_QUOTE_PART = re.compile(
    r"\b(?:title|each|every|word|words|phrase|keyword|keywords|name|names|dialogue|sentence|quotes? "
    r"from|key)\b[^.;]{0,20}$"
)


_CUES = vocabulary(
    "comma commas punctuation exclamation question semicolon semicolons semi colon colons dashes dash "
    "hyphens periods stops apostrophe apostrophes quotation quote quotes"
)


def relevant(_text: str, words: Set[str]) -> bool:
    """Whether the instruction has any word that these rules look for; spares the reading."""
    return not _CUES.isdisjoint(words)


def find(reading: Reading) -> Iterator[Constraint]:
    if any(mark in reading.plain for mark in _MARKS):
        yield from _punctuation(reading)
    if "quot" in reading.plain:
        yield from _quoted(reading)


def _punctuation(reading: Reading) -> Iterator[Constraint]:
    seen: set[str] = set()
    for sentence in reading.demands:
        text = sentence.text
        for pattern in _NO_MARK:
            for match in pattern.finditer(text):
                if (
                    not is_asked(text[: match.start()])
                    or not _USE.search(text)
                    or _MARK_OTHER.match(text[match.end() :])
                ):
                    continue
                if _EXCEPT.search(text[: match.start("mark")]) or (
                    match[0].startswith("any")
                    and not re.search(r"\b(?:not|n't|no|avoid|without|refrain)\b", text)
                ):
                    continue
                if match[0].startswith("without the quot"):
                    continue
                name = next(
                    name
                    for name in sorted(_MARKS, key=len, reverse=True)
                    if name in match["mark"].replace("em-dash", "em dash")
                )
                if _MARKS[name] in seen or re.search(
                    r"\b(?:times|more than|less than|at least|at most|fewer than|overuse|too many|"
                    r"excessive)\b",
                    match[0] + re.split(r",| and | but ", text[match.end() :][:30])[0],
                ):
                    continue
                seen.add(_MARKS[name])
                yield reading.constraint(sentence, match, ConstraintType.PUNCTUATION, Without(_MARKS[name]))


def _quoted(reading: Reading) -> Iterator[Constraint]:
    for sentence in reading.demands:
        text = sentence.text
        for pattern in _QUOTED:
            match = pattern.search(text)
            if match is None or not is_asked(text[: match.start()]):
                continue
            if re.search(r"\b(?:not|n't|no|without|avoid)\b[^.;,]{0,30}$", text[: match.start()]):
                continue
            if _WHOLE.search(text) and not _QUOTE_PART.search(match[0].rpartition("quot")[0]):
                yield reading.constraint(sentence, match, ConstraintType.PUNCTUATION, Quoted())
                return
            if re.match(r"(?:wrap|surround|enclose|encase)", match[0]) and not _QUOTE_PART.search(
                match[0].rpartition(" in ")[0]
            ):
                yield reading.constraint(sentence, match, ConstraintType.PUNCTUATION, Quoted())
                return
