"""Constraints on the ends of the response, and on repeating the request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from laserdb.scorers.constraints.finders.reading import Q, Reading, Sentence, has_quotes, is_asked, vocabulary
from laserdb.scorers.constraints.model import (
    Constraint,
    ConstraintType,
    End,
    RepeatPrompt,
    Start,
)

_MARK = re.compile(r"[\"“`‘]|[\s(\[]'")
_WHAT = (
    r"(?:the|this|exact|exactly|same|following|a|an|phrases?|sentences?|words?|question|line|text|"
    r"statement|saying|by|of|"
    r"with|and only|ending|precise|very|quote|expression|greeting|closing|final|last|asking|string|"
    r"message|is|reads|be|,)"
)
_END = re.compile(
    r"\b(?:end|ends|ending|finish|finishes|finishing|conclude|concludes|concluding|close|closing|"
    r"terminate|sign off|"
    rf"wrap up|complete)\b(?P<mid>[^.;\"]{{0,70}}?)\b(?:with|by|in|on|using|is|be|as)\b(?:[ "
    rf":,]*{_WHAT})*[ :,]*(?P<p>{Q})"
)
_LAST = re.compile(
    rf"\b(?:the |your )?(?:very )?(?:last|final|ending|closing|end) (?:sentence|phrase|words?|line|"
    rf"thing|part|statement|remark|text|message)?(?P<mid>[^.;\"]{{0,50}}?)\b(?:be|is|say|read|with|as)\b"
    rf"(?:[ :,]*{_WHAT})*[ :,]*(?P<p>{Q})"
)
_SAID_LAST = re.compile(
    rf"(?P<p>{Q})[^.;\"]{{0,40}}\b(?:at the (?:very )?end(?! of (?:the |each |every |a )?(?:code|file|"
    rf"lines?|script|"
    rf"function|program|sentence|paragraph|section))|as the (?:last|final)|should be the "
    rf"(?:last|final)|to end (?:it|your|the)|is the last|the end of (?:your|the) (?:response|answer|reply))"
)
_NO_MORE = re.compile(
    r"\bno (?:other |further |more |additional )?(?:words?|text|phrases?|characters?|sentences?|"
    r"thing)\b[^.;]{0,30}\b(?:follow|after|come)|\bnothing (?:else )?(?:should |must |may |can "
    r")?(?:follow|come|be (?:said |added |written )?after|after)|"
    r"\b(?:do not|don't) (?:say|add|write|include|put) (?:anything|any|other|more)[^.;]{0,30}after|"
    r"\bno other words\b"
)
_BARE_END = re.compile(
    r"\b(?:[Ee]nd|[Ff]inish|[Cc]onclude|[Cc]lose|ending|finishing|ends|"
    r"concluding)\b[^.;\"“\n]{0,60}?\b(?:with|by)\b[^.;\"“\n]{0,60}?"
    r"\b(?:phrase|sentence|words?|question|line|statement|saying|exact|exactly|asking|with)\b:? "
    r"*(?P<p>[A-Z][^\n\"“”]{2,150}?[.?!])(?=\s|$)"
)
_START = re.compile(
    rf"\b(?:start|starts|starting|begin|begins|beginning|open|opens|opening)\b(?P<mid>[^.;\"]{{0,60}}?)"
    rf"\b(?:with|by|as|using|saying|word|phrase)\b(?:[ :,]*{_WHAT})*[ :,]*(?P<p>{Q})"
)
_FIRST = re.compile(
    rf"\b(?:the |your )?(?:very )?first (?:words?|sentence|phrase|line|"
    rf"thing)(?P<mid>[^.;\"]{{0,40}}?)\b(?:be|is|say|read)\b"
    rf"(?:[ :,]*{_WHAT})*[ :,]*(?P<p>{Q})"
)
_OF_OTHER = re.compile(
    r"\b(?:files?|names?|director(?:y|ies)|folders?|variables?|functions?|methods?|columns?|words?|"
    r"lines|strings?|paths?|names|"
    r"users|people|countries|cities|movies?|films?|novels?|it|he|she|numbers?|urls?|items?|questions|titles?|"
    r"time)\b(?: that| which)?\s*$"
)
_PART = re.compile(
    r"\b(?:(?:first|second|third|fourth|fifth|last) one|paragraphs?|postscript|p\.s|sections?|each|"
    r"every|sentences?|lines?|stanza|chapter|bullet|"
    r"verse|point|word that|words that|words? (?:which|ending|starting|beginning))\b"
)
_WHOLE = re.compile(
    r"\b(?:response|answer|reply|output|entire|letter|essay|story|email|text|it|message|poem|everything)\b"
)

_POSTSCRIPT = re.compile(r"p\.? ?(?:p\.? ?)?s\b", re.IGNORECASE)

_REPEAT = re.compile(
    r"\b(?:repeat(?:ing)?|copy(?:ing)?|restat(?:e|ing)|reiterat(?:e|ing)|echo(?:ing)?|say(?:ing)?|"
    r"writ(?:e|ing)|quot(?:e|ing)|reproduc(?:e|ing)|rewrit(?:e|ing)|output(?:ting)?|includ(?:e|ing)|"
    r"provid(?:e|ing)|giv(?:e|ing)|reply with|answer with|respond with|start with)\b"
    r"(?P<mid>[^.;\n]{0,60}?)\b(?P<what>requests?|prompts?|questions?|instructions?|sentences?|"
    r"messages?|query|text|task|passage|line|phrase|paragraph|words?|inquiry|this|everything|above|"
    r"statement)\b(?P<rest>[^.;\n]{0,160})"
)
_REPEAT_CUES = (
    "repeat",
    "word for word",
    "word-for-word",
    "verbatim",
    "restat",
    "reiterat",
    "copy",
    "echo",
    "exact",
    "without chang",
    "as is",
    "as it is",
    "reproduc",
    "unchanged",
)
_VERBATIM = re.compile(
    r"\bword[- ](?:for|by)[- ]word\b|\bverbatim\b|\bwithout (?:any )?(?:chang|alter|modif|edit)|"
    r"\bexactly as (?:it|is|they|written|given)|\bas (?:it|they) (?:is|are|appears?)\b|"
    r"\bas is\b|\bunchanged\b|\bword-for-word\b|\b(?:do not|don't) change|\bbefore (?:you |giving |"
    r"your |answer|respond|writ|provid|complet|proceed|continu)|\bthen (?:give|answer|provide|"
    r"respond|write|complete|proceed)|"
    r"\bfirst,? (?:and )?then\b|\bin its entirety\b|\bexact(?:ly)? (?:request|prompt|wording|the)"
)
_REPEAT_VERB = re.compile(r"(?:repeat|restat|reiterat|echo|copy|reproduc|quot)")
_BELOW = re.compile(r"\b(?:below|following|next|this|after this)\b")

_CUES = vocabulary(
    "phrase exact exactly finish finishing start starts starting begin begins beginning end ends "
    "ending conclude concluding close closing last final first open opening verbatim repeat repeating "
    "restate reiterate "
    "copy echo reproduce unchanged"
)
_PHRASES = vocabulary(
    "phrase exact exactly finish verbatim repeat repeating restate reiterate copy echo reproduce "
    "unchanged sentence my"
)


def relevant(text: str, words: Set[str]) -> bool:
    """Whether the instruction has any word that these rules look for; spares the reading."""
    return not _CUES.isdisjoint(words) and (has_quotes(text) or not _PHRASES.isdisjoint(words))


def find(reading: Reading) -> Iterator[Constraint]:
    yield from _end(reading)
    yield from _start(reading)
    yield from _repeat(reading)


def _phrase(reading: Reading, sentence: Sentence, match: re.Match[str]) -> str:
    found = reading.quoted(sentence.start + match.start("p"), sentence.start + match.end("p"))
    return found[0] if found else ""


def _end(reading: Reading) -> Iterator[Constraint]:
    for sentence in reading.demands:
        for pattern in (_END, _LAST, _SAID_LAST) if '"' in sentence.text else ():
            match = pattern.search(sentence.text)
            if match is None or not is_asked(sentence.text[: match.start()]):
                continue
            mid = match.groupdict().get("mid") or ""
            if (_PART.search(mid) and not _WHOLE.search(mid)) or re.search(
                r"\b(?:words?|each \w+|every \w+|sentences|lines) (?:that|which|must|should)? ?$",
                sentence.text[: match.start()],
            ):
                continue
            if re.search(r"\b(?:not|n't|never|avoid)\b[^.;,]{0,20}$", sentence.text[: match.start()]):
                continue
            if _OF_OTHER.search(sentence.text[: match.start()]):
                continue
            phrase = _phrase(reading, sentence, match)
            if phrase and not _POSTSCRIPT.match(phrase):
                yield reading.constraint(sentence, match, ConstraintType.START_AND_ENDING, End(phrase))
                return
    # Unquoted: only where it can be told where the phrase stops.
    for match in _BARE_END.finditer(reading.text):
        around = match[0]
        if _PART.search(
            around[: match.start("p") - match.start()].lower().replace("sentence", "").replace("line", "")
        ):
            continue
        if re.search(
            r"\b(?:phrase|exact|exactly|sentence|question|saying|asking|words?)\b", around.lower()
        ) or _NO_MORE.search(reading.plain):
            span = reading.original(match.start(), match.end())
            yield Constraint(ConstraintType.START_AND_ENDING, span, End(match["p"].strip()))
            return


def _start(reading: Reading) -> Iterator[Constraint]:
    for sentence in reading.demands:
        if '"' not in sentence.text:
            continue
        match = _START.search(sentence.text) or _FIRST.search(sentence.text)
        if match is None or not is_asked(sentence.text[: match.start()]):
            continue
        scope = sentence.text[max(0, match.start() - 30) : match.start()] + (match["mid"] or "")
        if _PART.search(scope) and not _WHOLE.search(scope):
            continue
        if re.search(
            r"\b(?:postscript|p\.? ?s\.|p\.p\.s|section|paragraph|not|n't|never|avoid)\b[^.;]{0,40}$",
            sentence.text[: match.start()],
        ):
            continue
        if _OF_OTHER.search(sentence.text[: match.start()]):
            continue
        phrase = _phrase(reading, sentence, match)
        if phrase and not _POSTSCRIPT.match(phrase):
            yield reading.constraint(sentence, match, ConstraintType.START_AND_ENDING, Start(phrase))
            return


def _repeat(reading: Reading) -> Iterator[Constraint]:
    for index, sentence in enumerate(reading.demands):
        if not any(cue in sentence.text for cue in _REPEAT_CUES):
            continue
        match = _REPEAT.search(sentence.text)
        if match is None or not is_asked(sentence.text[: match.start()]):
            continue
        whole = match[0] + (reading.demands[index + 1].text if index + 1 < len(reading.demands) else "")
        if not _VERBATIM.search(match[0] if not _REPEAT_VERB.match(match[0]) else whole):
            continue
        if not _REPEAT_VERB.match(match[0]) and not re.search(
            r"\b(?:word|verbatim|exact|chang|unchanged|as is)", match[0]
        ):
            continue
        if re.search(r"\b(?:not|n't|never|avoid|without)\b[^.;]{0,25}$", sentence.text[: match.start()]):
            continue
        span = reading.original(sentence.start + match.start(), sentence.start + match.end())
        text = request_to_repeat(reading.text, span)
        if text:
            yield Constraint(ConstraintType.REPEAT_PROMPT, span, RepeatPrompt(text))
            return


def request_to_repeat(instruction: str, span: str) -> str | None:
    """The request that the response has to begin with: what stands around the sentence of the span.

    What comes before that sentence, unless it points below or nothing does; a quotation in the span itself
    comes first. None if nothing is left.
    """
    reading = Reading(instruction)
    place = instruction.find(span) if span else -1
    if place < 0:
        return None
    if quoted := reading.quoted(place, place + len(span)):
        return quoted[0]
    sentence = next((s for s in reversed(reading.sentences) if s.start <= place), None)
    if sentence is None:
        return None
    before = instruction[: sentence.start].strip()
    after = instruction[sentence.start + len(sentence.text) :].strip()
    blocks = [block.strip() for block in re.split(r"\n\s*\n", after) if block.strip()]
    below = _BELOW.search(span.lower()) is not None
    if (not before or below) and blocks:
        # Rules of repeating may follow in the same paragraph; the request then stands in the last one.
        return (blocks[-1] if "\n\n" in instruction[sentence.start :] else after).strip('"“” ')
    return before or None
