"""How diverse a set of vectors is."""

from __future__ import annotations

import numpy as np

from laserdb.clustering.workers import Workers, spans
from laserdb.subset.common import BLOCK, Floats


def nearest_distance(x: Floats, *, threads: int | None = None) -> float:
    """Mean of 1 − cosine from each unit row to its nearest other one; 0 for fewer than two rows."""
    n = len(x)
    if n < 2:
        return 0.0

    def job(span: slice) -> float:
        best = np.full(span.stop - span.start, -np.inf, np.float32)
        for other in spans(n, BLOCK):
            similar = x[span] @ x[other].T
            same = np.arange(max(span.start, other.start), min(span.stop, other.stop))
            similar[same - span.start, same - other.start] = -np.inf
            np.maximum(best, similar.max(axis=1), out=best)
        return float((1 - best.astype(np.float64)).sum())

    with Workers(threads) as workers:
        return max(0.0, sum(workers.map(job, spans(n, BLOCK))) / n)


def vendi_score(x: Floats) -> float:
    """exp of the entropy of the eigenvalues of XXᵀ/n, for unit rows (Friedman and Dieng 2023, eq. 1).

    From 1 (all alike) to the smaller of n and d: the d × d matrix XᵀX/n has the same eigenvalues.
    """
    n, d = x.shape
    if n == 0:
        return 0.0
    total = np.zeros((d, d)) if d <= n else np.zeros((n, n))
    if d <= n:
        for span in spans(n, BLOCK):
            total += x[span].T @ x[span]
    else:
        total += x @ x.T
    values = np.linalg.eigvalsh(total / n)
    values = values[values > 1e-12]
    return float(np.exp(-(values * np.log(values)).sum()))
