"""Small Python programs run without Python running them: an interpreter of a safe subset, with a budget.

Nothing of the program reaches the machine: no import, no file, no attribute but listed methods, and every
operation is charged, so that a trial ends soon whatever the program does.
"""

from __future__ import annotations

from laserdb.scorers.checks.trial.limits import GaveUpError
from laserdb.scorers.checks.trial.statements import Function, Program

__all__ = ["Function", "GaveUpError", "Program"]
