"""Constraints of length: words, sentences, paragraphs, and the first word of a paragraph."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from laserdb.scorers.constraints.finders.quantity import AFTER, NUMBER, ORDINALS, QUANTITY, bounds, value
from laserdb.scorers.constraints.finders.reading import (
    OWN_QUESTION,
    Q,
    Reading,
    is_asked,
    is_demand,
    vocabulary,
)
from laserdb.scorers.constraints.model import (
    Bounds,
    Constraint,
    ConstraintType,
    Length,
    ParagraphStart,
    Rule,
)

_NOUN = (
    r"(?:\s|-){0,2}(?:(?!(?:year|week|month|day|hour|day|letter|syllable|line|bullet|million|billion|"
    r"of|and|or|in|the|each|per|times?)\b)[a-z]+[ -]){0,2}?"
    r"(?P<unit>words?|sentences?|paragraphs?)\b"
)
_COUNT = re.compile(QUANTITY + _NOUN + AFTER)
_WORD_COUNT = re.compile(
    r"\b(?P<unit>word)(?:s?[- ])?(?:count|limit)\b[^.;\d]{0,25}?(?:\bof |\bis |"
    r"\bbe |: ?|to )" + QUANTITY + r"(?! paragraph| sentence)" + AFTER
)
_COUNTED = re.compile(
    r"\b(?:number of|amount of|total|word count|length)? ?(?P<unit>words?|sentences?|paragraphs?)(?: count)?"
    r"(?: (?:in|of) (?:your|the) \w+(?: \w+)?)? (?:should|must|needs to|has to|shall|is to|to|is|count:?)"
    r"(?: not)? ?(?:be |stay |remain |exceed )?"
    + QUANTITY + AFTER
)  # fmt: skip
_OF_PART = re.compile(
    r"\b(?:each|every|per|any|one|following|these|those|first|last|second|third|next)\b(?: [\w-]+){0,5}\s*$|"
    r"\b(?:lines?|bullets?|bullet points?|points?|tips?|items?|titles?|headlines?|stanzas?|verses?|options?|"
    r"steps?|slogans?|names?|steps|sections?|examples?|sentences|paragraphs|phrases?|tweets|captions|"
    r"questions|"
    r"answers|definitions|descriptions|summaries|explanations|reasons|subject line|tagline)"
    r"(?: (?:of|with|in|that (?:is|are|has|have|contains?)|having|containing|which (?:is|are|has|have)))?"
    r"(?: (?:about|around))?\s*$"
)
_OF_PARTS = re.compile(
    r"\b(?:sentences|lines|paragraphs|bullet points|points|titles|items|answers|questions|options|"
    r"sections|tweets|headlines) "
    r"(?:\w+ )?(?:must|should|need to|have to|can|may|shall)\b[^.;]*$"
)
_WHOLE = re.compile(r"\b(?:your|the|whole|entire) (?:\w+ )?(?:answer|response|reply|output|text)\b")
_EACH_AFTER = re.compile(
    r"\s*,?\s*(?:each\b(?!,? (?:of (?:them|which) )?(?:is |are )?(?:separat|divid|delimit))|per\b|"
    r"apiece|or phrases?|for each|in each|every)"
)
_NOT_UNIT = re.compile(
    r"\s*(?:(?:in (?:the|your) \w+ )?(?:(?:should|must|to|can|will) )?(?:are |is |be |have |appear "
    r")?(?:in|with|of|that are|that have|using|written in)? ?"
    r"(?:all[- ]|only )*(?:capital|caps\b|upper|block)|"
    r"(?:from|that|which|above|below|you|i|we|starting|beginning|ending|end|start|begin|rhym|"
    r"containing)\b|search|"
    r"(?:\w+ )?highlighted|(?:should |must |to |are |is )?(?:be )?(?:in )?(?:highlight|capitali|"
    r"emphasi|italic|bold|all caps|upper))"
)
_OF_ANSWER = re.compile(
    r"\b(?:in|using|with|under|within|than|words?:?)\b[^.]{0,25}\b(?:words?|sentences?|"
    r"paragraphs?)\b[^.]{0,20}$"
)
_LEADING = re.compile(
    r"\W*(?:in|using|with|within)\b[^,.?]{0,40}\b(?:words?|sentences?|paragraphs?)\b[^,.?]{0,12},"
)
"""A question may begin with its answer's length: "In two sentences, why …?"."""
_COMMON = re.compile(
    r"\b(?:common|frequent|popular|used|longest|shortest|top|key|new|different|unique|such)\b"
)
_SINGLE = re.compile(
    r"^\W*(?:please |briefly |now )?(?:explain|describe|summari[sz]e|answer|define|respond|reply|tell|"
    r"outline|sum up)\b"
    r"(?!.*\b(?:word|comma|phrase)s?\b).*\b(?P<l>in a (?:single |short |brief )?(?P<unit>sentence|"
    r"paragraph))\b(?! (?:with|that|from))"
)
_MARKING = re.compile(
    r"\b(?:highlight|italici|emphasi|bold|capitali)\w*(?: \w+)?\s*$|"
    r"\b(?:all[- ]caps|capitals|capital letters|upper[- ]?case)\b[^.;,]{0,20}\b(?:for|on)\s*$"
)
_BARE = re.compile(
    r"\b(?:in|using|with|of|to|use|be|is|about)\s+(?:an? )?[\w, ]*words?\b|-words?\b|words? (?:long|"
    r"in length)|\bwords? (?:\w+ ){0,2}?(?:essay|story|article|post|summary|blog|speech|paragraph|"
    r"report|letter|"
    r"poem|review|description|response|answer|paper|chapter|piece|assignment|script|guide|narrative|"
    r"monologue)"
)
_MARKED = re.compile(r"\b(?:caps|capital\w*|upper\w*|lower\w*|highlighted|bold\w*|italic\w*)\b")
_VOCABULARY_TASK = re.compile(r"\b(?:list|name|find|give(?: me)?|suggest|think of|generate|provide|"
                              r"highlight\w*|which|"
                              r"repeat|replace|change|swap|same|different|remove|delete|add|omit|"
                              r"capitali\w+|in bold)"
                              r"(?: me| us)?(?: at least| exactly| up to| about)?\s*$")  # fmt: skip

_FIRST_WORD = (
    re.compile(
        rf"\bparagraph (?:number |no\. ?|#)?(?P<n>\d+|{NUMBER})\b[^.]{{0,60}}?\b(?:start|begin|open)\w*\b"
        rf"[^.\"]{{0,50}}?\b(?:with|by|word)\b(?: (?:the|first|a|exact|this|following|only))* "
        rf"?(?:word|phrase)?:? ?(?P<w>{Q}|[\w'-]+)"
    ),
    re.compile(
        rf"\b(?P<n>{'|'.join(ORDINALS)}) (?:paragraph|one)\b[^.]{{0,60}}?\b(?:start|begin|open)\w*\b"
        rf"[^.\"]{{0,50}}?\b(?:with|by|word)\b(?: (?:the|first|a|exact|this|following|only))* "
        rf"?(?:word|phrase)?:? ?(?P<w>{Q}|[\w'-]+)"
    ),
    re.compile(
        rf"\b(?:start|begin|open)\w*\b[^.\"]{{0,20}}?\b(?P<n>{'|'.join(ORDINALS)}) paragraph\b"
        rf"[^.\"]{{0,30}}?\bwith\b(?: (?:the|a|this))* ?(?:word|phrase)?:? ?(?P<w>{Q}|[\w'-]+)"
    ),
    re.compile(
        rf"\b(?:start|begin|open)\w*\b[^.\"]{{0,20}}?\bparagraph (?P<n>\d+|{NUMBER})\b"
        rf"[^.\"]{{0,30}}?\bwith\b(?: (?:the|a|this))* ?(?:word|phrase)?:? ?(?P<w>{Q}|[\w'-]+)"
    ),
    re.compile(
        rf"\bfirst word (?:of|in) (?:the )?(?:paragraph (?P<n>\d+|{NUMBER})|"
        rf"(?P<o>{'|'.join(ORDINALS)}) paragraph)"
        rf"[^.\"]{{0,30}}?\b(?:be|is)\b(?: the)?(?: word)?:? ?(?P<w>{Q}|[\w'-]+)"
    ),
)
_DIVIDER = re.compile(
    r"(?<!\*)\*\s?\*\s?\*(?!\s?\*)|\b(?:three|3) asterisks?\b|\basterisks? ?\(?\*{3}(?!\*)|markdown divider"
)
_DIVIDED = re.compile(
    QUANTITY + r" (?:\w+ ){0,3}?(?P<what>parts|poems|stories|stanzas|sections|pieces|"
    r"versions|verses|letters|"
    r"emails|limericks|jokes|essays|riddles|songs|articles|haikus?|blocks|chapters)\b"
)
_SEPARATE = re.compile(r"\b(?:separat|divid|delimit|split|between|break|with)")


_CUES = vocabulary("word words sentence sentences paragraph paragraphs asterisk asterisks")


def relevant(text: str, words: Set[str]) -> bool:
    """Whether the instruction has any word that these rules look for; spares the reading."""
    return not _CUES.isdisjoint(words) or "***" in text or "words" in text


def find(reading: Reading) -> Iterator[Constraint]:
    counts = list(_counts(reading))
    divider = "***" if (mark := _divider(reading)) else None
    starts = list(_paragraph_starts(reading))
    paragraphs = [c for c in counts if isinstance(c.params, Length) and c.params.unit == "paragraphs"]
    for constraint in counts:
        if constraint not in paragraphs:
            yield constraint
    if starts:
        # IFEval's checker of a paragraph's first word also counts the paragraphs: one constraint, not two.
        total = _bounds_of(paragraphs)
        for nth, word, start, end in starts:
            yield _length(reading, start, end, ParagraphStart(nth, word, total))
        return
    for constraint in paragraphs:
        rule = constraint.params
        assert isinstance(rule, Length)
        yield Constraint(constraint.type, constraint.span, Length(rule.unit, rule.bounds, divider))
    if mark and not paragraphs and (found := _parts(reading, mark)):
        yield found


def _bounds_of(paragraphs: list[Constraint]) -> Bounds:
    for constraint in paragraphs:
        if isinstance(constraint.params, Length):
            return constraint.params.bounds
    return Bounds()


def _length(reading: Reading, start: int, end: int, rule: Rule) -> Constraint:
    return Constraint(ConstraintType.LENGTH, reading.original(start, end), rule)


def _counts(reading: Reading) -> Iterator[Constraint]:
    for sentence in reading.sentences:
        text = sentence.text
        if not ("word" in text or "sentence" in text or "paragraph" in text):
            continue
        if OWN_QUESTION.match(text.strip()):
            continue
        if not (is_demand(text) or _OF_ANSWER.search(text) or _LEADING.match(text)):
            continue
        taken = -1
        for match in sorted(
            (*_WORD_COUNT.finditer(text), *_COUNTED.finditer(text), *_COUNT.finditer(text)),
            key=lambda m: (m.start(), -m.end()),
        ):
            if match.start() < taken:
                continue
            limits = _allowed(match, text)
            if limits is None:
                continue
            taken = match.end()
            start = sentence.start + match.start()
            unit = match["unit"].rstrip("s") + "s"
            yield _length(reading, start, sentence.start + match.end(), Length(unit, limits))
        single = _SINGLE.search(text) if taken < 0 else None
        if single and is_asked(text[: single.start("l")]):
            start, end = sentence.start + single.start("l"), sentence.start + single.end("l")
            yield _length(reading, start, end, Length(single["unit"] + "s", Bounds.exactly(1)))


def _allowed(match: re.Match[str], text: str) -> Bounds | None:
    """The bounds on the whole answer that the match states; None if it speaks of something else."""
    found = bounds(match)
    if found is None:
        return None
    limits, stated = found
    before, after = text[: match.start()], text[match.end() :]
    unit = match["unit"].rstrip("s")
    if not is_asked(before) or _NOT_UNIT.match(after) or _EACH_AFTER.match(after):
        return None
    if _MARKED.search(match[0]) or _MARKING.search(before):
        return None
    if (_OF_PART.search(before) or _OF_PARTS.search(before)) and not _WHOLE.search(before):
        return None
    if _VOCABULARY_TASK.search(before) and (unit == "word" or not stated):
        return None
    if not stated and match[0].lstrip().startswith("the "):
        return None
    if unit == "word" and _COMMON.search(match[0]):
        return None
    number = limits.low if limits.low is not None else limits.high
    if unit == "word" and not stated:
        # "A 500-word essay" is about so long; "one word" and "two words" are rarely the answer's length.
        if _WORD_COUNT.match(match[0]):
            if re.search(r"\b(?:my|his|her|their|our)\b", match[0]):
                return None
            if re.search(r"\bmin(?:imum)?\W*$", before):
                return Bounds(number, None)
            most = "limit" in match[0] or re.search(r"\bmax(?:imum)?\W*$", before)
            return Bounds(None, number) if most else Bounds.about(number or 0)
        if number is None or not _BARE.search(before[-30:] + match[0] + after[:20]):
            return None
        if number < 5 and not re.search(r"\b(?:in|using|with|use|to)\s*$", before):
            return None
        return Bounds.about(number) if number >= 20 else limits
    if (
        unit != "word"
        and number == 1
        and not stated
        and not re.search(
            r"\b(?:in|using|with|into|as|write|single|make|give|provide|compose|create)\b",
            f"{before[-12:]} {match[0]}",
        )
    ):
        return None
    return limits


def _paragraph_starts(reading: Reading) -> Iterator[tuple[int, str, int, int]]:
    for sentence in reading.sentences:
        if "paragraph" not in reading.plain:
            continue
        for pattern in _FIRST_WORD:
            for match in pattern.finditer(sentence.text):
                ordinal = match["n"] or match.groupdict().get("o") or ""
                nth = ORDINALS.get(ordinal) or value(ordinal)
                if nth:
                    word = reading.original(
                        sentence.start + match.start("w"), sentence.start + match.end("w")
                    )
                    yield (
                        nth,
                        word.strip("\"'“”‘’`.,"),
                        sentence.start + match.start(),
                        sentence.start + match.end(),
                    )
                    return


def _divider(reading: Reading) -> re.Match[str] | None:
    return _DIVIDER.search(reading.plain) or _DIVIDER.search(reading.text.lower())


def _parts(reading: Reading, mark: re.Match[str]) -> Constraint | None:
    """So many parts with the divider between them, in the sentence of the divider or the one before."""
    near = [s for s in reading.sentences if s.start <= mark.start()][-2:]
    if not near or not _SEPARATE.search(" ".join(s.text for s in near)):
        return None
    for sentence in reversed(near):
        if (match := _DIVIDED.search(sentence.text)) and (found := bounds(match)):
            rule = Length("paragraphs", found[0], "***")
            return _length(reading, sentence.start + match.start(), mark.end(), rule)
    return None
