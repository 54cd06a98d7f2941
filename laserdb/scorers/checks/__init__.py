"""Scorer `checks`: quality of a turn by rules alone; no model, the same on every machine."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import ClassVar

from laserdb.scorers.base import Batch, Failed, Identity, Result, Scored, Scorer, Turn, Unit
from laserdb.scorers.checks.grammars import MODULES
from laserdb.scorers.checks.instructed import Verdicts
from laserdb.scorers.checks.score import CODE_VERSION, judge_fully

__all__ = ["Checks"]


class Checks(Scorer):
    """Judges an instruction with its response by faults that rules can find, and says which.

    The score is in [0, 1] (see `score.py` for the formula); `reasons` holds the codes of what was
    found, gravest first, `details` a JSON object from each code to what and where, and `constraints` a JSON
    list of what the instruction demands of the answer's form, as far as rules can verify it.
    """

    name: ClassVar[str] = "checks"
    summary: ClassVar[str] = (
        "quality by rules: empty, refused, cut off, repeated, broken code, sums or constraints, ungrounded"
    )
    modules: ClassVar[tuple[str, ...]] = ("markdown_it", "py3langid", *MODULES)
    unit: ClassVar[Unit] = Unit.TURN

    @property
    def columns(self) -> Mapping[str, str]:
        return {"reasons": "VARCHAR[]", "details": "JSON", "constraints": "JSON"}

    @property
    def identity(self) -> Identity:
        return Identity(self.name, model="rules", revision="", code_version=CODE_VERSION)

    def score(self, batch: Batch) -> Sequence[Result]:
        return [_result(turn) for turn in batch.turns]


def _result(turn: Turn) -> Result:
    """One turn's result; a check that crashes fails this turn and no other."""
    if turn.response is None:
        return Failed("no_response")
    try:
        score, findings, verdicts = judge_fully(turn.instruction, turn.response)
    except Exception as error:
        return Failed("internal_error", f"{type(error).__name__}: {error}")
    details = json.dumps({f.reason: f.detail for f in findings}) if findings else None
    values = {
        "reasons": [f.reason for f in findings],
        "details": details,
        "constraints": _constraints(verdicts),
    }
    return Scored(score, values)


def _constraints(verdicts: Verdicts) -> str | None:
    """The column `constraints`: what was asked for, and whether it is followed; None without any."""
    if not verdicts:
        return None
    found = [
        {"type": str(constraint.type), "span": constraint.span, "followed": followed, "by": "rule"}
        for constraint, followed in verdicts
    ]
    return json.dumps(found, ensure_ascii=False)
