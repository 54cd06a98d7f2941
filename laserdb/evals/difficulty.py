"""`laserdb eval difficulty`: does a score measure difficulty? (LASER §A.2.4, Figures 11 to 13)"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from laserdb.evals.agreement import both, mean_spearman

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

UNKNOWN = "(none)"


@dataclass(frozen=True, slots=True)
class Measured:
    """What is compared, one entry per item, NaN where there is none: float64 (n,) each.

    `target` is the models' failure (higher = harder), `level` people's rating, `length` tokens of the
    instruction.
    """

    dataset: NDArray[np.str_]
    category: NDArray[np.str_]
    target: Numbers
    level: Numbers
    length: Numbers
    scores: dict[str, Numbers] = field(default_factory=dict)


def report(measured: Measured, *, times: int = 1000, seed: int = 0) -> dict[str, Any]:
    """A section per scorer, JSON-able: agreement with targets, levels and length.

    `target` and `level` each have `overall` (all items in one ranking), `mean_over_datasets` (Spearman),
    `by_dataset` and `by_category`; `length` has the same of the score with the length.
    """
    return {name: section(measured, score, times, seed) for name, score in measured.scores.items()}


def section(measured: Measured, score: Numbers, times: int, seed: int) -> dict[str, Any]:
    """One scorer's agreement with everything that is known."""
    found: dict[str, Any] = {
        "scored": int(np.isfinite(score).sum()),
        "unscored": int((~np.isfinite(score)).sum()),
        "target": agreement(measured, score, measured.target, times, seed),
        "length": agreement(measured, score, measured.length, times, seed),
    }
    if np.isfinite(measured.level).any():
        found["level"] = agreement(measured, score, measured.level, times, seed)
    return found


def agreement(measured: Measured, score: Numbers, other: Numbers, times: int, seed: int) -> dict[str, Any]:
    """Correlations overall, by data set and by category, over items that have both."""
    known = np.isfinite(score) & np.isfinite(other)

    def by(names: NDArray[np.str_]) -> dict[str, Any]:
        return {
            str(name): both(score[known & (names == name)], other[known & (names == name)], times, seed)
            for name in np.unique(names[known])
        }

    groups = [
        (score[known & (measured.dataset == name)], other[known & (measured.dataset == name)])
        for name in np.unique(measured.dataset[known])
    ]
    return {
        "overall": both(score[known], other[known], times, seed),
        "mean_over_datasets": mean_spearman(groups, times, seed).as_dict(),
        "by_dataset": by(measured.dataset),
        "by_category": by(measured.category),
    }


def category_means(measured: Measured) -> Numbers:
    """A baseline: the mean target of the item's category over the other data sets; NaN without any."""
    out = np.full(len(measured.target), np.nan)
    known = np.isfinite(measured.target)
    for name in np.unique(measured.dataset):
        for category in np.unique(measured.category):
            elsewhere = known & (measured.category == category) & (measured.dataset != name)
            if elsewhere.any():
                out[(measured.dataset == name) & (measured.category == category)] = measured.target[
                    elsewhere
                ].mean()
    return out


def sample(dataset: Sequence[str], limit: int | None, seed: int) -> list[int]:
    """Places of at most `limit` items of each data set, in order."""
    if limit is None:
        return list(range(len(dataset)))
    taken: dict[str, int] = {}
    chosen = []
    for place in np.random.default_rng(seed).permutation(len(dataset)).tolist():
        taken[dataset[place]] = taken.get(dataset[place], 0) + 1
        if taken[dataset[place]] <= limit:
            chosen.append(place)
    return sorted(chosen)
