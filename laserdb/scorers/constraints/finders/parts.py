"""Placeholders, postscripts, and several responses with a separator between them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from laserdb.scorers.constraints.finders.quantity import AFTER, NUMBER, QUANTITY, bounds, value
from laserdb.scorers.constraints.finders.reading import Q, Reading, is_asked, vocabulary
from laserdb.scorers.constraints.model import (
    Bounds,
    Constraint,
    ConstraintType,
    Placeholders,
    Postscript,
    Separated,
)

AT_LEAST_ONE = Bounds(1, None)
_TEMPLATE = ConstraintType.PLACEHOLDER_AND_POSTSCRIPT

_PLACEHOLDERS = re.compile(QUANTITY + r"[ -](?:\w+[ -]){0,3}?placeholders?\b" + AFTER)
_PLACEHOLDERS_WITH = re.compile(
    r"\b(?:placeholders?|square brackets?)\b(?:[^.;,]{0,50}?)" + QUANTITY + r"\b" + AFTER
)
_BRACKETS_FOR = re.compile(QUANTITY + r"[^.;]{0,60}\b(?:square brackets?|in brackets)\b")
_PLACEHOLDER = re.compile(r"\bplaceholders?\b")
_PPS = re.compile(r"\bp\.? ?p\.? ?s\b\.?")
_PS = re.compile(r"\bp\. ?s\b\.?|\bp\.s\.|\bpost-? ?script\b")
_PS_VERB = re.compile(
    r"\b(?:add|include|end|start|begin|with|put|write|postscript|must|should|have|contain|use|append|finish)"
)
_RESPONSES = re.compile(
    rf"\b(?P<n>{NUMBER}) (?:\w+ ){{0,3}}?(?:responses?|answers?|versions?|replies|poems?|stories|"
    rf"summaries|outputs?|options?|"
    r"variations?|alternatives?|[a-z]+s)\b"
)
_SIX = re.compile(r"(?<!\*)\*{6}(?!\*)|\b(?:6|six) (?:asterisks?|stars|\*)")
_SEPARATED = re.compile(
    rf"\b(?:responses?|answers?|versions?|replies|poems?|outputs?|options?|alternatives?)\b[^.;]{{0,60}}"
    rf"\b(?:separat\w+|divid\w+|delimit\w*)\b[^.;\"]{{0,40}}(?P<sep>{Q})"
)


_CUES = vocabulary("placeholder placeholders bracket brackets postscript asterisk asterisks pps ps")


def relevant(text: str, words: Set[str]) -> bool:
    """Whether the instruction has any word that these rules look for; spares the reading."""
    if not _CUES.isdisjoint(words) or "******" in text:
        return True
    lower = text.lower()
    return "p.s" in lower or "p. s" in lower or "p.p" in lower


def find(reading: Reading) -> Iterator[Constraint]:
    yield from _placeholders(reading)
    yield from _postscript(reading)
    yield from _responses(reading)


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
                yield reading.constraint(sentence, match, _TEMPLATE, Placeholders(limits))
                return
        match = _PLACEHOLDER.search(text)
        if (
            match
            and loose is None
            and re.search(r"^(?!.*replace).*\b(?:use|with|include|have|contain|represented|add)\b", text)
        ):
            loose = reading.constraint(sentence, match, _TEMPLATE, Placeholders(AT_LEAST_ONE))
    if loose and "[" in reading.text + ("[" if "bracket" in reading.plain else ""):
        yield loose


def _postscript(reading: Reading) -> Iterator[Constraint]:
    # The marker often stands in quotation marks, so the text itself is read.
    lower = reading.text.lower()
    match = _PPS.search(lower) or _PS.search(lower)
    if match is None:
        return
    if not any(s.start <= match.start() < s.start + len(s.text) for s in reading.demands):
        return
    near = lower[max(0, match.start() - 120) : match.end() + 60]
    if not _PS_VERB.search(near) or re.search(
        r"\b(?:without|no|not (?:add|include)|don't (?:add|include))\b[^.]{0,20}$", lower[: match.start()]
    ):
        return
    marker = "P.P.S" if _PPS.search(lower) else "P.S."
    span = reading.original(match.start(), match.end())
    yield Constraint(_TEMPLATE, span, Postscript(marker))


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
            yield reading.constraint(
                sentence, match, ConstraintType.OUTPUT_COMBINATION, Separated(n, separator)
            )
            return
