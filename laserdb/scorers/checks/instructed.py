"""Constraints that the instruction expresses and rules can verify: which of them the response follows."""

from __future__ import annotations

from functools import lru_cache

from laserdb.scorers.checks.view import Finding, View, excerpt
from laserdb.scorers.constraints import Constraint, find, verify
from laserdb.scorers.constraints.model import Language, Length

Verdicts = tuple[tuple[Constraint, bool], ...]


@lru_cache(maxsize=4)
def verdicts(view: View) -> Verdicts:
    """The constraints found by rules with whether the response follows each; none of a program's request."""
    found = (
        (constraint, verify(constraint, view.instruction, view.response))
        for constraint in find(view.instruction)
    )
    return tuple((constraint, followed) for constraint, followed in found if followed is not None)


def broken_constraint(view: View) -> Finding | None:
    """The response breaks constraints of the instruction; severe in the share that it breaks."""
    judged = verdicts(view)
    broken = [constraint for constraint, followed in judged if not followed]
    if not broken:
        return None
    spans = "; ".join(f"“{excerpt(constraint.span)}”" for constraint in broken[:5])
    return Finding("broken_constraint", spans, len(broken) / len(judged))


def limits_length(view: View) -> bool:
    """Whether a constraint on the length was found, so that no other check needs to look for one."""
    return any(isinstance(constraint.params, Length) for constraint, _ in verdicts(view))


def names_language(view: View) -> bool:
    """Whether a language was asked for."""
    return any(isinstance(constraint.params, Language) for constraint, _ in verdicts(view))
