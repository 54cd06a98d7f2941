"""What can be counted in an instruction that makes it hard: numbers, conditions, nesting, what is asked.

The *question* of a text is what follows its last "Question:", without answer options; passages and options
are looked at apart. Counts are log(1 + n), so that a long text isn't hard for its length alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log1p
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

VERSION = "1"
"""Raised when the numbers change: heads trained on others don't fit then."""

_MOST_CHARS = 8000  # of a longer text both ends are read
_WORD = re.compile(r"[A-Za-z][A-Za-z'’]*")
_NUMBER = re.compile(r"(?<![A-Za-z_])\d[\d,]*(?:\.\d+)?")
_SENTENCE_END = re.compile(r"[.!?](?:\s|$)|\n")
_QUESTION = re.compile(r"(?:^|\n)\s*(?:Question|Q|Problem)\s*:\s*")
_OPTION = re.compile(r"(?m)^\s*\(?([A-J])[.)]\s+(.*)$")
_ABSTRACT = re.compile(r"\w+(?:tion|ity|ness|ment|ism|ology|ance|ence)s?$")
_CALL = re.compile(r"\.\w+\(")
_COMMAND = re.compile(r"\\[A-Za-z]+")
_FUNCTION_WORDS = frozenset(
    re.findall(
        r"\w+",
        "the a an of to in is are was were be been and or that this it for on with as by at from which what "
        "who whom when where how why does do did has have had not",
    )
)


def _words(*alternatives: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(alternatives)})\b", re.IGNORECASE)


_IN_TEXT: dict[str, re.Pattern[str]] = {
    "conditions": _words(
        *("if", "unless", "each", "every", "exactly", "at least", "at most", "more than", "less than"),
        *("fewer than", "only", "must", "without", "such that", "given that", "suppose", "let", "assume"),
        *("where", "when", "except", "respectively", "per", "between", "distinct", "positive", "integers?"),
    ),
    "negations": re.compile(
        r"\b(?:not|no|never|none|neither|nor|except|without|cannot|incorrect|false|least)\b|n't",
        re.IGNORECASE,
    ),
    "question_marks": re.compile(r"\?"),
    "commands": _COMMAND,
    "powers": re.compile(r"\^"),
    "equations": re.compile("="),
    "formulas": re.compile(r"\$[^$]*\$"),
    "parentheses": re.compile(r"\("),
    "brackets": re.compile(r"\["),
    "quotes": re.compile("[\"']"),
    "lines": re.compile(r"\n"),
    "commas": re.compile(","),
    "capitals": re.compile(r"\b[A-Z]\b"),
    "statements": re.compile(
        r"(?m)^\s*(?:def|for|while|if|elif|else|return|class|import|try|except|with|assert)\b"
    ),
    "calls": _CALL,
}
_IN_QUESTION: dict[str, re.Pattern[str]] = {
    "superlatives": _words(
        *("most", "least", "first", "last", r"\w+est", "only", "maximum", "minimum", "second", "third"),
        *("best", "worst"),
    ),
    "calculations": re.compile(
        r"\b(?:percent\w*|ratio|average|mean|difference|change|increase\w*|decrease\w*|growth|proportion|total"
        r"|sum|compare\w*|exceed\w*)\b|%",
        re.IGNORECASE,
    ),
    "number_words": _words(
        *("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
        *("twenty", "thirty", "hundred", "thousand", "million", "half", "twice", "double", "triple"),
        *("third", "quarter", "dozen", "times"),
    ),
    "rates": _words(
        *("hours?", "minutes?", "days?", "weeks?", "months?", "years?", "per", "each", "every", "rate"),
        *("speed", "miles?", "interest", "discount", "profit", "cost", "price"),
    ),
    "comparisons": _words(
        *("than", "as many", "as much", "fewer", "more", "less", "remaining", "remainder", "left", "rest"),
        *("already", "after", "before", "then", "instead", "until", "while"),
    ),
    "quantifiers": _words(
        *("all", "any", "each", "every", "exists?", "some", "number of", "how many", "ways", "possible"),
        *("values?", "distinct", "such that", "integers?", "real", "positive", "negative", "nonnegative"),
        *("prime", "divisor", "factor", "digits?"),
    ),
    "question_numbers": _NUMBER,
    "question_commas": re.compile(","),
    "percent": re.compile(r"%|percent", re.IGNORECASE),
    "fractions": re.compile(r"\d/\d"),
    "small_letters": re.compile(r"\b[a-z]\b"),
}
_IN_CODE: dict[str, re.Pattern[str]] = {
    "loops": re.compile(r"\b(?:for|while)\b"),
    "branches": re.compile(r"\b(?:if|elif|else)\b"),
}
_ASKS = {
    f"asks_{word.replace(' ', '_')}": _words(word)
    for word in ("who", "when", "where", "which", "why", "how many", "how much", "how", "what")
}


@dataclass(frozen=True)
class _Text:
    """A text and its parts, each found once."""

    text: str

    @cached_property
    def words(self) -> list[str]:
        return _WORD.findall(self.text)

    @cached_property
    def numbers(self) -> list[str]:
        return _NUMBER.findall(self.text)

    @cached_property
    def question(self) -> str:
        starts = list(_QUESTION.finditer(self.text))
        asked = self.text[starts[-1].end() :] if starts else self.text
        options = _OPTION.search(asked)
        return (asked[: options.start()] if options and options.start() else asked).strip() or self.text

    @cached_property
    def question_words(self) -> list[str]:
        return [word.lower() for word in _WORD.findall(self.question)]

    @cached_property
    def options(self) -> list[str]:
        return [match[2].strip() for match in _OPTION.finditer(self.text)]

    @cached_property
    def sentences(self) -> list[str]:
        return [part for part in _SENTENCE_END.split(self.text) if part.strip()] or [self.text]


def _depth(text: _Text) -> float:
    depth = deepest = 0
    for character in re.findall(r"[()\[\]{}]", text.text):
        depth = depth + 1 if character in "([{" else max(0, depth - 1)
        deepest = max(deepest, depth)
    return float(min(deepest, 12))


def _largest(text: _Text) -> float:
    values = [float(number.replace(",", "").rstrip(".")[:15]) for number in text.numbers]
    return log1p(max(values, default=0.0))


def _overlap(text: _Text) -> float:
    """The share of the question's content words that its passage has; 0 without a passage."""
    if text.options or len(text.question) * 2 >= len(text.text):
        return 0.0
    passage = {word.lower() for word in _WORD.findall(text.text.replace(text.question, " "))}
    asked = set(text.question_words) - _FUNCTION_WORDS
    return sum(word in passage for word in asked) / (len(asked) + 1)


def _option_likeness(text: _Text) -> float:
    """The mean overlap of two options' words."""
    sets = [{word.lower() for word in _WORD.findall(option)} for option in text.options]
    pairs = [(a, b) for i, a in enumerate(sets) for b in sets[:i]]
    return sum(len(a & b) / (len(a | b) + 1) for a, b in pairs) / max(1, len(pairs))


def _share(part: float, whole: float) -> float:
    return part / (whole + 1)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


_OTHER: dict[str, Callable[[_Text], float]] = {
    "words": lambda t: log1p(len(t.words)),
    "sentences": lambda t: log1p(len(t.sentences)),
    "sentence_words": lambda t: log1p(len(t.words) / len(t.sentences)),
    "last_sentence": lambda t: log1p(len(t.sentences[-1])),
    "numbers": lambda t: log1p(len(t.numbers)),
    "distinct_numbers": lambda t: log1p(len(set(t.numbers))),
    "largest_number": _largest,
    "decimals": lambda t: log1p(sum("." in number for number in t.numbers)),
    "number_share": lambda t: _share(len(t.numbers), len(t.words)),
    "distinct_commands": lambda t: log1p(len(set(_COMMAND.findall(t.text)))),
    "distinct_calls": lambda t: log1p(len(set(_CALL.findall(t.text)))),
    "depth": _depth,
    "symbol_share": lambda t: _share(len(re.findall(r"[^\w\s]|_", t.text)), len(t.text)),
    "distinct_words": lambda t: _share(len({word.lower() for word in t.words}), len(t.words)),
    "word_length": lambda t: _mean([len(word) for word in t.words]),
    "capitalised": lambda t: _share(sum(word[0].isupper() for word in t.words), len(t.words)),
    "question_words": lambda t: log1p(len(t.question_words)),
    "overlap": _overlap,
    "option_length": lambda t: log1p(_mean([len(option) for option in t.options])),
    "numeric_options": lambda t: _mean([not option[:1].isalpha() for option in t.options]),
    "option_likeness": _option_likeness,
    "variables": lambda t: log1p(len(set(re.findall(r"(?<![\\A-Za-z])[A-Za-z](?![A-Za-z])", t.question)))),
    "drawing": lambda t: float("[asy]" in t.text),
    "names": lambda t: _share(
        sum(word[0].isupper() for word in _WORD.findall(t.question)[1:]), len(t.question_words)
    ),
    "function_words": lambda t: _share(
        sum(word in _FUNCTION_WORDS for word in t.question_words), len(t.question_words)
    ),
    "long_words": lambda t: _share(sum(len(word) > 7 for word in t.question_words), len(t.question_words)),
    "abstract_words": lambda t: _share(
        sum(bool(_ABSTRACT.match(word)) for word in t.question_words), len(t.question_words)
    ),
}
NAMES: tuple[str, ...] = (*_OTHER, *_IN_TEXT, *_IN_QUESTION, *_IN_CODE, *_ASKS)


def shape_of(text: str) -> list[float]:
    """The features of a text, in the order of `NAMES`; all finite."""
    if len(text) > _MOST_CHARS:
        text = f"{text[: _MOST_CHARS // 2]} {text[-_MOST_CHARS // 2 :]}"
    parts = _Text(text)
    in_text = {name: log1p(len(pattern.findall(text))) for name, pattern in _IN_TEXT.items()}
    code = in_text["statements"] > 0
    return [
        *(feature(parts) for feature in _OTHER.values()),
        *in_text.values(),
        *(log1p(len(pattern.findall(parts.question))) for pattern in _IN_QUESTION.values()),
        *(log1p(len(pattern.findall(text))) if code else 0.0 for pattern in _IN_CODE.values()),
        *(float(pattern.search(parts.question) is not None) for pattern in _ASKS.values()),
    ]


def shapes(texts: Sequence[str]) -> NDArray[np.float64]:
    """The features of texts: float64 (n, len(NAMES))."""
    return np.array([shape_of(text) for text in texts], dtype=np.float64).reshape(len(texts), len(NAMES))
