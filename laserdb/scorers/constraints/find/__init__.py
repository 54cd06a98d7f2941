"""Constraints in an instruction's wording, by rules."""

from __future__ import annotations

from laserdb.scorers.constraints.model import Constraint, ConstraintType


def find(instruction: str) -> list[Constraint]:
    """The constraints that rules find and can verify, in the order of their spans."""
    return []


def parse(type: ConstraintType | str, span: str, instruction: str = "") -> Constraint | None:
    """The constraint that a judge named by type and span, with parameters where a rule verifies it.

    None if the type is unknown. `instruction` is the text that the span stands in; what the span leaves
    open (the sentence around it, the request to repeat) is read there.
    """
    return Constraint(ConstraintType(type), span)
