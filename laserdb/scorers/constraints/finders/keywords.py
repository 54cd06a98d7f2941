"""Keywords that have to occur and words that may not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from laserdb.scorers.constraints.finders.quantity import OCCASIONS
from laserdb.scorers.constraints.finders.reading import Q, Reading, Sentence, has_quotes, is_asked, vocabulary
from laserdb.scorers.constraints.model import Constraint, ConstraintType, Forbidden, Keywords

_NOUN = (
    r"(?:key ?-?words?|words?|terms?|phrases?|expressions?|hashtags?|keyphrases?|key phrases?|"
    r"sentences?|names?)"
)
_ITEM = rf"(?:{Q}|[\w#'-]+)"
_JOIN = (
    r"(?:\s*(?:,|;|/|&)\s*(?:and |or |nor )?|\s*\b(?:and|or|nor|as well as)\b\s*(?:the (?:word|"
    r"phrase|term) )?|\s+(?=\"))"
)
_LIST = rf"[\[({{]*\s*{_ITEM}[\])}}]?(?:{_JOIN}[\[({{]?{_ITEM}[\])}}]?)*\s*[\])}}]?"
_QUOTES = rf"[\[({{]?\s*{Q}(?:{_JOIN}{Q})*\s*[\])}}]?"
_GAP = (
    r"(?: (?:the|these|this|following|both|all|of|exact|specific|two|three|four|five|keyword|"
    r"single|any|list|either|such|as|a|an|main|important|key|some|\d+))*"
)
_HAVE = (
    r"(?:includ(?:e|es|ing|ed)|incorporat(?:e|es|ing)|contain(?:s|ing)?|mention(?:s|ing)?|us(?:e|es|"
    r"ing)|add(?:ing)?|"
    r"insert(?:ing)?|featur(?:e|es|ing)|employ(?:ing)?|have|having|with|say(?:ing)?|put(?:ting)?|"
    r"write|work in|weave in|"
    r"utiliz(?:e|es|ing)|make use of)"
)
_NOT = (
    r"(?:do not|don't|does not|doesn't|must not|mustn't|should not|shouldn't|cannot|can't|can not|"
    r"may not|will not|won't|"
    r"not|never|without(?: ever)?|avoid(?:s|ing)?|refrain(?:ing)? from|exclud(?:e|es|ing)|"
    r"omit(?:ting)?|leav(?:e|ing) out|"
    r"stay(?:ing)? away from|steer(?:ing)? clear of|no|not allowed to|forbidden to|isn't allowed to|"
    r"free (?:of|from)|"
    r"instead of|rather than|ban|skip(?:ping)?|keep out)"
)
_LEAVE = (
    r"(?:without|avoid(?:s|ing)?|refrain(?:ing)? from|exclud(?:e|ing)|omit(?:ting)?|"
    r"stay(?:ing)? away from|ban)"
)
_CONDITION = re.compile(
    r"\b(?:if|when|because|although|since|whenever|whether|why|how) (?:\w+ ){0,4}$|^(?:i|we|he|she|they) "
)
_INCLUDE = (
    re.compile(
        rf"\b{_HAVE} (?:(?:all|each|both) )?(?:of )?(?:these|the following|the) (?:\w+ "
        rf"){{0,2}}?{_NOUN}\b[^\".:]{{0,40}}:\s*(?P<l>{_LIST})"
    ),
    re.compile(
        rf"\b{_HAVE}\b(?: \w+){{0,3}}?{_GAP} {_NOUN}\b(?: (?:such as|like|of))?(?: "
        rf"[^\".:,]{{0,30}}?)?(?::| -)? ?(?P<l>{_LIST})"
    ),
    re.compile(
        rf"\b(?:includ(?:e|es|ing)|incorporat(?:e|es|ing)|mention(?:s|ing)?|contain(?:s|ing)?|us(?:e|"
        rf"es|ing)|insert|add)\b{_GAP}:? (?P<l>{_QUOTES})"
        r"(?=\s*(?:$|[.,;:!?)\"]|(?:in|at|within|somewhere|anywhere|throughout|when|while|but|and|or|as "
        r"part|as well|"
        r"exactly|once|twice|\d|into|inside|please|so)\b))"
    ),
    re.compile(
        rf"\b{_NOUN}\b:? ?(?P<l>{_LIST})(?: \w+){{0,4}}? (?:must|should|has to|have to|needs? to|shall|"
        rf"both|all)\b[^.;\"]{{0,20}}?"
        r"\b(?:appear|included?|be (?:used|mentioned|present|in|part|found|incorporated)|show up|"
        r"occur|used|mentioned)"
    ),
    re.compile(rf"\bkey ?words?\b(?! to (?:avoid|exclude|omit))[^.\":]{{0,40}}:\s*(?P<l>{_LIST})"),
    re.compile(
        rf"\b{_NOUN} to (?:include|use|incorporate|mention|work in)\b[^.\":]{{0,20}}:\s*(?P<l>{_LIST})"
    ),
)
_BARE_QUOTES = 2
"""The pattern of `_INCLUDE` that reads quotations without the noun "word"."""
_PASSIVE = 3
"""The pattern of `_AVOID` in which what forbids follows the words."""
_OF_PROGRAM = re.compile(
    r"\b(?:functions?|scripts?|programs?|class|method|constructor|html|css|javascript|python|java|bash|"
    r"sql|code|"
    r"commands?|files?|folders?|columns?|variables?|librar(?:y|ies)|regex|api|tables?|dictionary|"
    r"arrays?|tags?)\b"
)
_AVOID = (
    re.compile(
        rf"\b{_NOUN} (?:to (?:avoid|exclude|omit|leave out)|(?:that )?(?:you )?(?:should|must|may|"
        rf"can)(?: ?not|n't) (?:be )?use[d]?|not to use)"
        rf"\b[^.\":]{{0,20}}:\s*(?P<l>{_LIST})"
    ),
    re.compile(
        rf"\b{_NOT}\b(?! (?:more|less|fewer|longer|shorter|exceed\w*)\b)(?: \w+){{0,2}}?(?: "
        rf"{_HAVE})?(?: \w+){{0,2}}?{_GAP} {_NOUN}\b(?: (?:such as|like|of))?"
        rf"(?: [^\".:,]{{0,30}}?)?(?::| -)? ?(?P<l>{_LIST})"
    ),
    re.compile(
        rf"\b(?:{_NOT}\b(?: (?:to|ever|any|even|be|in any way))* {_HAVE}|{_LEAVE}\b(?: {_HAVE})?)(?: "
        rf"(?:any|either))?{_GAP}:? (?P<l>{_QUOTES})"
    ),
    re.compile(
        rf"\b{_NOUN}\b:? ?(?P<l>{_LIST})(?: (?!but\b)\w+){{0,4}}? (?:must|should|can|may|shall|is|are|"
        rf"cannot|can't|shouldn't|mustn't)(?: ?not|n't)?\b"
        r"[^.;\"]{0,15}?\b(?:not |n't )?(?:appear|included?|allowed|permitted|used|forbidden|banned|"
        r"prohibited|avoided|present|"
        r"mentioned|off[- ]limits|excluded|omitted|in the|in your|in it|part of|anywhere)"
    ),
    re.compile(
        rf"\b{_NOUN} (?:[\w ]{{0,20}} )?(?:are|is|as)? ?(?:forbidden|banned|prohibited|disallowed|taboo|"
        rf"excluded|off[- ]limits|"
        rf"not (?:allowed|permitted))\b[^.\":]{{0,30}}:\s*(?P<l>{_LIST})"
    ),
    re.compile(
        rf"\b(?:forbidden|banned|prohibited|disallowed|taboo|excluded)\b[^.\":]{{0,30}}:?\s*(?P<l>{_LIST})"
    ),
)
_BEGINS = re.compile(rf"(?:{_HAVE}|{_NOT})\b")
_CLAUSE = re.compile(r"(?:,|;|\band|\bbut|\bthen)\s*(?:also |please )?$")
_PASSIVE_NOT = re.compile(
    r"\b(?:not|n't|never|cannot|forbidden|banned|prohibited|avoided|excluded|omitted|off[- ]limits)\b|n't\b"
)
_NEGATED = re.compile(rf"\b{_NOT}\b[^.,;]{{0,40}}$|n't\b[^.,;]{{0,30}}$")
_OTHER = re.compile(
    r"\b(?:start|begin|end|finish|conclud|clos|open|titled?|named|called|translate|define|rhym|mean|"
    r"meaning of|synonyms? (?:of|for)|"
    r"replac\w*|answer with|reply with|respond with|repeat|wrap|choose|one of|options?|paragraph|"
    r"section|mark|separated?|"
    r"instead of|pronounc\w*|spell|sentence using|sentence with|from the (?:following )?words?|"
    r"highlight\w*|the letters?)\b[^.;]{0,60}$"
)
_OCCASIONS = re.compile(OCCASIONS)
_LEADS = re.compile(
    rf"(?::\s*|\b(?:key ?-?words?|key ?phrases?|(?:the|this|these|following|word|exact) {_NOUN})\s*)$"
)
"""What has to stand before words without quotation marks for them to be keywords."""
_FILL = vocabulary(
    "in the a an your response answer reply at least and or to of that is are be with for "
    "as on from it this these those any all least more less than you i we my not no each "
    "every which should must times count which when where there limit limits length only below above "
    "provided given following you're"
)


_VERBS = vocabulary(
    "avoid use using do don't include finish end start begin write make keep answer respond wrap put "
    "add highlight give"
)
"""Words that begin the next demand rather than belong to a list without quotation marks."""
_CUE = re.compile(
    r"\b(?:key ?-?words?|words?|terms?|phrases?|expressions?|hashtags?|sentences?|names?)\b|\"¤"
)


_CUES = vocabulary(
    "include includes including included mention mentions mentioning contain contains containing "
    "avoid avoiding without incorporate incorporates incorporating exclude excluding omit appear "
    "forbidden use using uses keyword keywords not cannot don never refrain banned prohibited "
    "employ featuring"
)
_NOUNS = vocabulary(
    "word words phrase phrases term terms hashtag hashtags name names sentence sentences expression "
    "expressions keyword keywords"
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
        or _OTHER.search(
            text[match.start() : match.start("l")] if _clause_begins(text, match) else before[-80:]
        )
        or (_CONDITION.search(text[: match.start()]) and not re.search(r"\b(?:want|need|like)\b", match[0]))
    ):
        return False
    after = text[match.end("l") :]
    if re.search(r"\boverus", match[0]):
        return False
    if kind is ConstraintType.KEYWORD_AVOIDED:
        # "Don't use the word x more than 3 times" is a frequency.
        if index == _PASSIVE and not _PASSIVE_NOT.search(match[0][match.end("l") - match.start() :]):
            return False
        return _OCCASIONS.search(after[:60]) is None
    if _NEGATED.search(text[: match.start()]):
        return False
    # "Use `sample.txt`" in a request for a program names a thing, no word of the answer.
    if index == _BARE_QUOTES and _OF_PROGRAM.search(text):
        return False
    if index == 3 and _PASSIVE_NOT.search(match[0][match.end("l") - match.start() :]):
        return False
    return _OCCASIONS.search(after[:70]) is None and _OCCASIONS.search(before[-45:]) is None


def _clause_begins(text: str, match: re.Match[str]) -> bool:
    """Whether the match begins a clause of its own: "wrap it in quotes, and include the word …"."""
    return _BEGINS.match(match[0]) is not None and _CLAUSE.search(text[: match.start()]) is not None


def _words(reading: Reading, sentence: Sentence, match: re.Match[str]) -> tuple[str, ...]:
    """The listed words as they were written; unquoted ones up to the first that belongs to the sentence."""
    start, end = sentence.start + match.start("l"), sentence.start + match.end("l")
    if quoted := reading.quoted(start, end):
        named = [text.rstrip(",;") for text in quoted]
        return tuple(named) if all(len(text) <= 150 and re.search(r"\w", text) for text in named) else ()
    listed = match["l"].strip("[](){} ")
    listed = re.split(
        r"\b(?:in the|in your|in|at|to|when|for|should|must|within|throughout|somewhere|but|so|as well)\b",
        listed,
    )[0]
    if not _LEADS.search(sentence.text[: match.start("l")]):
        return ()
    listing = match[0][: match.start("l") - match.start()].rstrip().endswith(":")
    found: list[str] = []
    for word in re.split(r"\s*(?:,|;|/|&)\s*(?:and |or |nor )?|\s+(?:and|or|nor)\s+", listed):
        bare = word.strip("[](){}*.\"' ")
        if not bare or " " in bare or (bare in _FILL and not listing) or (found and bare in _VERBS):
            break
        found.append(bare)
    return tuple(found)
