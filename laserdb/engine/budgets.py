"""Budgets as users write them: 10000, 25k, 1000,5000,25000, 5M-tokens."""

from __future__ import annotations

import re
from collections.abc import Sequence

from laserdb.engine.choose import Budget
from laserdb.errors import UsageError

FORM = re.compile(r"(\d+(?:\.\d+)?)([kKmMbB]?)(-tokens)?")
FACTORS = {"": 1, "k": 1_000, "m": 1_000_000, "b": 1_000_000_000}


def parse_budgets(m: int | str | Sequence[int]) -> list[Budget]:
    """Budgets from a number, a text or several numbers. Raises UsageError for anything else."""
    if isinstance(m, int):
        return [Budget(m)]
    if not isinstance(m, str):
        return [Budget(one) for one in m]
    return [parse_budget(part.strip()) for part in m.split(",")]


def parse_budget(text: str) -> Budget:
    """One budget of samples or tokens."""
    match = FORM.fullmatch(text)
    amount = float(match[1]) * FACTORS[match[2].lower()] if match else 0.5
    if not match or amount != int(amount):
        raise UsageError(f"-m {text}: give samples (10000, 25k), several (1000,5000) or tokens (5M-tokens)")
    return Budget(int(amount)) if match[3] is None else Budget(0, int(amount))
