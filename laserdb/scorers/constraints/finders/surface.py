"""Constraints on the surface: letter case, punctuation, quotation marks around the whole, language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from laserdb.scorers.constraints.finders.reading import Reading, Sentence, is_asked, vocabulary
from laserdb.scorers.constraints.language import NAMES
from laserdb.scorers.constraints.model import (
    Case,
    Constraint,
    ConstraintType,
    Language,
    Quoted,
    Rule,
    Without,
)

_NO = (
    r"(?:do not|don't|does not|doesn't|not|never|without(?: ever)?|avoid(?:ing)?|refrain(?:ing)? from|exclud(?:e|ing)|omit(?:ting)?|"
    r"no|zero|free (?:of|from)|devoid of|absent of|leav(?:e|ing) out|cannot|can't|shouldn't|mustn't|isn't|aren't|forgo|eliminat(?:e|ing)|"
    r"skip(?:ping)?|abstain(?:ing)? from|steer(?:ing)? clear of|lack(?:ing)?|instead of|minus|sans|any)"
)
_LOWER = (
    re.compile(
        r"\b(?:in|using|use|with|be|only|all|entirely|completely|into|of|uses|contain|write|as|is|are|have|made|to|keep|fully|exclusively|strictly|everything)\b[ (]*(?:only )?(?:the )?(?:all |only |entirely |english,? )*[\"']?(?:lower[- ]?cased?|small)\b(?: english)?(?: letters?| characters?| words?| only| text| english|\b)"
    ),
    re.compile(
        r"\blower[- ]?case(?:d)?\b(?: \w+)? (?:only|letters? (?:only|throughout)|throughout|response|answer|english|reply)"
    ),
    re.compile(
        rf"\b{_NO}\b[^.;]{{0,40}}?\b(?:capital(?:s\b|ized| letters?| characters?|i[sz]ation|i[sz]e)|upper[- ]?case|caps\b)"
    ),
    re.compile(
        r"\b(?:capitals?|capital letters?|upper[- ]?case letters?|upper[- ]?case|capitali[sz]ation)\b (?:letters? )?(?:are|is|should|must|may|can)(?: \w+)?(?: not|n't|not)\b|\b(?:capitals?|capital letters?|upper[- ]?case(?: letters)?) (?:are|is) (?:forbidden|prohibited|banned|disallowed)"
    ),
    re.compile(r"\blower[- ]?case\b"),
)
_UPPER = (
    re.compile(
        r"\b(?:in|using|use|with|be|only|all|entirely|completely|into|uses|contain|write|as|is|are|have|everything|fully|exclusively|strictly|to)\b[ (]*(?:the )?(?:only |all |entirely |full |english,? )*[\"']?(?:all[- ]?)?(?:upper[- ]?cased?|capitals?|capitali[sz]ed|caps|block(?= (?:letters|capitals)))\b(?! words like)(?: letters?| only| english| characters?|\b)"
    ),
    re.compile(r"\ball[- ](?:caps|capital(?:s|ized)?|upper[- ]?case)\b"),
    re.compile(rf"\b{_NO}\b[^.;]{{0,30}}?\blower[- ]?case\b"),
    re.compile(r"\blower[- ]?case letters? (?:are|is|should|must|may)(?: \w+)?(?: not|n't)\b"),
    re.compile(r"\b(?:caps lock|capslock)\b"),
)
_PART = re.compile(
    r"\b(?:words?|titles?|headings?|headlines?|first letter|names?|subject(?: line)?|keywords?|letter|acronym|initials?|first word|"
    r"each (?:line|sentence|section)|headers?|nouns?|labels?|section)\b(?: \w+){0,3} (?:in|is|be|are|with|using|to)? ?(?:all )?$|\bfirst letter\b|\bproper\b|\bcapital(?:s)? of\b|\btitle case\b"
)
_BOTH = re.compile(
    r"\b(?:mix|both|alternat|combination|random|convert|toggle|swap|between|number of|count|at least|at most|more than|less than|fewer than|\d+ times|times)\b"
)
_SCOPE = re.compile(
    r"\b(?:response|answer|reply|output|entire|whole|everything|all|only|english|letters?|throughout|text|write|written|no|not|without|use|using|in|must|should|lower-?case)\b"
)
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
_MARK = r"(?P<mark>commas?|exclamation (?:marks?|points?)|question marks?|semi-?colons?|colons?|em[- ]dash(?:es)?|periods|full stops?|hyphens?|quotation marks?|apostrophes?|punctuations?(?: marks?)?)"
_NO_MARK = (
    re.compile(rf"\b{_NO}\b(?: (?!but\b|if\b|with\b)[^\s.;:,]+){{0,9}}?,? ?\(?{_MARK}\b"),
    re.compile(
        rf"\b{_MARK}\b (?:\w+ ){{0,2}}?(?:are|is|should|must|may|can|will|in your \w+ (?:are|is))(?: \w+)?(?: ?not|n't|not)\b"
    ),
    re.compile(
        rf"\b{_MARK}\b[^.;,]{{0,30}}\b(?:forbidden|prohibited|banned|disallowed|off[- ]limits|avoided|not allowed|omitted|excluded|unacceptable)"
    ),
    re.compile(r"\b(?P<mark>comma)[- ](?:free|less)\b"),
)
_USE = re.compile(
    r"\b(?:us(?:e|es|ing|age)|contain\w*|includ\w+|without|no|free|allowed|forbidden|avoid\w*|refrain\w*|have|having|write|writing|with|exclud\w+|omit\w*|appear|banned|prohibited|any|put|add)\b|comma"
)
_MARK_OTHER = re.compile(r"^[ -](?:separated|delimited|splices?)|^s? (?:separated|between)")
_EXCEPT = re.compile(r"\b(?:other than|except|besides|but)\b[^.;]{0,20}$")

_QUOTED = (
    re.compile(
        r"\b(?:wrap(?:ped|ping)?|surround(?:ed|ing)?|enclos(?:e|ed|ing)|put|plac(?:e|ed|ing)|encas(?:e|ed|ing)|contain(?:ed)?|be|is|within|inside|in|begin|start|bracket(?:ed)?|encapsulat(?:e|ed)|with|deliver|output|give)\b[^.;]{0,60}?"
        r"\b(?:in|with|inside|within|by|between|using|and)\b(?: (?:a pair of|a set of|the|only|end with))* (?:double[- ]quot(?:e|ation)s?(?: marks?)?|double quotations?|quotation marks?|quote marks?|double \"\" quotation|quotes\b|double quotation)"
    ),
    re.compile(
        r"\b(?:double )?quotation marks? (?:around|surrounding|at the (?:start|beginning))|\b(?:double )?quotes (?:around|surrounding)"
    ),
)
_WHOLE = re.compile(
    r"\b(?:response|answer|reply|output|entire|whole|everything|it all|all of|full|complete|entirety|your (?:\w+ )?(?:poem|letter|story|essay|email|text|message|rubric|summary|list|post|song|limerick|haiku|itinerary|blog|riddle|joke|resume|proposal|ad|advertisement|work|writing))\b"
)
_QUOTE_PART = re.compile(
    r"\b(?:title|each|every|word|words|phrase|keyword|keywords|name|names|dialogue|sentence|quotes? from|key)\b[^.;]{0,20}$"
)

_LANGUAGES = "|".join(sorted(NAMES, key=len, reverse=True))
_IN_LANGUAGE = re.compile(
    rf"\b(?:in|into|using|only|use|be|is|entirely|of)\b (?:the |only |all |proper |simple |fluent |just |plain |pure )*(?P<lang>{_LANGUAGES})\b"
    r"(?=\s*(?:$|[.,;:!?)\"(\-]|languages?\b|only\b|and\b|with|using|no\b|that\b|about\b|so\b|but\b|please|script|text\b|characters|instead|is\b|as\b|in\b|to\b|for\b|of\b|where|when|are\b|throughout|letters|all\b|lower|without|which|response|answer|:|\n))"
)
_LANGUAGE_FIRST = re.compile(
    rf"\b(?P<lang>{_LANGUAGES})(?: language)? (?:only|is the only|response|answer|words only|must be used|language)\b|\b(?:use|using|speak|in|write|reply|respond|answer|be) only (?:the )?(?P<lang2>{_LANGUAGES})\b"
)
_LANGUAGE_CUE = re.compile(
    r"\b(?:respon\w+|repl(?:y|ies)|answers?|output|entire|entirely|whole|no other language|other languages?|language|only|completely|exclusively|solely|everything|"
    r"written|write|your|should be|must be|give|provide|compose|create|generate|tell|explain|draft)\b"
)
_LANGUAGE_OTHER = re.compile(
    r"\b(?:how (?:do|would|can|to) (?:you |i |we )?(?:say|write|pronounce|spell)|what (?:is|are|does)|who|word for|means?|meaning|called|known as|class(?:es)?|spoken|teacher|learn\w*|"
    r"speak|provide you|given|will (?:give|send|provide|write|speak)|text|fluent|major\w*|course|translate[ds]?|books?|film|movie|proficien\w+|convert|versed|translation|program|lesson|originally|not|n't|interested|or in|certified)\b[^.;]{0,60}$"
)
_ANY_LANGUAGE = re.compile(rf"\b(?:{_LANGUAGES})\b")


_CUES = vocabulary(
    "lowercase lowercased uppercase uppercased case cased capital capitals capitalized capitalization caps small block comma commas punctuation exclamation question semicolon semicolons semi colon colons dashes dash hyphens periods stops apostrophe apostrophes quotation quote quotes language"
)


def relevant(_text: str, words: Set[str]) -> bool:
    """Whether the instruction has any word that these rules look for; spares the reading."""
    return not _CUES.isdisjoint(words) or not NAMES.keys().isdisjoint(words)


def find(reading: Reading) -> Iterator[Constraint]:
    plain = reading.plain
    case = None
    if any(cue in plain for cue in ("case", "capital", "caps", "small letter", "block letter")):
        case = _case(reading)
        if case:
            yield case
    if any(mark in plain for mark in _MARKS):
        yield from _punctuation(reading)
    if "quot" in plain:
        yield from _quoted(reading)
    if _ANY_LANGUAGE.search(plain):
        if language := _language(reading, case):
            yield language


def _made(
    reading: Reading, sentence: Sentence, match: re.Match[str], kind: ConstraintType, rule: Rule
) -> Constraint:
    return Constraint(
        kind, reading.original(sentence.start + match.start(), sentence.start + match.end()), rule
    )


def _case(reading: Reading) -> Constraint | None:
    english = "en" if "english" in reading.plain else None
    for sentence in reading.demands:
        text = sentence.text
        for case, patterns in (("lower", _LOWER), ("upper", _UPPER)):
            for pattern in patterns:
                match = pattern.search(text)
                if match is None or not is_asked(text[: match.start()]):
                    continue
                before = text[: match.end()]
                if _BOTH.search(text[max(0, match.start() - 40) : match.end() + 40]) or _PART.search(
                    text[: match.start()] + match[0].split()[0] + " "
                ):
                    continue
                if re.search(
                    r"\bcapital (?:of|city|cities|punishment|gains?|markets?|investment|expenditure|structure|one|budget|raised|of)\b",
                    text[match.start() : match.end() + 25],
                ):
                    continue
                # "Not in all capitals" forbids one case and asks for none.
                if (
                    patterns is _UPPER
                    and case == "upper"
                    and pattern in _UPPER[:2]
                    and re.search(rf"\b{_NO}\b[^.;,]{{0,30}}$", text[: match.start()])
                ):
                    continue
                if pattern is _LOWER[0] and re.search(
                    r"\b(?:not|n't|no|without|avoid)\b[^.;,]{0,20}$", text[: match.start()]
                ):
                    continue
                if pattern is _LOWER[0] and "small" in match[0] and "letters" not in match[0]:
                    continue
                if pattern is _LOWER[4] and not _SCOPE.search(before[:-9]):
                    continue
                if pattern is _UPPER[0] and re.search(r"\b(?:a|the|is|of) (?:capital|caps|block)$", match[0]):
                    continue
                return _made(reading, sentence, match, ConstraintType.LETTER_CASE, Case(case, english))
    return None


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
                name = next(
                    name
                    for name in sorted(_MARKS, key=len, reverse=True)
                    if name in match["mark"].replace("em-dash", "em dash")
                )
                if _MARKS[name] in seen or re.search(
                    r"\b(?:times|more than|less than|at least|at most|fewer than|overuse|too many|excessive)\b",
                    match[0] + text[match.end() :][:30],
                ):
                    continue
                seen.add(_MARKS[name])
                yield _made(reading, sentence, match, ConstraintType.PUNCTUATION, Without(_MARKS[name]))


def _quoted(reading: Reading) -> Iterator[Constraint]:
    for sentence in reading.demands:
        text = sentence.text
        for pattern in _QUOTED:
            match = pattern.search(text)
            if match is None or not is_asked(text[: match.start()]):
                continue
            if re.search(r"\b(?:not|n't|no|without|avoid)\b[^.;]{0,30}$", text[: match.start()]):
                continue
            if _WHOLE.search(text) and not _QUOTE_PART.search(match[0].rpartition("quot")[0]):
                yield _made(reading, sentence, match, ConstraintType.PUNCTUATION, Quoted())
                return
            if re.match(r"(?:wrap|surround|enclose|encase)", match[0]) and not _QUOTE_PART.search(
                match[0].rpartition(" in ")[0]
            ):
                yield _made(reading, sentence, match, ConstraintType.PUNCTUATION, Quoted())
                return


def _language(reading: Reading, case: Constraint | None) -> Constraint | None:
    """The one language that is asked for; English with a letter case belongs to that constraint."""
    for sentence in reading.demands:
        text = sentence.text
        if not _ANY_LANGUAGE.search(text):
            continue
        for pattern in (_IN_LANGUAGE, _LANGUAGE_FIRST):
            for match in pattern.finditer(text):
                name = match["lang"] or match.groupdict().get("lang2")
                code = NAMES[str(name)]
                if code == "en" and case is not None:
                    continue
                if match[0].startswith("of ") or not is_asked(text[: match.start()]):
                    continue
                if not _LANGUAGE_CUE.search(text) or _LANGUAGE_OTHER.search(text[: match.start()]):
                    continue
                names = {NAMES[n] for n in _ANY_LANGUAGE.findall(text)}
                strong = re.search(
                    r"\b(?:only|entire|entirely|whole|respon\w+|repl\w+|answer|no other|must|should)\b", text
                )
                if (len(names) > 1 or code == "en") and not strong:
                    continue
                if re.search(rf"\b(?:and|or) (?:{_LANGUAGES})\b", text[match.end() :][:25]):
                    continue
                return _made(reading, sentence, match, ConstraintType.LANGUAGE, Language(code))
    return None
