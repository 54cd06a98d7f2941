"""An instruction made ready for rules: quotations and passages blanked out, sentences with their places."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

LIMIT = 20_000
"""Characters of an instruction that are read."""
BLANK = "¤"
"""Stands for every character of a quotation, and of a passage, in the blanked text."""
Q = rf'"{BLANK}+"'
"""Pattern of a quotation in the blanked text, whatever quotation marks it had."""

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
        for match in _FENCED.finditer(self.text):
            chars[match.start() : match.end()] = BLANK * len(match[0])
        for match in _PASSAGE.finditer(self.text):
            chars[match.start(1) : match.end(1)] = BLANK * len(match[1])
        for pattern in (_DOUBLE, _TICKED, _SINGLE):
            for match in pattern.finditer("".join(chars)):
                if 2 * len(match[1]) < len(self.text) or len(match[1]) < 40:
                    chars[match.start() : match.end()] = '"' + BLANK * len(match[1]) + '"'
        # One character each, so that places stay the same: a few letters' lower case is two characters.
        return "".join(c if len(low := c.lower()) != 1 else low for c in chars).replace("’", "'")

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

    def original(self, start: int, end: int) -> str:
        return self.text[start:end].strip()

    def quoted(self, start: int, end: int) -> list[str]:
        """What stands in quotation marks between the places, as it was written."""
        places = re.finditer(Q, self.plain[start:end])
        texts = [self.text[start + m.start() + 1 : start + m.end() - 1].strip() for m in places]
        return [text for text in texts if text]


_PROGRAM = re.compile(
    r"\b(?:functions?|programs?|scripts?|code|algorithms?|query|queries|regex|regular expression|class|method|"
    r"app|application|api|command|formula|password|string|array|dataset|data set|database|table|files?|"
    r"parser|input|tokenizer|classifier)\b[^.]{0,80}\b(?:that|which|to|where|when|returns?|takes?|with|checks?|"
    r"counts?|finds?|whose|containing|having|of)\b"
)
_STATED = re.compile(
    r"\b(?:is|was|were|are|has|had|have|contains|contained|wrote|won|used|uses|got|received|took)\b"
    r"(?: (?:about|around|over|only|at least|more than|already|just|exactly))*\s*$"
)
_ASKED = re.compile(
    r"\b(?:should|must|shall|needs?|has to|have to|make sure|ensure|please|want|would like|need|require[sd]?|your|"
    r"let|supposed|it is important|sure|the (?:response|answer|reply|output)|expected|i'd like|there (?:is|are)|"
    r"entire|you are|you can|do|don't|only|write|give)\b"
)


def is_asked(before: str) -> bool:
    """Whether what follows `before` in its sentence can be asked of the answer.

    Not what a program does that is to be written, nor what is stated of something ("my essay has …").
    """
    if _PROGRAM.search(before):
        return False
    return _STATED.search(before) is None or _ASKED.search(before) is not None
