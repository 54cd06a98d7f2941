"""What a constraint is: its type as the paper names it, where it stands, and what can be verified of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import ceil


class ConstraintType(StrEnum):
    """The constraint types of LASER, Figure 21, in its order."""

    LETTER_CASE = "letter_case"
    PLACEHOLDER_AND_POSTSCRIPT = "placeholder_and_postscript"
    REPEAT_PROMPT = "repeat_prompt"
    OUTPUT_COMBINATION = "output_combination"
    CHOOSE_OUTPUT = "choose_output"
    OUTPUT_FORMAT = "output_format"
    KEYWORD_INCLUDED = "keyword_included"
    KEYWORD_AVOIDED = "keyword_avoided"
    KEYWORD_FREQUENCY = "keyword_frequency"
    LANGUAGE = "language"
    LENGTH = "length"
    PUNCTUATION = "punctuation"
    START_AND_ENDING = "start_and_ending"
    WRITING_STYLE = "writing_style"
    WRITING_TYPE = "writing_type"
    TOPIC = "topic"


TOLERANCE = 0.1
"""How far from N "about N" may lie, as a share of N (rounded up to a whole)."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The counts that are allowed: from `low` to `high`, both included; None is open."""

    low: int | None = None
    high: int | None = None

    def allow(self, count: int) -> bool:
        return (self.low is None or count >= self.low) and (self.high is None or count <= self.high)

    @classmethod
    def exactly(cls, n: int) -> Bounds:
        return cls(n, n)

    @classmethod
    def about(cls, n: int) -> Bounds:
        """Within `TOLERANCE` of n, in whole numbers."""
        margin = ceil(n * TOLERANCE)
        return cls(max(n - margin, 0), n + margin)


class Rule:
    """Base of the parameters that a verifier needs; one subclass for every kind that rules can verify."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Case(Rule):
    """Every letter is `upper` or `lower`, and the text is in `language` (ISO 639-1) if that is given."""

    case: str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class CapitalWords(Rule):
    """How many words stand in capitals only."""

    bounds: Bounds


@dataclass(frozen=True, slots=True)
class Placeholders(Rule):
    """How many placeholders in [brackets] there are."""

    bounds: Bounds


@dataclass(frozen=True, slots=True)
class Postscript(Rule):
    """A postscript begins with `marker` ("P.S.", "P.P.S")."""

    marker: str


@dataclass(frozen=True, slots=True)
class RepeatPrompt(Rule):
    """The response begins with `text`; None: with the instruction's first part."""

    text: str | None = None


@dataclass(frozen=True, slots=True)
class Separated(Rule):
    """So many different responses, with `separator` between them and nowhere else."""

    count: int = 2
    separator: str = "******"


@dataclass(frozen=True, slots=True)
class OneOf(Rule):
    """The response has one of the options in it; in any case if not `cased`, as of options without quotes."""

    options: tuple[str, ...]
    cased: bool = True


@dataclass(frozen=True, slots=True)
class Json(Rule):
    """The whole response is JSON, with or without a fence around it."""


@dataclass(frozen=True, slots=True)
class Bullets(Rule):
    """How many bullet points there are, written with * or -."""

    bounds: Bounds


@dataclass(frozen=True, slots=True)
class Highlights(Rule):
    """How many parts are *highlighted* with Markdown."""

    bounds: Bounds


@dataclass(frozen=True, slots=True)
class Sections(Rule):
    """How many sections begin with `marker` and a number ("SECTION 1")."""

    bounds: Bounds
    marker: str = "Section"


@dataclass(frozen=True, slots=True)
class Title(Rule):
    """There is a title in <<double angular brackets>>."""


@dataclass(frozen=True, slots=True)
class Keywords(Rule):
    """Every keyword occurs, also as part of a word, whatever its case."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sentences(Rule):
    """Exactly `count` of these sentences occur as sentences of their own."""

    sentences: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Forbidden(Rule):
    """None of the words occurs as a whole word, whatever its case."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Frequency(Rule):
    """How often a keyword occurs, also as part of a word, whatever its case."""

    word: str
    bounds: Bounds


@dataclass(frozen=True, slots=True)
class LetterFrequency(Rule):
    """How often a letter or another single character occurs, whatever its case."""

    letter: str
    bounds: Bounds


@dataclass(frozen=True, slots=True)
class Language(Rule):
    """The whole response is in this language (ISO 639-1)."""

    code: str


@dataclass(frozen=True, slots=True)
class Length(Rule):
    """How many words, sentences or paragraphs there are.

    `unit` is "words", "sentences" or "paragraphs"; `divider` ("***") stands between paragraphs, None
    means blank lines.
    """

    unit: str
    bounds: Bounds
    divider: str | None = None


@dataclass(frozen=True, slots=True)
class ParagraphStart(Rule):
    """Paragraph `nth` (from 1), of `bounds` paragraphs set apart by blank lines, starts with `word`."""

    nth: int
    word: str
    bounds: Bounds = Bounds()


@dataclass(frozen=True, slots=True)
class Without(Rule):
    """None of these characters occurs (punctuation)."""

    characters: str


@dataclass(frozen=True, slots=True)
class Quoted(Rule):
    """The whole response stands in double quotation marks."""


@dataclass(frozen=True, slots=True)
class Start(Rule):
    """The response, or a line of it, starts with this phrase."""

    phrase: str


@dataclass(frozen=True, slots=True)
class End(Rule):
    """The response ends with this phrase, whatever its case."""

    phrase: str


@dataclass(frozen=True, slots=True)
class Constraint:
    """A constraint that an instruction expresses.

    `span` is the instruction's own wording; `params` is None where no rule verifies it (writing style,
    topic, or a wording that no rule understands).
    """

    type: ConstraintType
    span: str
    params: Rule | None = None
