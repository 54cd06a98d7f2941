"""How often keywords, letters and words in capitals occur."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from laserdb.scorers.constraints.finders.quantity import AFTER, OCCASIONS, QUANTITY, bounds
from laserdb.scorers.constraints.finders.reading import Q, Reading, Sentence, is_asked, vocabulary
from laserdb.scorers.constraints.model import (
    Bounds,
    CapitalWords,
    Constraint,
    ConstraintType,
    Frequency,
    LetterFrequency,
    Rule,
)

_CAPITAL = (
    r"(?:all[- ]?(?:capital(?:s|ized|ised)?(?: letters?)?|caps|upper-?case(?: letters?)?)|"
    r"(?:full |entirely )?(?:capital|upper-?case|block) letters?(?: only)?|(?:all )?capitals|"
    r"upper-?case|capitali[sz]ed)"
)
_CAPITAL_WORDS = re.compile(
    rf"\bwords?\b (?:in (?:the|your) \w+ )?(?:(?:with|in|of|that are|(?:(?:should|must|to) )?(?:are|be|"
    rf"appear)(?: written)?(?: in)?|using|written in|that are in|which are(?: in)?|"
    rf"having|made of|typed in|to be in) )?(?:only |full |fully )?{_CAPITAL}"
    rf"|\b(?:all[- ]?caps|all[- ]?capital(?:s|ized|ised)?|fully capitali[sz]ed|completely "
    rf"capitali[sz]ed|capitali[sz]ed|upper-?case|capital|all[- ]upper-?case) (?:letter )?words?"
)
_CAPITALIZE = re.compile(rf"\bcapitali[sz](?:e|ing)\b[^.;]{{0,30}}?{QUANTITY} (?:\w+ )?words?\b")
_USE_CAPS = re.compile(
    rf"\b(?:all[- ]?caps|capital letters|capitals|all[- ]capital letters|"
    rf"upper-?case)\b[^.;]{{0,40}}?\b(?:for|on|to emphasi[sz]e|to stress|to "
    rf"highlight)\b[^.;]{{0,20}}?{QUANTITY} (?:\w+ )?words?\b"
)
_QUANTITY_WORDS = re.compile(QUANTITY + r" (?:\w+ ){0,2}?words?\b" + AFTER)
_THOSE = re.compile(r"\b(?:those|these|such) (?:\w+ )?(?:words|capitals)\b")
_NUMBER_ALONE = re.compile(QUANTITY + r"\b" + AFTER)
_OCCASIONS = re.compile(OCCASIONS)
_TARGET = re.compile(
    rf"\b(?P<noun>letters?|characters?|symbols?|key ?words?|words?|terms?|phrases?|names?|"
    rf"expressions?|hashtags?|numbers?|alphabets?|sentences?)"
    rf"(?: (?:called|named|of|like))? ?:? ?(?P<t>{Q}|(?<=[ :])[\w#!?&@%'-]+)|(?P<q>{Q})"
    r"|\b(?P<named>exclamation (?:marks?|points?)|question marks?|hashtags?|asterisks?|ampersands?|"
    r"semi-?colons?|hyphens?)\b"
)
_BARE_TARGET = re.compile(
    r"\b(?:use|mention|include|repeat|say|write|add|contain|uses?|using|mentioning|including|with|"
    r"have)\b (?:the )?(?P<t>[\w'-]{2,})\s*$"
)
_LETTERS = re.compile(
    QUANTITY + rf" (?:\w+ )?(?:letters?|characters?|(?:occurrences?|instances?) of (?:the )?letters?)[ "
    rf":]+(?P<t>{Q}|[b-hj-z#!])(?:'s)?(?![\w'-])" + AFTER
)
_LETTER_QS = re.compile(QUANTITY + rf" (?P<t>{Q}|[b-hj-z])'s\b" + AFTER)
_SIGNS = re.compile(
    QUANTITY + r" (?:\w+ )?(?P<named>hashtags?|exclamation (?:marks?|points?)|question marks?)\b" + AFTER
)
_SIGN = {"excl": "!", "ques": "?", "hash": "#", "aste": "*", "ampe": "&", "semi": ";", "hyph": "-"}
_ALL_LETTERS = re.compile(r"\bletters?\b")
_OFTEN = re.compile(r"\b(?:times?|once|twice|thrice|occurrences|occasions|instances|mentions|appearances)\b")
_USED = re.compile(
    r"\b(?:appear\w*|us(?:e|es|ed|ing)|mention\w*|includ\w+|occur\w*|repeat\w*|contain\w*|show(?:s|"
    r"n)? up|add(?:ing)?|insert\w*|"
    r"present|featur\w+|with|letter|keyword|say|incorporat\w+)\b"
)
_STOP = vocabulary(
    "only should must appear appears to be is are at in of and the a used that can may need needs has "
    "have it with no"
)


_CUES = vocabulary(
    "times once twice thrice occurrences letter letters capital capitals capitalized capitalize "
    "capitalise capitalised caps "
    "uppercase upper hashtag hashtags instances exclamation mentions"
)


def relevant(text: str, words: Set[str]) -> bool:
    """Whether the instruction has any word that these rules look for; spares the reading."""
    return not _CUES.isdisjoint(words) or "question mark" in text


def find(reading: Reading) -> Iterator[Constraint]:
    before = ""
    for sentence in reading.demands:
        text, previous = sentence.text, before
        before = text
        if _THOSE.search(text) and "capital" in previous and (found := _of_those(reading, sentence)):
            yield found
            continue
        if "cap" in text or "upper" in text or "block" in text:
            found = _capital_words(reading, sentence)
            if found:
                yield found
                continue
        places: list[int] = []
        for constraint, start in _occasions(reading, sentence):
            places.append(start)
            yield constraint
        if not places:
            yield from _letters(reading, sentence)


def _of_those(reading: Reading, sentence: Sentence) -> Constraint | None:
    """ "… in capitals. Use those words at least 5 times": the words of the sentence before."""
    match = _OCCASIONS.search(sentence.text)
    found = bounds(match) if match else None
    if match is None or found is None:
        return None
    return _made(reading, sentence, match.start(), match.end(), CapitalWords(found[0]))


def _capital_words(reading: Reading, sentence: Sentence) -> Constraint | None:
    text = sentence.text
    match = _CAPITALIZE.search(text) or _USE_CAPS.search(text)
    if match and is_asked(text[: match.start()]) and (found := bounds(match)):
        limits = found[0] if found[1] else Bounds(found[0].low, None)
        return _made(reading, sentence, match.start(), match.end(), CapitalWords(limits))
    words = _CAPITAL_WORDS.search(text)
    if words is None:
        return None
    best = None
    for pattern in (_OCCASIONS, _QUANTITY_WORDS, _NUMBER_ALONE):
        for match in pattern.finditer(text):
            if min(abs(match.start() - words.end()), abs(words.start() - match.end())) > 60 and not (
                match.start() <= words.start() <= match.end()
            ):
                continue
            found = bounds(match)
            if found and (found[1] or pattern is not _NUMBER_ALONE):
                best = match, found[0]
                break
        if best:
            break
    if best is None or not is_asked(text[: min(words.start(), best[0].start())]):
        return None
    match, limits = best
    return _made(
        reading,
        sentence,
        min(words.start(), match.start()),
        max(words.end(), match.end()),
        CapitalWords(limits),
    )


def _made(reading: Reading, sentence: Sentence, start: int, end: int, rule: Rule) -> Constraint:
    kind = ConstraintType.LETTER_CASE if isinstance(rule, CapitalWords) else ConstraintType.KEYWORD_FREQUENCY
    return Constraint(kind, reading.original(sentence.start + start, sentence.start + end), rule)


def _occasions(reading: Reading, sentence: Sentence) -> Iterator[tuple[Constraint, int]]:
    """Each "so many times" of the sentence with the word or letter that it is said of."""
    text = sentence.text
    floor = 0
    if not _OFTEN.search(text) or not (_USED.search(text) or '"' in text):
        return
    for match in _OCCASIONS.finditer(text):
        found = bounds(match)
        if found is None or not is_asked(text[: match.start()]):
            continue
        if match["once"] and not found[1] and not _USED.search(text):
            continue
        if (
            match["once"] == "once"
            and not found[1]
            and re.match(r" (?:you|the|it|he|she|they|i|we|a|upon|more|again|and for)\b", text[match.end() :])
        ):
            continue
        target = _target(reading, sentence, floor, _stated_from(match), match.end())
        if target is None:
            continue
        word, single, start = target
        # "Mention x 3 times" is followed by mentioning it more often, too, in IFEval's two relations.
        limits = found[0]
        rule: Rule = LetterFrequency(word, limits) if single else Frequency(word, limits)
        low, high = min(start, match.start()), max(start + len(word), match.end())
        floor = match.end()
        yield _made(reading, sentence, low, high, rule), match.start()


def _stated_from(match: re.Match[str]) -> int:
    """Where the relation or the number starts: after the words that a negation reaches over."""
    return min(match.start(name) for name, text in match.groupdict().items() if text and name != "not")


def _target(
    reading: Reading, sentence: Sentence, floor: int, start: int, end: int
) -> tuple[str, bool, int] | None:
    """The nearest target before the occasions, else the first soon after them: text, single letter, place."""
    text = sentence.text
    before = [m for m in _TARGET.finditer(text, floor, start) if _usable(m)]
    after = [m for m in _TARGET.finditer(text, end, min(len(text), end + 60)) if _usable(m)]
    if (
        re.match(r" ?(?:of|for)? ?(?:the )?(?:letter|word|keyword|phrase|term|character|\")", text[end:])
        and after
        and (not before or text[end:].startswith(" of "))
    ):
        chosen = after[0]
    elif before:
        chosen = before[-1]
    elif bare := _BARE_TARGET.search(text[floor:start].rstrip()):
        word = bare["t"]
        if word in _STOP or word in ("words", "letters", "them", "all", "both", "word"):
            return None
        place = sentence.start + floor + bare.start("t")
        return reading.text[place : place + len(word)], False, floor + bare.start("t")
    elif after:
        chosen = after[0]
    else:
        return None
    if chosen["named"]:
        return _SIGN[chosen["named"][:4]], True, chosen.start()
    group = "t" if chosen["t"] else "q"
    low, high = sentence.start + chosen.start(group), sentence.start + chosen.end(group)
    raw = reading.text[low:high]
    word = raw[1:-1].strip() if chosen[group].startswith('"') else raw.strip("'.,")
    noun = chosen["noun"] or ""
    single = len(word) == 1 and (
        noun.startswith(("letter", "char", "symb", "alph", "hash")) or not word.isdigit()
    )
    return (word, single, chosen.start(group)) if word else None


def _usable(match: re.Match[str]) -> bool:
    word = match["t"]
    if not word or word.startswith('"'):
        return True
    return word not in _STOP or (
        word in ("a", "i") and (match["noun"] or "").startswith(("letter", "char", "alph"))
    )


def _letters(reading: Reading, sentence: Sentence) -> Iterator[Constraint]:
    """ "At least 5 letter e", "no more than three q's", "at least 5 hashtags"."""
    text = sentence.text
    patterns = (_LETTERS,) if "letter" in text or "character" in text else ()
    for pattern in (*patterns, *((_LETTER_QS,) if "'s" in text else ())):
        for match in pattern.finditer(text):
            found = bounds(match)
            if found is None or not is_asked(text[: match.start()]):
                continue
            raw = reading.original(sentence.start + match.start("t"), sentence.start + match.end("t"))
            word = raw.strip("\"'“”‘’`")
            if len(word) != 1 or (match["t"] == "a" and "letter" not in match[0]):
                continue
            yield _made(reading, sentence, match.start(), match.end(), LetterFrequency(word, found[0]))
            return
    for match in _SIGNS.finditer(text) if "hashtag" in text or " mark" in text or " point" in text else ():
        found = bounds(match)
        if found and is_asked(text[: match.start()]):
            limits = found[0] if found[1] else Bounds(found[0].low, None)
            yield _made(
                reading,
                sentence,
                match.start(),
                match.end(),
                LetterFrequency(_SIGN[match["named"][:4]], limits),
            )
