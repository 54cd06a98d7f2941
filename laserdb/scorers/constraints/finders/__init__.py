"""Constraints in an instruction's wording, by rules."""

from __future__ import annotations

import re
from types import ModuleType

from laserdb.scorers.constraints.finders import (
    case,
    choice,
    ends,
    form,
    frequency,
    keywords,
    languages,
    length,
    marks,
    parts,
)
from laserdb.scorers.constraints.finders.reading import LIMIT, Reading, words_of
from laserdb.scorers.constraints.model import Constraint, ConstraintType

_FINDERS: tuple[ModuleType, ...] = (
    length,
    form,
    parts,
    frequency,
    keywords,
    case,
    marks,
    languages,
    choice,
    ends,
)

_FRAMES = {
    ConstraintType.LETTER_CASE: ("Your entire response should be in {}.", "Use {}."),
    ConstraintType.PLACEHOLDER_AND_POSTSCRIPT: ("Include {} in your response.",),
    ConstraintType.REPEAT_PROMPT: ("First repeat {} word for word.",),
    ConstraintType.OUTPUT_COMBINATION: ("Give {}.",),
    ConstraintType.CHOOSE_OUTPUT: ("Answer with one of the following options: {}",),
    ConstraintType.OUTPUT_FORMAT: (
        "Your response should be in {}.",
        "Use {} in your response.",
        "Highlight {}.",
    ),
    ConstraintType.KEYWORD_INCLUDED: ("Include the words {} in your response.", 'Include the word "{}".'),
    ConstraintType.KEYWORD_AVOIDED: ("Do not use the words {}.", 'Do not use the word "{}".'),
    ConstraintType.KEYWORD_FREQUENCY: ("Use {} in your response.", "The word {}."),
    ConstraintType.LANGUAGE: ("Your entire response should be in {}.", "Your entire response should be {}."),
    ConstraintType.LENGTH: ("Answer with {}.", "Answer in {}."),
    ConstraintType.PUNCTUATION: ("Do not use any {}.", "Wrap your entire response in {}."),
    ConstraintType.START_AND_ENDING: (
        "Your response should {}.",
        "End your response with {}.",
        'End your response with "{}".',
    ),
}
"""Sentences that make a judge's span ("400 or more words", "Hindi") a demand that the rules understand."""


def find(instruction: str) -> list[Constraint]:
    """The constraints that rules find and can verify, by kind, each once.

    Only what is asked of the answer as a whole: not of its parts ("each line"), not of a program to be
    written, not what stands in a quotation or passage.
    """
    text = instruction[:LIMIT]
    words = words_of(text)
    reading = Reading(instruction)
    found: list[Constraint] = []
    for module in _FINDERS:
        if module.relevant(text, words):
            found.extend(module.find(reading))
    return _without_repeats(found)


def _without_repeats(found: list[Constraint]) -> list[Constraint]:
    seen = set()
    kept = []
    for constraint in found:
        key = (constraint.type, constraint.params)
        if key not in seen:
            seen.add(key)
            kept.append(constraint)
    return kept


def parse(type: ConstraintType | str, span: str, instruction: str = "") -> Constraint | None:
    """The constraint that a judge named by type and span, with parameters where a rule verifies it.

    None if the type is none of Figure 21's. `instruction` is the text that the span stands in, or "": what
    the span leaves open (the request to repeat, the divider of paragraphs) is read there. A constraint that
    no rule understands comes back without parameters, for a judge to verify.
    """
    try:
        kind = ConstraintType(type)
    except ValueError:
        return None
    for constraint in find(instruction) if instruction else ():
        if constraint.type is kind and _overlap(constraint.span, span):
            return Constraint(kind, span, constraint.params)
    bare = span.strip().rstrip(".")
    for text in (span, *(frame.format(bare) for frame in _FRAMES.get(kind, ()))):
        found = find(text)
        same = [constraint for constraint in found if constraint.type is kind] or (
            found if len(found) == 1 else []
        )
        if len(same) == 1:
            return Constraint(kind, span, same[0].params)
    return Constraint(kind, span)


def _overlap(found: str, named: str) -> bool:
    """Whether one of the two wordings holds the other, apart from case, spaces and punctuation."""
    a, b = (" ".join(re.findall(r"\w+", text.lower())) for text in (found, named))
    return bool(a and b) and (a in b or b in a)
