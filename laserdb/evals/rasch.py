"""A one-parameter item response model (1PL, Rasch): P(model m solves item i) = σ(θ_m − β_i).

Fitted by marginal maximum likelihood: β_i ~ N(0, s²) is integrated out on a grid, the abilities θ and s are
estimated by EM, and an item's difficulty is its posterior mean. Item response theory has many takers and few
items and integrates over the takers; here few models take thousands of items, and estimating a parameter
for each item (joint maximum likelihood) would be inconsistent and infinite for items that all or none solve.
No library fits it this way round with fractional scores, for which the Bernoulli likelihood is taken as a
quasi-likelihood: s·log P + (1 − s)·log(1 − P).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_GRID = np.linspace(-8.0, 8.0, 97)
_MOST_STEPS = 2000
_CLOSE = 1e-5
_BOUND = 12.0  # |θ| of a model that solves everything or nothing


def rasch(items: Sequence[int], models: Sequence[int], scores: Sequence[float]) -> NDArray[np.float64]:
    """The difficulty β of items 1 … n, higher = harder, in logits around 0: float64 (n,).

    `items` and `models` are 1-based numbers, `scores` in [0, 1]; a model need not have taken every item.
    """
    beta, _, _ = fit(items, models, scores)
    return beta


def fit(
    items: Sequence[int], models: Sequence[int], scores: Sequence[float]
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Difficulties (n,), abilities (m,) and the spread s of the difficulties."""
    i, m = np.asarray(items) - 1, np.asarray(models) - 1
    taken = np.zeros((i.max() + 1, m.max() + 1))
    right = np.zeros_like(taken)
    taken[i, m], right[i, m] = 1.0, scores
    share = (right.sum(0) + 0.5) / (taken.sum(0) + 1)
    theta, spread = np.log(share / (1 - share)), 1.0
    for _ in range(_MOST_STEPS):
        weights = _posterior(taken, right, theta, spread)
        before, old_spread = theta, spread
        theta = _abilities(right.sum(0), taken.T @ weights, theta)
        spread = max(1e-3, float(np.sqrt(np.mean(weights @ _GRID**2))))
        if max(np.abs(theta - before).max(), abs(spread - old_spread)) < _CLOSE:
            break
    return _posterior(taken, right, theta, spread) @ _GRID, theta, spread


def _posterior(
    taken: NDArray[np.float64], right: NDArray[np.float64], theta: NDArray[np.float64], spread: float
) -> NDArray[np.float64]:
    """Probability of each grid point for each item: (items, grid)."""
    logit = theta[:, None] - _GRID[None, :]
    log_right, log_wrong = -np.logaddexp(0, -logit), -np.logaddexp(0, logit)
    log_weight = right @ log_right + (taken - right) @ log_wrong - 0.5 * (_GRID / spread) ** 2
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    normalised: NDArray[np.float64] = weight / weight.sum(axis=1, keepdims=True)
    return normalised


def _abilities(
    solved: NDArray[np.float64], expected: NDArray[np.float64], theta: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Newton's method for each θ: Σ over the grid of expected · σ(θ − β) = the model's sum of scores."""
    for _ in range(20):
        p = 1 / (1 + np.exp(-(theta[:, None] - _GRID[None, :])))
        slope = np.maximum((expected * p * (1 - p)).sum(1), 1e-9)
        step = np.clip((solved - (expected * p).sum(1)) / slope, -1, 1)
        theta = np.clip(theta + step, -_BOUND, _BOUND)
        if np.abs(step).max() < _CLOSE / 10:
            break
    return theta
