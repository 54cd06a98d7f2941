"""An instruction made ready for rules: quotations and passages blanked out, sentences with their places."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from laserdb.scorers.constraints.model import Constraint, ConstraintType, Rule

LIMIT = 20_000
"""Characters of an instruction that are read."""
BLANK = "¤"
"""Stands for every character of a quotation, and of a passage, in the blanked text."""
Q = rf'"{BLANK}+"'
"""Pattern of a quotation in the blanked text, whatever quotation marks it had."""
NO = (
    r"(?:do not|don't|does not|doesn't|not|never|without(?: ever)?|avoid(?:ing)?|refrain(?:ing)? "
    r"from|exclud(?:e|ing)|omit(?:ting)?|"
    r"no|zero|free (?:of|from)|devoid of|absent of|leav(?:e|ing) out|cannot|can't|shouldn't|mustn't|"
    r"isn't|aren't|forgo|eliminat(?:e|ing)|"
    r"skip(?:ping)?|abstain(?:ing)? from|steer(?:ing)? clear of|lack(?:ing)?|instead of|minus|sans|any)"
)
"""Pattern of what forbids the thing named after it."""

_DOUBLE = re.compile(r'(?<![\w"])["“”](?=\S)([^"“”]{1,3000}?)["”“](?!\w)')
_SINGLE = re.compile(r"(?<![\w'’])['‘’](?=[^\s'’])([^\n'‘]{0,150}?[^\s'‘])['’](?!\w)")
_TICKED = re.compile(r"(?<!`)`([^`\n]{1,100})`(?!`)")
_FENCED = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_PASSAGE = re.compile(
    r"^[ \t#*]*(?:context|passage|text|article|paragraph|document|excerpt|input|transcript|story|essay|email|"
    r"review|background|source|dialogue|conversation)[*]*[ \t]*:(.{200,}?)(?=\n[ \t]*\n|\Z)",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)
_BREAK = re.compile(r"(?<=[.!?;])[\"')\]]*\s+(?=\S)|\n+")
_NO_BREAK = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|approx|min|max|no|mr|mrs|ms|dr|st|p\.s|p\.p\.s)\.|\bp\.)$")


_TO_SPACE = str.maketrans(dict.fromkeys(".,;:!?()[]{}<>*#-–—/\\'’\"“”‘`=+", " "))


def vocabulary(words: str) -> frozenset[str]:
    """The words of a list that is written as one text."""
    return frozenset(words.split())


def words_of(text: str) -> frozenset[str]:
    """The distinct words in lower case."""
    return frozenset(text.lower().translate(_TO_SPACE).split())


def has_quotes(text: str) -> bool:
    return any(mark in text for mark in ('"', "“", "`", "‘", " '", "('", "['", ":'"))


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the blanked text, in lower case, and where it starts."""

    text: str
    start: int


class Reading:
    """The instruction as it is (`text`), and blanked and in lower case at the same places (`plain`)."""

    def __init__(self, instruction: str) -> None:
        self.text = instruction[:LIMIT]

    @cached_property
    def plain(self) -> str:
        chars = list(self.text)
        for match in _FENCED.finditer(self.text) if "```" in self.text else ():
            chars[match.start() : match.end()] = BLANK * len(match[0])
        for match in _PASSAGE.finditer(self.text) if ":" in self.text and len(self.text) > 200 else ():
            chars[match.start(1) : match.end(1)] = BLANK * len(match[1])
        for pattern, marks in ((_DOUBLE, '"“”'), (_TICKED, "`"), (_SINGLE, "'‘’")):
            if not any(mark in self.text for mark in marks):
                continue
            for match in pattern.finditer("".join(chars)):
                if 2 * len(match[1]) < len(self.text) or len(match[1]) < 40:
                    chars[match.start() : match.end()] = '"' + BLANK * len(match[1]) + '"'
        # One character each, so that places stay the same: a few letters' lower case is two characters.
        blanked = "".join(chars)
        low = blanked.lower()
        if len(low) != len(blanked):
            low = "".join(c.lower() if len(c.lower()) == 1 else c for c in chars)
        return low.replace("’", "'")

    @cached_property
    def sentences(self) -> list[Sentence]:
        """Split at sentence ends and line breaks; a bracket with sentences in it stays in parts."""
        found, start = [], 0
        for match in _BREAK.finditer(self.plain):
            if "\n" not in match[0] and _NO_BREAK.search(self.plain[start : match.start()]):
                continue
            found.append(Sentence(self.plain[start : match.start()], start))
            start = match.end()
        found.append(Sentence(self.plain[start:], start))
        return [sentence for sentence in found if sentence.text.strip()]

    @cached_property
    def demands(self) -> list[Sentence]:
        """The sentences that ask for something: imperatives, "should", "please", short notes."""
        return [sentence for sentence in self.sentences if is_demand(sentence.text)]

    def original(self, start: int, end: int) -> str:
        return self.text[start:end].strip()

    def constraint(
        self, sentence: Sentence, match: re.Match[str], kind: ConstraintType, rule: Rule
    ) -> Constraint:
        """The constraint that a match in the sentence expresses, in the instruction's own wording."""
        start, end = sentence.start + match.start(), sentence.start + match.end()
        return Constraint(kind, self.original(start, end), rule)

    def quoted(self, start: int, end: int) -> list[str]:
        """What stands in quotation marks between the places, as it was written."""
        places = re.finditer(Q, self.plain[start:end])
        texts = [self.text[start + m.start() + 1 : start + m.end() - 1].strip() for m in places]
        return [text for text in texts if text]


_PROGRAM = re.compile(
    r"\b(?:functions?|programs?|scripts?|code|algorithms?|query|queries|regex|regular expression|"
    r"class|method|"
    r"app|application|api|command|formula|password|string|array|dataset|data set|database|table|files?|"
    r"parser|input|tokenizer|classifier)\b[^.]{0,80}\b(?:that|which|to|where|when|returns?|takes?|"
    r"with|checks?|"
    r"counts?|finds?|whose|containing|having|of)\b"
)
_STATED = re.compile(
    r"(?<!^)\b(?:is|was|were|are|has|had|have|contains|contained|wrote|won|used|uses|got|received|took)\b"
    r"(?: (?:about|around|over|only|at least|more than|already|just|exactly))*\s*$|"
    r"\b(?:given|shown|provided with|(?:will|can) (?:see|read))\b[^.,]{0,40}$"
)
_ASKED = re.compile(
    r"\b(?:should|must|shall|needs?|has to|have to|make sure|ensure|please|want|would like|need|"
    r"require[sd]?|your|"
    r"let|supposed|it is important|sure|the (?:response|answer|reply|output)|expected|i'd like|there "
    r"(?:is|are)|"
    r"entire|you are|you can|do|don't|only|write|give)\b"
)


_OF_PERSON = re.compile(
    r"\b(?:boy|girl|man|woman|child|person|people|someone|one|student|hero|\w+er|\w+or) who (?:must|has "
    r"to|had to|needs? to|should|can only)\b"
)


def is_asked(before: str) -> bool:
    """Whether what follows `before` in its sentence can be asked of the answer.

    Not what a program does that is to be written, nor what is stated of something ("my essay has …").
    """
    if _PROGRAM.search(before) or _OF_PERSON.search(before):
        return False
    return _STATED.search(before) is None or _ASKED.search(before) is not None


_LEAD = re.compile(
    r"[\s\-*•\d.):(>#\"\[\]]*(?:before you answer, |(?:also|and|then|finally|first|next|in addition|"
    r"additionally|lastly|but|however|note(?: that)?|"
    r"important|remember|furthermore|moreover|besides|now|ok(?:ay)?|hey|hi|so|or|requirements?|constraints?|"
    r"just|kindly|please|rules?|questions?|q|task|instructions?|moreover|plus|after that|in your (?:\w+ "
    r")?(?:response|answer|reply)|"
    r"at the (?:very )?(?:end|beginning|start)(?: of (?:your|the) \w+)?)[\],: ]+)*"
)
_IMPERATIVE = re.compile(
    r"(?:write|rewrite|give|tell|describe|explain|list|create|compose|include|use|using|answer|"
    r"respond|reply|start|begin|end|"
    r"finish|wrap|highlight|put|add|repeat|make|provide|generate|summari[sz]e|mention|incorporate|"
    r"avoid|refrain|do not|"
    r"don't|never|no|only|keep|limit|be|ensure|draft|design|develop|come up|produce|craft|say|separate|mark|"
    r"format|conclude|close|capitali[sz]e|choose|pick|select|insert|copy|restate|surround|enclose|"
    r"output|return|present|"
    r"organi[sz]e|structure|divide|split|italici[sz]e|emphasi[sz]e|bold|pretend|imagine|act|let|have|"
    r"help|show|suggest|talk|walk|"
    r"recommend|propose|brainstorm|outline|discuss|compare|analy[sz]e|critique|review|paraphrase|"
    r"rephrase|translate|convert|"
    r"turn|edit|improve|elaborate|expand|shorten|define|name|find|prepare|plan|build|invent|try|"
    r"consider|follow|feature|"
    r"employ|exclude|omit|leave|stay|open|title|sign|without|with|in|at least|at most|less than|more "
    r"than|between|minimum|"
    r"maximum|exactly|words?|letters?|the (?:\w+ )?(?:word|words|letter|response|answer|output|reply|"
    r"keyword|title|text|"
    r"total|number|entire|whole|last|first|final|phrase|use)|commas|capital|all|entire|your|there "
    r"(?:should|must)|"
    r"contain|must|should|cannot|can't|ask|teach|take|target|quote|place|show|share|report|recount|"
    r"narrate|formulate|"
    r"complete|continue|fill|extract|classify|identify|consisting|forbidden|banned|keywords?|"
    r"paragraph|both|mimic|model|act as)\b"
)
_DEMAND = re.compile(
    r"\b(?:should|must|shall|please|make sure|be sure|ensure|ensuring|needs? to|have to|has to|your|"
    r"don't|do not|i want|i need|i'd like|"
    r"would like|can you|could you|would you|will you|want you|want it|need you|cannot|can't|may not|"
    r"required?|not allowed|"
    r"forbidden|avoid|avoiding|refrain|refrained|without|it is important|it's important|ought to|"
    r"supposed to|you are|you (?:can|may) only|want|(?:only|just) use|"
    r"let me|would be (?:perfect|great|ideal|fine|good|nice|enough|best)|is not allowed|are not allowed|"
    r"respond|reply)\b"
)
_ASIDE = re.compile(
    r"(?:(?:my|our|his|her|their) (?!response|answer|reply)\w+ \w+s\b|if|when|while|because|although|"
    r"since|he|she|they|we|it was|i (?!want|need|would|am looking|'d))\b"
)
OWN_QUESTION = re.compile(r"(?:should|must|do|shall|may|can|could) (?:i|we)\b.*\?$", re.DOTALL)
"""The asker's question about what to do: no demand."""
_WH = re.compile(
    r"(?:(?:in|to|for|at|by|on|from|with) (?:what|which|whom)|what|why|how|who|whom|whose|where|when|"
    r"which|is|are|was|were|does|did|has|have you|do)\b.*\?$",
    re.DOTALL,
)


def is_demand(text: str) -> bool:
    """Whether the sentence (blanked, in lower case) asks for something."""
    lead = _LEAD.match(text)
    bare = text[lead.end() :] if lead else text
    if _IMPERATIVE.match(bare) and not bare.startswith(("in ", "with ")):
        return True
    stripped = bare.rstrip()
    if OWN_QUESTION.match(stripped):
        return False
    if _WH.match(stripped) and not re.search(r"\b(?:can|could|would|will) you\b", bare):
        return False
    return (
        _DEMAND.search(bare) is not None
        or (_IMPERATIVE.match(bare) is not None and not _FINITE.search(bare))
        or (len(bare) < 90 and not _FINITE.search(bare) and not _ASIDE.match(bare))
    )


_FINITE = re.compile(
    r"\b(?:is|was|were|are|has|had|have|did|does|would|could|came|became|made|went|took|said|wrote|gave|"
    r"got|told|found|left|built|saw|sold|bought|thought|began|spoke|\w{3,}ed)\b"
)
