"""Constraints that an instruction expresses: found by rules, verified by rules (LASER §3.2.2, A.3.1).

`find` reads an instruction, `parse` understands a constraint that a judge named, `verify` says whether a
response follows it, with the semantics of IFEval's checkers (Zhou et al., 2023), read strictly.
"""

from __future__ import annotations

from laserdb.scorers.constraints.finders import find, parse
from laserdb.scorers.constraints.model import Bounds, Constraint, ConstraintType, Rule
from laserdb.scorers.constraints.verify import verify

__all__ = ["Bounds", "Constraint", "ConstraintType", "Rule", "find", "parse", "verify"]
