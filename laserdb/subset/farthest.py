"""Greedy k-center: always the sample farthest from the chosen ones (Gonzalez 1985)."""

from __future__ import annotations

import numpy as np

from laserdb.clustering.workers import Workers, spans
from laserdb.progress import Progress, Silent
from laserdb.subset.common import BLOCK, Floats, Ints, unit_rows


def k_center(x: Floats, m: int, *, threads: int | None = None, progress: Progress | None = None) -> Ints:
    """Positions of `m` rows: the first one, then always the one least similar to those chosen, by cosine.

    The greedy choice itself, up to float32's rounding; equally far rows by position. A row's distance
    can only fall as centres are added, so an old distance bounds it: only the rows that might be the
    farthest are brought up to date, a block at a time. Scales `x` to unit rows in place.
    """
    x = unit_rows(x)
    n, listener = len(x), progress or Silent()
    m = min(m, n)
    if m == 0:
        return np.empty(0, np.int64)
    chosen = [0]
    listener.start("k-center", m, "samples")
    with Workers(threads) as workers:
        # The best cosine to the centres so far, and to how many of them.
        near = np.concatenate(list(workers.map(lambda span: x[span] @ x[0], spans(n, BLOCK))))
        seen = np.ones(n, np.int64)
        near[0] = np.inf
        while len(chosen) < m:
            top = _lowest(near, BLOCK)
            outside = np.ones(n, bool)
            outside[top] = False
            rest = np.flatnonzero(outside)
            bound = near[rest].min() if len(rest) else np.inf
            tie = rest[near[rest].argmin()] if len(rest) else n
            _update(x, top, near, seen, chosen, workers)
            block = x[top]
            added = len(chosen)
            while len(chosen) < m:
                best = int(near[top].argmin())
                value, row = near[top[best]], int(top[best])
                # An outside row may be farther still: look again.
                if value > bound or (value == bound and row > tie):
                    break
                chosen.append(row)
                near[top] = np.maximum(near[top], block @ x[row])
                near[row] = np.inf
            seen[top] = len(chosen)
            listener.advance(len(chosen) - added)
    listener.finish()
    return np.array(chosen, np.int64)


def _lowest(near: Floats, size: int) -> Ints:
    """The positions of the smallest values, ascending by position."""
    if len(near) <= size:
        return np.arange(len(near))
    found = np.argpartition(near, size - 1)[:size]
    limit = near[found].max()
    # Of equal values the earlier positions, whatever argpartition made of them.
    below = np.flatnonzero(near < limit)
    equal = np.flatnonzero(near == limit)[: size - len(below)]
    top: Ints = np.sort(np.concatenate([below, equal]))
    return top


def _update(x: Floats, top: Ints, near: Floats, seen: Ints, chosen: list[int], workers: Workers) -> None:
    """Bring these rows' best cosines up to date."""
    first = int(seen[top].min())
    centres = np.array(chosen[first:], np.int64)
    block = x[top]
    best = near[top]
    for found in workers.map(
        lambda span: (block @ x[centres[span]].T).max(axis=1), spans(len(centres), BLOCK)
    ):
        best = np.maximum(best, found)
    near[top] = best
    seen[top] = len(chosen)
