"""Regression within groups, and how well its predictions rank what was left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def ranked_targets(y: NDArray[np.float64], groups: NDArray[np.int64]) -> NDArray[np.float64]:
    """Ranks within each group, standardised: no set's outliers or spread count more than another's."""
    out = np.empty(len(y))
    for group in np.unique(groups).tolist():
        ranks = _ranks(y[groups == group])
        out[groups == group] = (ranks - float(ranks.mean())) / max(float(ranks.std()), 1e-9)
    return out


def less(
    y: NDArray[np.float64], cause: NDArray[np.float64], groups: NDArray[np.int64], share: float
) -> NDArray[np.float64]:
    """y without a share of what the ranks of a cause explain of it (least squares) within each group."""
    ranked = ranked_targets(cause, groups)
    out: NDArray[np.float64] = y.copy()
    for group in np.unique(groups).tolist():
        members = groups == group
        norm = max(float(ranked[members] @ ranked[members]), 1e-9)
        out[members] -= share * ranked[members] * float(ranked[members] @ y[members]) / norm
    return out


def equal_weights(
    groups: NDArray[np.int64], shares: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """A weight per row, 1 on average, so that every group counts the same, or by its share (g,)."""
    sizes = np.bincount(groups)
    share = np.ones(len(sizes)) if shares is None else shares
    weights: NDArray[np.float64] = len(groups) * share[groups] / (share[sizes > 0].sum() * sizes[groups])
    return weights


def fit(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    groups: NDArray[np.int64],
    weights: NDArray[np.float64],
    alpha: float,
) -> NDArray[np.float64]:
    """Weighted ridge regression within groups: weights (d,) of the inputs.

    Both sides are centred per group first (fixed effects), so that what tells two data sets apart is not
    mistaken for a reason of y.
    """
    xc: NDArray[np.float64] = x.copy()
    yc: NDArray[np.float64] = y.copy()
    for group in np.unique(groups).tolist():
        members = groups == group
        xc[members] = xc[members] - xc[members].mean(axis=0)
        yc[members] = yc[members] - float(yc[members].mean())
    weighted = xc * weights[:, None]
    penalised = weighted.T @ xc + alpha * np.eye(x.shape[1])
    return np.asarray(np.linalg.solve(penalised, weighted.T @ yc), dtype=np.float64)


def predicted(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    groups: NDArray[np.int64],
    folds: NDArray[np.int64],
    weights: NDArray[np.float64],
    alpha: float,
) -> NDArray[np.float64]:
    """Predictions (n,) for each row by a head that was trained without its fold; NaN in negative folds.

    Rows of negative folds are always trained on.
    """
    out = np.full(len(y), np.nan)
    for fold in np.unique(folds[folds >= 0]).tolist():
        train = folds != fold
        out[~train] = x[~train] @ fit(x[train], y[train], groups[train], weights[train], alpha)
    return out


def slope(predictions: NDArray[np.float64], y: NDArray[np.float64], groups: NDArray[np.int64]) -> float:
    """Points of score per unit of prediction, within groups; a hundredth at least, to keep the order."""
    p: NDArray[np.float64] = predictions.copy()
    t: NDArray[np.float64] = y.copy()
    for group in np.unique(groups).tolist():
        p[groups == group] -= p[groups == group].mean()
        t[groups == group] -= t[groups == group].mean()
    return max(0.01, float(p @ t) / max(float(p @ p), 1e-9))


def spearman(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Rank correlation, ties at their mean rank; 0 if one side is constant."""
    if len(a) < 2:
        return 0.0
    x, y = _ranks(a), _ranks(b)
    x, y = x - x.mean(), y - y.mean()
    norm = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / norm if norm else 0.0


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: NDArray[np.float64] = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return ranks


def by_group(a: NDArray[np.float64], b: NDArray[np.float64], groups: NDArray[np.int64]) -> list[float]:
    """The rank correlation within each group, in the order of the groups."""
    return [spearman(a[groups == g], b[groups == g]) for g in np.unique(groups).tolist()]
