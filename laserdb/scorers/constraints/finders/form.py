"""Constraints of form: bullets, highlights, sections, titles, JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from laserdb.scorers.constraints.finders.quantity import AFTER, QUANTITY, bounds
from laserdb.scorers.constraints.finders.reading import Reading, is_asked, vocabulary
from laserdb.scorers.constraints.model import (
    Bounds,
    Bullets,
    Constraint,
    ConstraintType,
    Highlights,
    Json,
    Sections,
    Title,
)

AT_LEAST_ONE = Bounds(1, None)

_BULLETS = re.compile(
    QUANTITY + r"[ -](?:\w+[ -]){0,2}?(?:bullet(?:ed)?(?:[ -]?points?|[ -]list(?: items?)?| items?| "
               r"entries| lines?)?s?|"
    r"(?:points?|items?|entries)\b[^.,;]{0,30}\bbullet\w*)\b" + AFTER
)  # fmt: skip
_BULLETS_WITH = re.compile(
    r"\bbullet(?:ed)?[ -]?(?:points?|lists?)?s?\b(?: list| format| form| points?)?[^.;]{0,30}?"
    r"\b(?:with|of|containing|has|have|having|contain|include|to|be|into|in|are)\b ?"
    + QUANTITY + r" ?(?:bullet(?:ed)? ?|list )?(?:points?|items?|bullets?|entries|elements|"
                 r"bulletpoints)?\b(?=\s*(?:$|[.,;:!?)(\"]|(?:and|or|in|that|which|on|about|for|with|at|"
                 r"to|of|only|"
                 r"you|each|exactly|using|as|max\w*|min\w*|highlighting|summari\w+|describing|"
                 r"explaining|long|total)\b))" + AFTER
)  # fmt: skip
_NO_BULLETS = re.compile(
    r"\b(?:without|no|not use|don't use|avoid|refrain from|instead of)(?: (?:using|use of|the use of|"
    r"any|including))* "
    r"bullet(?:ed)?(?:[ -]?(?:points?|lists?))?s?\b"
)
_ANY_BULLETS = re.compile(
    r"\b(?:use|using|in|with|as|into|format(?:ted)?|present(?:ed)?|list)\b[^.;]{0,40}?\bbullet(?:ed|"
    r"s)?(?:[ -]?(?:points?|"
    r"list|format|form)s?)*\b"
)
_NOT_BULLETS = re.compile(
    r"\b(?:not|n't|no|without|avoid)\b[^.;]{0,40}$|\b(?:this|these|those|the|given|above|previous|"
    r"list of) (?:\w+ )?bullet[\w -]*$"
)
_HIGHLIGHT_WORD = (
    r"(?:highlight|italici[sz]e|emphasi[sz]e|bold|embolden|put in (?:italics?|bold)|mark)(?:ed|ing|s)?"
)
_PART = (
    r"(?:text )?(?:sections?|parts?|phrases?|words?|sentences?|pieces?|points?|keywords?|key "
    r"?words?|key phrases?|texts?|areas?|terms?|titles?|lines?|portions?|segments?|things?|items?|"
    r"names?|places?)"
)
_HIGHLIGHTS = (
    re.compile(rf"\b{_HIGHLIGHT_WORD}\b[^.;]{{0,40}}?{QUANTITY} (?:\w+ ){{0,3}}?{_PART}\b{AFTER}"),
    re.compile(
        rf"{QUANTITY} (?:\w+ ){{0,2}}?(?:highlighted|italici[sz]ed|emphasi[sz]ed|bold(?:ed)?) "
        rf"?(?:\w+ )?{_PART}?\b{AFTER}"
    ),
    re.compile(
        rf"{QUANTITY} (?:\w+ ){{0,3}}?{_PART}\b[^.;]{{0,60}}?\b(?:highlighted|italici[sz]ed|"
        rf"emphasi[sz]ed|bolded|in italics?|in bold)\b{AFTER}"
    ),
)
_EACH = re.compile(r"\s*(?:in|per|for|of|on)? ?(?:each|every|per)\b")
_ANY_HIGHLIGHT = re.compile(rf"\b{_HIGHLIGHT_WORD}\b[^.;]{{0,60}}?\b{_PART}\b")
_STAR_EXAMPLE = re.compile(r"(?<![*\w])\*{1,2}[^*\n]{2,60}\*{1,2}(?!\*)|\bmarkdown\b|\bitalic|\basterisk|\*")
_SECTION_COUNT = re.compile(QUANTITY + r"[ -](?:\w+[ -]){0,2}?(?P<noun>[a-z]+)\b" + AFTER)
_SECTION_MARK = re.compile(
    r"(?:(?:with|as|by|using|use|like|word|keyword|labell?ed|marked|named|called|titled|header|"
    r"separator|splitter|e\.g\.,?|"
    r"such as|following|format|form)\b:?|[:(,\n])\s*(?:the )?(?:word |keyword |header |label )?[\"'“‘*]{0,3}"
    r"(?P<mark>[A-Z][A-Za-z]{2,15}|SECTION|Section|section)[ \n_-](?:X\b|x\b|N\b|\[?#\]?|i\b|I\b|1\b|"
    r"\{|\[X\]|<)"
)
_PART_NOUN = re.compile(
    r"\b(?:sections?|parts?|chapters?|paragraphs?|days?|rounds?|acts?|scenes?|steps?|stanzas?|"
    r"verses?|blocks?|audiences?)\b"
)
_TITLE = re.compile(
    r"<<|\bdouble (?:angular|angled?|pointed|arrow) ?brackets|\bangular brackets|\bdouble[- ]angular|"
    r"\bdouble angle (?:quotation|quotes)"
)
_JSON = re.compile(
    r"\b(?:in|as|into|using|with|valid|only|be|output|return|returned|produce|give|provide|format|"
    r"formatted|wrap(?:ped)?|"
    r"use|an?|entire)\b[^.;]{0,30}?\bjson\b(?! (?:schema|file|parser|api|data (?:from|into)|librar|"
    r"column|path|data\b|to\b|"
    r"string (?:to|into)))"
)
_JSON_SUBJECT = re.compile(
    r"\b(?:output|response|answer|reply|results?|everything|whole|entire|format|list|respond|write|describe|"
    r"provide|present|give|"
    r"return|wrap|it|them|content|letter|itinerary|include|generate|create|need|want|make|please|only)\b"
)
_CODE = re.compile(
    r"\b(?:functions?|scripts?|program|python|javascript|api|endpoint|code|express|node|curl|"
    r"generator|request)\b"
)
_ANSWER = re.compile(
    r"\b(?:your|entire|whole) (?:\w+ )?(?:response|output|answer|reply)\b|\b(?:answer|respond|reply) "
    r"(?:in|with|as)\b"
)
_CUES = vocabulary(
    "bullet bullets bulleted bulletpoint bulletpoints highlight highlights highlighted highlighting "
    "part parts chapter chapters section sections title angular json beginning mark marked labeled labelled "
    "italicise italicised emphasize emphasized emphasise emphasised italic italics italicize italicized "
    "bold bolded"
)


def relevant(text: str, words: Set[str]) -> bool:
    """Whether the instruction has any word that these rules look for; spares the reading."""
    return not _CUES.isdisjoint(words) or "<<" in text or " X" in text


def find(reading: Reading) -> Iterator[Constraint]:
    plain = reading.plain
    if "bullet" in plain:
        yield from _bullets(reading)
    if any(cue in plain for cue in ("highlight", "emphasi", "italic", "bold", "mark")):
        yield from _highlights(reading)
    yield from _sections(reading)
    yield from _title(reading)
    if "json" in plain:
        yield from _json(reading)


def _bullets(reading: Reading) -> Iterator[Constraint]:
    loose = None
    for sentence in reading.demands:
        text = sentence.text
        if "bullet" not in text:
            continue
        if (match := _NO_BULLETS.search(text)) and is_asked(text[: match.start()]):
            yield reading.constraint(sentence, match, ConstraintType.OUTPUT_FORMAT, Bullets(Bounds(None, 0)))
            return
        for pattern in (_BULLETS, _BULLETS_WITH):
            match = pattern.search(text)
            if (
                match
                and is_asked(text[: match.start()])
                and (found := bounds(match))
                and found[0] != Bounds(0, 0)
            ):
                yield reading.constraint(sentence, match, ConstraintType.OUTPUT_FORMAT, Bullets(found[0]))
                return
        if loose is None and (match := _ANY_BULLETS.search(text)) and is_asked(text[: match.start()]):
            negated = _NOT_BULLETS.search(text[: match.end()])
            loose = (
                None
                if negated
                else reading.constraint(sentence, match, ConstraintType.OUTPUT_FORMAT, Bullets(AT_LEAST_ONE))
            )
    if loose:
        yield loose


def _highlights(reading: Reading) -> Iterator[Constraint]:
    starred = _STAR_EXAMPLE.search(reading.plain) is not None
    for sentence in reading.demands:
        text = sentence.text
        for pattern in _HIGHLIGHTS:
            match = pattern.search(text)
            if match is None or (match[0].startswith(("mark", "bold")) and not starred):
                continue
            if match[0].startswith("mark") and "beginning" in text:
                continue
            if not is_asked(text[: match.start()]) or (found := bounds(match)) is None:
                continue
            if _EACH.match(text[match.end() :]):
                return
            # "Highlight 3 sections" asks for no fewer; IFEval knows only "at least".
            limits = found[0] if found[1] else Bounds(found[0].low, None)
            yield reading.constraint(sentence, match, ConstraintType.OUTPUT_FORMAT, Highlights(limits))
            return
        match = _ANY_HIGHLIGHT.search(text)
        if (
            match
            and starred
            and match[0].startswith(("highlight", "italic", "emphasi"))
            and is_asked(text[: match.start()])
        ):
            if re.search(r"\b(?:not|n't|no|without|avoid)\b", text[: match.start()]):
                continue
            yield reading.constraint(sentence, match, ConstraintType.OUTPUT_FORMAT, Highlights(AT_LEAST_ONE))
            return


def _sections(reading: Reading) -> Iterator[Constraint]:
    mark = _SECTION_MARK.search(reading.text)
    if mark is None:
        return
    name = mark["mark"]
    noun = name.lower()
    if not _PART_NOUN.search(reading.plain):
        return
    for sentence in reading.demands:
        for match in _SECTION_COUNT.finditer(sentence.text):
            if match["noun"].rstrip("s") not in (noun, "section", "part", "chapter", "day", "paragraph"):
                continue
            if not is_asked(sentence.text[: match.start()]) or (found := bounds(match)) is None:
                continue
            # A response with more sections than asked for passes IFEval's checker.
            limits = found[0] if found[1] and found[0].low != found[0].high else Bounds(found[0].low, None)
            yield reading.constraint(sentence, match, ConstraintType.OUTPUT_FORMAT, Sections(limits, name))
            return


def _title(reading: Reading) -> Iterator[Constraint]:
    for sentence in reading.demands:
        match = _TITLE.search(sentence.text)
        if match and ("title" in reading.plain or "wrap" in sentence.text or "bracket" in sentence.text):
            yield reading.constraint(sentence, match, ConstraintType.OUTPUT_FORMAT, Title())
            return


def _json(reading: Reading) -> Iterator[Constraint]:
    code = _CODE.search(reading.plain)
    for sentence in reading.demands:
        match = _JSON.search(sentence.text)
        if match is None or not is_asked(sentence.text[: match.end() - len("json")]):
            continue
        if re.search(r"\b(?:not|n't|no|without|avoid)\b", sentence.text[: match.start()]):
            continue
        if _JSON_SUBJECT.search(sentence.text) and (not code or _ANSWER.search(sentence.text)):
            yield reading.constraint(sentence, match, ConstraintType.OUTPUT_FORMAT, Json())
            return
