"""The language that the whole answer has to be in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from laserdb.scorers.constraints.finders.case import asked_case
from laserdb.scorers.constraints.finders.reading import Reading, is_asked
from laserdb.scorers.constraints.language import NAMES
from laserdb.scorers.constraints.model import Constraint, ConstraintType, Language

_LANGUAGES = "|".join(sorted(NAMES, key=len, reverse=True))
_IN_LANGUAGE = re.compile(
    rf"\b(?:in|into|using|only|use|be|is|entirely|of)\b (?:the |only |all |proper |simple |fluent |"
    rf"just |plain |pure )*(?P<lang>{_LANGUAGES})\b"
    r"(?=\s*(?:$|[.,;:!?)\"(\-]|languages?\b|only\b|and\b|with|using|no\b|that\b|about\b|so\b|but\b|"
    r"please|script|text\b|characters|instead|is\b|as\b|in\b|to\b|for\b|of\b|where|when|are\b|"
    r"throughout|letters|all\b|lower|without|which|response|answer|:|\n))"
)
_LANGUAGE_FIRST = re.compile(
    rf"\b(?P<lang>{_LANGUAGES})(?: language)? (?:only|is the only|response|answer|words only|must be "
    rf"used)\b|\b(?:use|using|speak|in|write|reply|respond|answer|be) only (?:the "
    rf")?(?P<lang2>{_LANGUAGES})\b"
)
_LABELLED = re.compile(
    rf"\b(?:output |response |answer |reply )?language: ?(?P<lang>{_LANGUAGES})\b(?! (?:and|or|to)\b)"
)
_NO_OTHER = re.compile(r"\b(?:us(?:e|ing) only|only us(?:e|ing)|no other languages?)\b")
_LANGUAGE_CUE = re.compile(
    r"\b(?:respon\w+|repl(?:y|ies)|answers?|output|entire|entirely|whole|no other language|other "
    r"languages?|language|only|completely|exclusively|solely|everything|"
    r"description|poem|letter|story|email|summary|advert\w*|ad|text|i'd like|i want|i need|"
    r"written|write|your|should be|must be|give|provide|compose|create|generate|tell|explain|draft)\b"
)
_LANGUAGE_OTHER = re.compile(
    r"\b(?:how (?:do|would|can|to) (?:you |i |we )?(?:say|write|pronounce|spell)|what (?:is|are|"
    r"does)|who|word for|means?|meaning|called|known as|class(?:es)?|spoken|teacher|learn\w*|"
    r"(?:are|is|were|was) (?:all )?(?:written|spoken|published)|speak|provide you|given|will (?:give|"
    r"send|provide|write|speak)|text|fluent|major\w*|course|"
    r"translate[ds]?|books?|film|movie|proficien\w+|convert|versed|translation|program|lesson|"
    r"originally|not|n't|interested|or in|certified)\b[^.;]{0,60}$"
)
_ANY_LANGUAGE = re.compile(rf"\b(?:{_LANGUAGES})\b")


def relevant(_text: str, words: Set[str]) -> bool:
    """Whether the instruction has any word that these rules look for; spares the reading."""
    return not NAMES.keys().isdisjoint(words)


def find(reading: Reading) -> Iterator[Constraint]:
    if _ANY_LANGUAGE.search(reading.plain) and (found := _language(reading)):
        yield found


def _language(reading: Reading) -> Constraint | None:
    """The one language that is asked for; English with a letter case belongs to that constraint."""
    for sentence in reading.demands:
        text = sentence.text
        if not _ANY_LANGUAGE.search(text):
            continue
        for pattern in (_IN_LANGUAGE, _LANGUAGE_FIRST, _LABELLED):
            for match in pattern.finditer(text):
                name = match["lang"] or match.groupdict().get("lang2")
                code = NAMES[str(name)]
                if code == "en" and asked_case(reading) is not None:
                    continue
                if match[0].startswith("of ") or not is_asked(text[: match.start()]):
                    continue
                if not _LANGUAGE_CUE.search(text):
                    continue
                if _LANGUAGE_OTHER.search(text[: match.start()]) and not _NO_OTHER.search(text):
                    continue
                names = {NAMES[n] for n in _ANY_LANGUAGE.findall(text)}
                strong = re.search(
                    r"\b(?:only|entire|entirely|whole|respon\w+|repl\w+|answer|no other|must|should)\b", text
                )
                if (len(names) > 1 or code == "en") and not strong:
                    continue
                if re.search(rf"\b(?:and|or) (?:{_LANGUAGES})\b", text[match.end() :][:25]):
                    continue
                return reading.constraint(sentence, match, ConstraintType.LANGUAGE, Language(code))
    return None
