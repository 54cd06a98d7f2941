"""What the checks look at: one turn, with the derived texts that several checks share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from laserdb.scorers.checks.fences import Fence, split

LIMIT = 100_000
"""Characters of each text that are looked at; bounds the time that one turn can take."""
ASK_EDGE = 500
"""Characters taken from each end of a long instruction as its wording, apart from any passage."""

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(r"\w+(?:['’]\w+)*")
_WORD_CJK = re.compile(rf"[{_CJK}]|(?:(?![{_CJK}])\w)+")
_HAS_CJK = re.compile(rf"[{_CJK}]")
_SENTENCE = re.compile(r"(?<=[.!?。！？])\s+|\n+|(?<=[。！？])")
_CODE_START = re.compile(
    r"(?:def|class|import|from|return|elif|else:|try:|except|with|while|for|if|print|echo|sudo|"
    r"public|private|"
    r"static|var|let|const|function|using|package|SELECT|INSERT|CREATE|UPDATE|FROM|WHERE|#include|#!|//|/\*|"
    r"</?[a-zA-Z!]|\$ |>>> |@\w)"
)
_PROSE_START = re.compile(
    r"(?:from|with|while|for|if|return|print|class|let|import|using)\b[^=(){};:]*[.!?,]?$"
)
_ASSIGNMENT = re.compile(r"[\w.\[\]\"'$]+ ?[-+*/]?= ?\S")
_CALL = re.compile(r"[\w.]+\(.*\)[;:]?$")
_SHELL = re.compile(r"(?:[\w./-]+ )?.* (?:--?[a-zA-Z]|\| \w|&& |> \S)")


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: its code, where and what in words, and how much of its weight applies (0 to 1)."""

    reason: str
    detail: str
    severity: float = 1.0


class View:
    """An instruction and its response, clipped to `LIMIT` characters, and what is derived from them."""

    def __init__(self, instruction: str, response: str) -> None:
        self.instruction = instruction[:LIMIT]
        self.response = response[:LIMIT].strip()
        self.clipped = len(response) > LIMIT or len(instruction) > LIMIT
        self.tail = response[-2000:].rstrip()

    @cached_property
    def ask(self) -> str:
        """The instruction's wording without the middle of a long passage."""
        text = self.instruction
        return text if len(text) <= 2 * ASK_EDGE else f"{text[:ASK_EDGE]}\n{text[-ASK_EDGE:]}"

    @cached_property
    def ask_lower(self) -> str:
        return self.ask.lower()

    @cached_property
    def response_lower(self) -> str:
        return self.response.lower()

    @cached_property
    def _parts(self) -> tuple[list[Fence], str, bool]:
        return split(self.response)

    @property
    def fences(self) -> list[Fence]:
        return self._parts[0]

    @property
    def prose(self) -> str:
        """The response without its fenced blocks."""
        return self._parts[1]

    @property
    def unclosed(self) -> bool:
        """Whether the last fenced block is never closed (unknown, so false, for a clipped text)."""
        return self._parts[2] and not self.clipped

    @cached_property
    def cjk(self) -> bool:
        """Whether the response has Chinese or Japanese characters, which aren't set apart by spaces."""
        return not self.response.isascii() and _HAS_CJK.search(self.response) is not None

    @cached_property
    def words(self) -> list[str]:
        """Lower-case words of the whole response; each Chinese or Japanese character is one."""
        return words_of(self.response)

    @cached_property
    def prose_words(self) -> list[str]:
        return self.words if not self.fences else words_of(self.prose)

    @cached_property
    def instruction_words(self) -> list[str]:
        return words_of(self.instruction)

    @cached_property
    def lines(self) -> list[str]:
        """Stripped lines of the prose that aren't empty."""
        return [line for raw in self.prose.split("\n") if (line := raw.strip())]

    @cached_property
    def sentences(self) -> list[str]:
        """Sentences and lines of the prose."""
        return [s for raw in _SENTENCE.split(self.prose) if (s := raw.strip())]

    @cached_property
    def is_code(self) -> bool:
        """Whether the response is code without a fence, wholly or for a good part."""
        lines = self.lines
        return bool(lines) and sum(map(_is_code_line, lines)) >= 0.4 * len(lines)


def words_of(text: str) -> list[str]:
    """Lower-case words; each Chinese or Japanese character is one."""
    lower = text.lower()
    if not lower.isascii() and _HAS_CJK.search(lower):
        return _WORD_CJK.findall(lower)
    return _WORD.findall(lower)


def vocabulary(words: str) -> frozenset[str]:
    """The words of a list that is written as one text."""
    return frozenset(words.split())


def excerpt(text: str, size: int = 60) -> str:
    """The text on one line, printable and at most `size` characters long, for a finding's detail."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * size]).split())
    return flat if len(flat) <= size else flat[: size - 1] + "…"


def _is_code_line(line: str) -> bool:
    line = line[:300]
    if line[-1] in ";{}" or line.startswith("}"):
        return True
    if _CODE_START.match(line):
        return not _PROSE_START.match(line)
    return bool(_ASSIGNMENT.match(line) or _CALL.match(line) or _SHELL.match(line))
