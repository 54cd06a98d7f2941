"""Constraints of form: bullets, highlights, sections, titles, JSON, placeholders, postscripts, two responses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from laserdb.scorers.constraints.finders.quantity import AFTER, NUMBER, QUANTITY, bounds, value
from laserdb.scorers.constraints.finders.reading import Q, Reading, Sentence, is_asked, vocabulary
from laserdb.scorers.constraints.model import (
    Bounds,
    Bullets,
    Constraint,
    ConstraintType,
    Highlights,
    Json,
    Placeholders,
    Postscript,
    Rule,
    Sections,
    Separated,
    Title,
)

AT_LEAST_ONE = Bounds(1, None)

_BULLETS = re.compile(
    QUANTITY + r"[ -](?:\w+[ -]){0,2}?(?:bullet(?:ed)?(?:[ -]?points?|[ -]list(?: items?)?| items?| entries| lines?)?s?|"
    r"(?:points?|items?|entries)\b[^.,;]{0,30}\bbullet\w*)\b" + AFTER
)  # fmt: skip
_BULLETS_WITH = re.compile(
    r"\bbullet(?:ed)?[ -]?(?:points?|lists?)?s?\b(?: list| format| form| points?)?[^.;]{0,30}?"
    r"\b(?:with|of|containing|has|have|having|contain|include|to|be|into|in|are)\b ?"
    + QUANTITY + r" ?(?:bullet(?:ed)? ?|list )?(?:points?|items?|bullets?|entries|elements|bulletpoints)?\b(?! words?| sentences?|-word|-sentence)" + AFTER
)  # fmt: skip
_ANY_BULLETS = re.compile(
    r"\b(?:use|using|in|with|as|into|format(?:ted)?|present(?:ed)?|list)\b[^.;]{0,40}?\bbullet(?:ed|s)?(?:[ -]?(?:points?|"
    r"list|format|form)s?)*\b"
)
_NOT_BULLETS = re.compile(
    r"\b(?:not|n't|no|without|avoid)\b[^.;]{0,40}$|\b(?:this|these|those|the|given|above|previous|list of) (?:\w+ )?bullet[\w -]*$"
)
_HIGHLIGHT_WORD = (
    r"(?:highlight|italici[sz]e|emphasi[sz]e|bold|embolden|put in (?:italics?|bold)|mark)(?:ed|ing|s)?"
)
_PART = r"(?:text )?(?:sections?|parts?|phrases?|words?|sentences?|pieces?|points?|keywords?|key ?words?|key phrases?|texts?|areas?|terms?|titles?|lines?|portions?|segments?|things?|items?|names?|places?)"
_HIGHLIGHTS = (
    re.compile(rf"\b{_HIGHLIGHT_WORD}\b[^.;]{{0,40}}?{QUANTITY} (?:\w+ ){{0,3}}?{_PART}\b{AFTER}"),
    re.compile(
        rf"{QUANTITY} (?:\w+ ){{0,2}}?(?:highlighted|italici[sz]ed|emphasi[sz]ed|bold(?:ed)?) ?(?:\w+ )?{_PART}?\b{AFTER}"
    ),
    re.compile(
        rf"{QUANTITY} (?:\w+ ){{0,3}}?{_PART}\b[^.;]{{0,60}}?\b(?:highlighted|italici[sz]ed|emphasi[sz]ed|bolded|in italics?|in bold)\b{AFTER}"
    ),
)
_ANY_HIGHLIGHT = re.compile(rf"\b{_HIGHLIGHT_WORD}\b[^.;]{{0,60}}?\b{_PART}\b")
_STAR_EXAMPLE = re.compile(r"(?<![*\w])\*{1,2}[^*\n]{2,60}\*{1,2}(?!\*)|\bmarkdown\b|\bitalic|\basterisk|\*")
_SECTION_COUNT = re.compile(QUANTITY + r"[ -](?:\w+[ -]){0,2}?(?P<noun>[a-z]+)\b" + AFTER)
_SECTION_MARK = re.compile(
    r"(?:(?:with|as|by|using|use|like|word|keyword|labell?ed|marked|named|called|titled|header|separator|splitter|e\.g\.,?|"
    r"such as|following|format|form)\b:?|[:(,\n])\s*(?:the )?(?:word |keyword |header |label )?[\"'“‘*]{0,3}"
    r"(?P<mark>[A-Z][A-Za-z]{2,15}|SECTION|Section|section)[ \n]?(?:X\b|x\b|N\b|\[?#\]?|i\b|I\b|1\b|\{|\[X\]|<)"
)
_PART_NOUN = re.compile(
    r"\b(?:sections?|parts?|chapters?|paragraphs?|days?|rounds?|acts?|scenes?|steps?|stanzas?|verses?|blocks?|audiences?)\b"
)
_TITLE = re.compile(
    r"<<|\bdouble (?:angular|angled?|pointed|arrow) ?brackets|\bangular brackets|\bdouble[- ]angular|\bdouble angle (?:quotation|quotes)"
)
_JSON = re.compile(
    r"\b(?:in|as|into|using|with|valid|only|be|output|return|returned|produce|give|provide|format|formatted|wrap(?:ped)?|"
    r"use|an?|entire)\b[^.;]{0,30}?\bjson\b(?! (?:schema|file|parser|api|data (?:from|into)|librar|column|path|data\b|to\b|"
    r"string (?:to|into)))"
)
_JSON_SUBJECT = re.compile(
    r"\b(?:output|response|answer|reply|results?|everything|whole|entire|format|list|respond|write|provide|present|give|"
    r"return|wrap|it|them|content|letter|itinerary|include|generate|create|need|want|make|please|only)\b"
)
_CODE = re.compile(
    r"\b(?:functions?|scripts?|program|python|javascript|api|endpoint|code|express|node|curl|generator|request)\b"
)
_ANSWER = re.compile(
    r"\b(?:your|entire|whole) (?:\w+ )?(?:response|output|answer|reply)\b|\b(?:answer|respond|reply) (?:in|with|as)\b"
)
_PLACEHOLDERS = re.compile(QUANTITY + r"[ -](?:\w+[ -]){0,3}?placeholders?\b" + AFTER)
_PLACEHOLDERS_WITH = re.compile(
    r"\b(?:placeholders?|square brackets?|brackets)\b[^.;]{0,50}?" + QUANTITY + r"\b" + AFTER
)
_BRACKETS_FOR = re.compile(QUANTITY + r"[^.;]{0,60}\b(?:square brackets?|in brackets)\b")
_PLACEHOLDER = re.compile(r"\bplaceholders?\b")
_PPS = re.compile(r"\bp\.? ?p\.? ?s\b\.?")
_PS = re.compile(r"\bp\. ?s\b\.?|\bp\.s\.|\bpost-? ?script\b")
_PS_VERB = re.compile(
    r"\b(?:add|include|end|start|begin|with|put|write|postscript|must|should|have|contain|use|append|finish)"
)
_RESPONSES = re.compile(
    rf"\b(?P<n>{NUMBER}) (?:\w+ ){{0,3}}?(?:responses?|answers?|versions?|replies|poems?|stories|summaries|outputs?|options?|"
    r"variations?|alternatives?|[a-z]+s)\b"
)
_SIX = re.compile(r"(?<!\*)\*{6}(?!\*)|\b(?:6|six) (?:asterisks?|stars|\*)")
_SEPARATED = re.compile(
    rf"\b(?:responses?|answers?|versions?|replies|poems?|outputs?|options?|alternatives?)\b[^.;]{{0,60}}"
    rf"\b(?:separat\w+|divid\w+|delimit\w*)\b[^.;\"]{{0,40}}(?P<sep>{Q})"
)


_CUES = vocabulary(
    "bullet bullets bulleted bulletpoint bulletpoints highlight highlights highlighted highlighting section sections title angular json placeholder placeholders bracket brackets postscript asterisk asterisks emphasize emphasized emphasise italic italics italicize italicized bold bolded pps"
)


def relevant(text: str, words: Set[str]) -> bool:
    """Whether the instruction has any word that these rules look for; spares the reading."""
    return (
        not _CUES.isdisjoint(words)
        or "<<" in text
        or "******" in text
        or "p.s" in text.lower()
        or "p. s" in text.lower()
        or "p.p" in text.lower()
    )


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
    yield from _placeholders(reading)
    yield from _postscript(reading)
    yield from _responses(reading)


def _made(reading: Reading, sentence: Sentence, match: re.Match[str], rule: Rule) -> Constraint:
    kind = _TYPES[type(rule)]
    return Constraint(
        kind, reading.original(sentence.start + match.start(), sentence.start + match.end()), rule
    )


_TYPES = {
    Bullets: ConstraintType.OUTPUT_FORMAT,
    Highlights: ConstraintType.OUTPUT_FORMAT,
    Sections: ConstraintType.OUTPUT_FORMAT,
    Title: ConstraintType.OUTPUT_FORMAT,
    Json: ConstraintType.OUTPUT_FORMAT,
    Placeholders: ConstraintType.PLACEHOLDER_AND_POSTSCRIPT,
    Postscript: ConstraintType.PLACEHOLDER_AND_POSTSCRIPT,
    Separated: ConstraintType.OUTPUT_COMBINATION,
}


def _bullets(reading: Reading) -> Iterator[Constraint]:
    loose = None
    for sentence in reading.demands:
        text = sentence.text
        if "bullet" not in text:
            continue
        for pattern in (_BULLETS, _BULLETS_WITH):
            match = pattern.search(text)
            if (
                match
                and is_asked(text[: match.start()])
                and (found := bounds(match))
                and found[0] != Bounds(0, 0)
            ):
                yield _made(reading, sentence, match, Bullets(found[0]))
                return
        if loose is None and (match := _ANY_BULLETS.search(text)) and is_asked(text[: match.start()]):
            negated = _NOT_BULLETS.search(text[: match.end()])
            loose = None if negated else _made(reading, sentence, match, Bullets(AT_LEAST_ONE))
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
            # "Highlight 3 sections" asks for no fewer; IFEval knows only "at least".
            limits = found[0] if found[1] else Bounds(found[0].low, None)
            yield _made(reading, sentence, match, Highlights(limits))
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
            yield _made(reading, sentence, match, Highlights(AT_LEAST_ONE))
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
            yield _made(reading, sentence, match, Sections(limits, name))
            return


def _title(reading: Reading) -> Iterator[Constraint]:
    for sentence in reading.demands:
        match = _TITLE.search(sentence.text)
        if match and ("title" in reading.plain or "wrap" in sentence.text or "bracket" in sentence.text):
            yield _made(reading, sentence, match, Title())
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
            yield _made(reading, sentence, match, Json())
            return


def _placeholders(reading: Reading) -> Iterator[Constraint]:
    loose = None
    for sentence in reading.demands:
        text = sentence.text
        if "placeholder" not in text and "bracket" not in text:
            continue
        for pattern in (_PLACEHOLDERS, _PLACEHOLDERS_WITH, _BRACKETS_FOR):
            match = pattern.search(text)
            if match is None or (pattern is _BRACKETS_FOR and "placeholder" not in reading.plain):
                continue
            if is_asked(text[: match.start()]) and (found := bounds(match)):
                limits = found[0] if found[1] else Bounds(found[0].low, None)
                yield _made(reading, sentence, match, Placeholders(limits))
                return
        match = _PLACEHOLDER.search(text)
        if (
            match
            and loose is None
            and re.search(r"^(?!.*replace).*\b(?:use|with|include|have|contain|represented|add)\b", text)
        ):
            loose = _made(reading, sentence, match, Placeholders(AT_LEAST_ONE))
    if loose and "[" in reading.text + ("[" if "bracket" in reading.plain else ""):
        yield loose


def _postscript(reading: Reading) -> Iterator[Constraint]:
    # The marker often stands in quotation marks, so the text itself is read.
    lower = reading.text.lower()
    match = _PPS.search(lower) or _PS.search(lower)
    if match is None:
        return
    near = lower[max(0, match.start() - 120) : match.end() + 60]
    if not _PS_VERB.search(near) or re.search(
        r"\b(?:without|no|not (?:add|include)|don't (?:add|include))\b[^.]{0,20}$", lower[: match.start()]
    ):
        return
    marker = "P.P.S" if _PPS.search(lower) else "P.S."
    span = reading.original(match.start(), match.end())
    yield Constraint(ConstraintType.PLACEHOLDER_AND_POSTSCRIPT, span, Postscript(marker))


def _responses(reading: Reading) -> Iterator[Constraint]:
    six = _SIX.search(reading.text.lower())
    if six:
        count = 2
        for sentence in reading.demands:
            if sentence.start > six.start():
                break
            match = _RESPONSES.search(sentence.text)
            if match and (n := value(match["n"])) and 2 <= n <= 5:
                count = n
                break
        span = reading.original(six.start(), six.end())
        yield Constraint(ConstraintType.OUTPUT_COMBINATION, span, Separated(count, "******"))
        return
    for sentence in reading.demands:
        match = _SEPARATED.search(sentence.text)
        counted = _RESPONSES.search(reading.plain)
        if match and counted and (n := value(counted["n"])) and 2 <= n <= 10:
            start = sentence.start + match.start("sep")
            separator = reading.text[start + 1 : sentence.start + match.end("sep") - 1]
            yield _made(reading, sentence, match, Separated(n, separator))
            return
