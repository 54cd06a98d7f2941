"""Keywords that have to occur and words that may not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from laserdb.scorers.constraints.finders.quantity import OCCASIONS
from laserdb.scorers.constraints.finders.reading import Q, Reading, Sentence, has_quotes, is_asked, vocabulary
from laserdb.scorers.constraints.model import Constraint, ConstraintType, Forbidden, Keywords

_NOUN = r"(?:key ?-?words?|words?|terms?|phrases?|expressions?|hashtags?|keyphrases?|key phrases?|sentences?|names?)"
_ITEM = rf"(?:{Q}|[\w#'-]+)"
_JOIN = r"(?:\s*(?:,|;|/|&)\s*(?:and |or |nor )?|\s*\b(?:and|or|nor|as well as)\b\s*(?:the (?:word|phrase|term) )?|\s+(?=\"))"
_LIST = rf"[\[({{]?\s*{_ITEM}(?:{_JOIN}{_ITEM})*\s*[\])}}]?"
_QUOTES = rf"[\[({{]?\s*{Q}(?:{_JOIN}{Q})*\s*[\])}}]?"
_GAP = r"(?: (?:the|these|this|following|both|all|of|exact|specific|two|three|four|five|keyword|single|any|list|either|such|as|a|an|main|important|key|some|\d+))*"
_HAVE = (
    r"(?:includ(?:e|es|ing|ed)|incorporat(?:e|es|ing)|contain(?:s|ing)?|mention(?:s|ing)?|us(?:e|es|ing)|add(?:ing)?|"
    r"insert(?:ing)?|featur(?:e|es|ing)|employ(?:ing)?|have|having|with|say(?:ing)?|put(?:ting)?|write|work in|weave in|"
    r"utiliz(?:e|es|ing)|make use of)"
)
_NOT = (
    r"(?:do not|don't|does not|doesn't|must not|mustn't|should not|shouldn't|cannot|can't|can not|may not|will not|won't|"
    r"not|never|without(?: ever)?|avoid(?:ing)?|refrain(?:ing)? from|exclud(?:e|es|ing)|omit(?:ting)?|leav(?:e|ing) out|"
    r"stay(?:ing)? away from|steer(?:ing)? clear of|no|not allowed to|forbidden to|isn't allowed to|free (?:of|from)|"
    r"instead of|rather than|ban|skip(?:ping)?|keep out)"
)
_LEAVE = (
    r"(?:without|avoid(?:ing)?|refrain(?:ing)? from|exclud(?:e|ing)|omit(?:ting)?|stay(?:ing)? away from|ban)"
)
_CONDITION = re.compile(
    r"\b(?:if|when|because|although|since|whenever|whether|why|how) (?:\w+ ){0,4}$|^(?:i|we|he|she|they|it) "
)
_INCLUDE = (
    re.compile(
        rf"\b{_HAVE}\b(?: \w+){{0,3}}?{_GAP} {_NOUN}\b(?: (?:such as|like|of))?(?: [^\".:,]{{0,30}}?)?(?::| -)? ?(?P<l>{_LIST})"
    ),
    re.compile(
        rf"\b(?:includ(?:e|es|ing)|incorporat(?:e|es|ing)|mention(?:s|ing)?|contain(?:s|ing)?|us(?:e|es|ing)|insert|add)\b{_GAP}:? (?P<l>{_QUOTES})(?! (?:command|function|method|library|tool|module|option|flag|operator|tag|as|to|for|key|property|attribute|package)s?\b)"
    ),
    re.compile(
        rf"\b{_NOUN}:? ?(?P<l>{_LIST})(?: \w+){{0,4}}? (?:must|should|has to|have to|needs? to|shall|both|all)\b[^.;\"]{{0,20}}?"
        r"\b(?:appear|included?|be (?:used|mentioned|present|in|part|found|incorporated)|show up|occur|used|mentioned)"
    ),
    re.compile(rf"\bkey ?words?\b[^.\":]{{0,40}}:\s*(?P<l>{_LIST})"),
)
_AVOID = (
    re.compile(
        rf"\b{_NOT}\b(?: \w+){{0,2}}?(?: {_HAVE})?(?: \w+){{0,2}}?{_GAP} {_NOUN}\b(?: (?:such as|like|of))?"
        rf"(?: [^\".:,]{{0,30}}?)?(?::| -)? ?(?P<l>{_LIST})"
    ),
    re.compile(
        rf"\b(?:{_NOT}\b(?: (?:to|ever|any|even|be|in any way))* {_HAVE}|{_LEAVE}\b(?: {_HAVE})?)(?: (?:any|either))?{_GAP}:? (?P<l>{_QUOTES})"
    ),
    re.compile(
        rf"\b{_NOUN}:? ?(?P<l>{_LIST})(?: (?!but\b)\w+){{0,4}}? (?:must|should|can|may|shall|is|are|cannot|can't|shouldn't|mustn't)(?: ?not|n't)?\b"
        r"[^.;\"]{0,15}?\b(?:not |n't )?(?:appear|included?|allowed|permitted|used|forbidden|banned|prohibited|avoided|present|"
        r"mentioned|off[- ]limits|excluded|omitted)"
    ),
    re.compile(
        rf"\b(?:forbidden|banned|prohibited|disallowed|taboo|excluded)\b[^.\":]{{0,30}}:?\s*(?P<l>{_LIST})"
    ),
)
_PASSIVE_NOT = re.compile(
    r"\b(?:not|n't|never|cannot|forbidden|banned|prohibited|avoided|excluded|omitted|off[- ]limits)\b|n't\b"
)
_NEGATED = re.compile(rf"\b{_NOT}\b[^.,;]{{0,40}}$|n't\b[^.,;]{{0,30}}$")
_OTHER = re.compile(
    r"\b(?:start|begin|end|finish|conclud|clos|open|titled?|named|called|translate|define|rhym|mean|meaning of|synonyms? (?:of|for)|"
    r"replac\w*|answer with|reply with|respond with|repeat|wrap|choose|one of|options?|paragraph|section|mark|separated?|"
    r"instead of|pronounc\w*|spell|sentence using|sentence with|from the (?:following )?words?|highlight\w*|the letters?)\b[^.;]{0,60}$"
)
_OCCASIONS = re.compile(OCCASIONS)
_LEADS = re.compile(
    rf"(?::\s*|\b(?:key ?-?words?|key ?phrases?|(?:the|this|these|following|word|exact) {_NOUN})\s*)$"
)
"""What has to stand before words without quotation marks for them to be keywords."""
_FILL = vocabulary(
    "in the a an your response answer reply at least and or to of that is are be with for "
    "as on from it this these those any all least more less than you i we my not no each "
    "every which should must times count which when where there limit limits length only below above provided given following you're"
)


_CUE = re.compile(
    r"\b(?:key ?-?words?|words?|terms?|phrases?|expressions?|hashtags?|sentences?|names?)\b|\"¤"
)


_CUES = vocabulary(
    "include includes including included mention mentions mentioning contain contains containing avoid avoiding without incorporate incorporates incorporating exclude excluding omit appear forbidden use using uses keyword keywords not don never refrain banned prohibited employ featuring"
)
_NOUNS = vocabulary(
    "word words phrase phrases term terms hashtag hashtags name names sentence sentences expression expressions keyword keywords"
)


def relevant(text: str, words: Set[str]) -> bool:
    """Whether the instruction has any word that these rules look for; spares the reading."""
    return not _CUES.isdisjoint(words) and (not _NOUNS.isdisjoint(words) or has_quotes(text))


def find(reading: Reading) -> Iterator[Constraint]:
    for sentence in reading.demands:
        if not _CUE.search(sentence.text):
            continue
        taken: list[tuple[int, int]] = []
        for patterns, kind in (
            (_AVOID, ConstraintType.KEYWORD_AVOIDED),
            (_INCLUDE, ConstraintType.KEYWORD_INCLUDED),
        ):
            for index, pattern in enumerate(patterns):
                for match in pattern.finditer(sentence.text):
                    place = match.span("l")
                    if any(low < place[1] and place[0] < high for low, high in taken):
                        continue
                    words = _words(reading, sentence, match)
                    if words and _is_meant(sentence.text, match, kind, index):
                        taken.append(place)
                        rule = (
                            Keywords(words) if kind is ConstraintType.KEYWORD_INCLUDED else Forbidden(words)
                        )
                        span = reading.original(sentence.start + match.start(), sentence.start + match.end())
                        yield Constraint(kind, span, rule)


def _is_meant(text: str, match: re.Match[str], kind: ConstraintType, index: int) -> bool:
    before = text[: match.start("l")]
    if (
        not is_asked(text[: match.start()])
        or _OTHER.search(before[-80:])
        or _CONDITION.search(text[: match.start()])
    ):
        return False
    after = text[match.end("l") :]
    if kind is ConstraintType.KEYWORD_AVOIDED:
        # "Don't use the word x more than 3 times" is a frequency.
        if index == 2 and not _PASSIVE_NOT.search(match[0][match.end("l") - match.start() :]):
            return False
        return _OCCASIONS.search(after[:60]) is None
    if _NEGATED.search(text[: match.start()]):
        return False
    if index == 2 and _PASSIVE_NOT.search(match[0][match.end("l") - match.start() :]):
        return False
    return _OCCASIONS.search(after[:70]) is None and _OCCASIONS.search(before[-45:]) is None


def _words(reading: Reading, sentence: Sentence, match: re.Match[str]) -> tuple[str, ...]:
    """The listed words as they were written; unquoted ones up to the first that belongs to the sentence."""
    start, end = sentence.start + match.start("l"), sentence.start + match.end("l")
    if quoted := reading.quoted(start, end):
        return tuple(quoted) if all(len(text) <= 150 for text in quoted) else ()
    listed = match["l"].strip("[](){} ")
    listed = re.split(
        r"\b(?:in the|in your|in|at|to|when|for|should|must|within|throughout|somewhere|but|so|as well)\b",
        listed,
    )[0]
    if not _LEADS.search(match[0][: match.start("l") - match.start()]):
        return ()
    found = []
    for word in re.split(r"\s*(?:,|;|/|&)\s*(?:and |or |nor )?|\s+(?:and|or|nor)\s+", listed):
        bare = word.strip("[](){}*.\"' ")
        if not bare or bare in _FILL or " " in bare:
            break
        found.append(bare)
    return tuple(found)
