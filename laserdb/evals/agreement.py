"""How well a score agrees with something else: correlations with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

_LEAST = 3
_AT_ONCE = 1 << 22


@dataclass(frozen=True, slots=True)
class Correlation:
    """A coefficient with its 95 % interval; None where a side is constant or has fewer than three values."""

    value: float | None
    low: float | None = None
    high: float | None = None

    def as_dict(self) -> dict[str, float | None]:
        """As JSON-able values, four decimals."""
        return {key: None if one is None else round(one, 4) for key, one in asdict(self).items()}


def ranks(values: Numbers) -> Numbers:
    """Ranks from 1, ties at their mean rank."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    found: Numbers = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return found


def pearson(a: Numbers, b: Numbers, times: int = 0, seed: int = 0) -> Correlation:
    """The product-moment correlation; `times` resamplings of the pairs for the interval."""
    samples = resampled(a, b, times, seed)
    return Correlation(_coefficient(a, b), *interval(samples))


def spearman(a: Numbers, b: Numbers, times: int = 0, seed: int = 0) -> Correlation:
    """The rank correlation. The interval resamples the pairs of ranks, which aren't ranked anew."""
    return pearson(ranks(a), ranks(b), times, seed) if len(a) else Correlation(None)


def mean_spearman(groups: Sequence[tuple[Numbers, Numbers]], times: int, seed: int) -> Correlation:
    """The mean over groups of their rank correlations; items are resampled within each group."""
    ranked = [(ranks(a), ranks(b)) for a, b in groups]
    values = [value for a, b in ranked if (value := _coefficient(a, b)) is not None]
    if not values:
        return Correlation(None)
    samples = [
        resampled(a, b, times, seed + i) for i, (a, b) in enumerate(ranked) if _coefficient(a, b) is not None
    ]
    return Correlation(float(np.mean(values)), *interval(np.mean(samples, axis=0)))


def resampled(a: Numbers, b: Numbers, times: int, seed: int) -> Numbers:
    """Correlations of `times` bootstrap samples of the pairs; 0 where a sample is constant."""
    n = len(a)
    if n < _LEAST or times < 1:
        return np.empty(0)
    rng = np.random.default_rng(seed)
    step = max(1, _AT_ONCE // n)
    found = []
    for start in range(0, times, step):
        picks = rng.integers(0, n, (min(step, times - start), n))
        x, y = a[picks], b[picks]
        x, y = x - x.mean(1, keepdims=True), y - y.mean(1, keepdims=True)
        norm = np.sqrt((x * x).sum(1) * (y * y).sum(1))
        found.append(np.divide((x * y).sum(1), norm, out=np.zeros(len(x)), where=norm > 0))
    return np.concatenate(found)


def interval(samples: Numbers) -> tuple[float | None, float | None]:
    """The middle 95 % of bootstrap values."""
    if not len(samples):
        return None, None
    low, high = np.quantile(samples, [0.025, 0.975])
    return float(low), float(high)


def _coefficient(a: Numbers, b: Numbers) -> float | None:
    if len(a) < _LEAST:
        return None
    x, y = a - a.mean(), b - b.mean()
    norm = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / norm if norm > 1e-12 else None


def both(a: Numbers, b: Numbers, times: int, seed: int) -> dict[str, Any]:
    """Spearman and Pearson as JSON-able values, with the number of pairs."""
    return {
        "items": len(a),
        "spearman": spearman(a, b, times, seed).as_dict(),
        "pearson": pearson(a, b, times, seed).as_dict(),
    }
