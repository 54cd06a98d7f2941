"""Facility location: the samples that best stand for all others (Minoux 1978 for the lazy greedy)."""

from __future__ import annotations

import heapq

import numpy as np

from laserdb.progress import Progress, Silent
from laserdb.subset.common import Floats, Ints, unit_rows
from laserdb.subset.neighbours import Graph, neighbour_graph


def facility_location(
    x: Floats,
    m: int,
    neighbours: int = 32,
    *,
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Ints:
    """Positions of `m` rows, greedily for Σ_i max_{j chosen} s_ij; s is the cosine on a neighbour graph.

    s_ii = 1, negative cosines and pairs that aren't in the graph (in neither direction) count 0. Lazy: a
    gain can only fall, so that the first of the queue that is up to date is the best. Scales `x` in place.
    """
    x = unit_rows(x)
    graph = neighbour_graph(x, neighbours, seed=seed, threads=threads, progress=progress)
    return lazy_greedy(graph, m, progress or Silent())


def lazy_greedy(graph: Graph, m: int, listener: Progress) -> Ints:
    """The greedy maximiser on a graph; of equal gains the earlier row."""
    start, other, value = _symmetric(graph)
    n = len(start) - 1
    covered = np.zeros(n)
    gains = 1 + np.add.reduceat(np.append(value, 0), start[:-1]) * (np.diff(start) > 0)
    queue = [(-gain, row) for row, gain in enumerate(gains.tolist())]
    heapq.heapify(queue)
    fresh = np.zeros(n, np.int64)
    chosen: list[int] = []
    listener.start("facility location", min(m, n), "samples")
    while queue and len(chosen) < m:
        _, row = queue[0]
        span = slice(start[row], start[row + 1])
        if fresh[row] == len(chosen):
            heapq.heappop(queue)
            chosen.append(row)
            covered[row] = 1
            covered[other[span]] = np.maximum(covered[other[span]], value[span])
            listener.advance(1)
            continue
        won = 1 - covered[row] + float(np.maximum(value[span] - covered[other[span]], 0).sum())
        fresh[row] = len(chosen)
        heapq.heapreplace(queue, (min(-won, -0.0), row))
    listener.finish()
    return np.array(chosen, np.int64)


def _symmetric(graph: Graph) -> tuple[Ints, Ints, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """The graph in both directions, row after row: where each begins, the other end, the cosine."""
    near, cosine = graph
    n = len(near)
    one, place = np.nonzero((near >= 0) & (cosine > 0))
    other, value = near[one, place].astype(np.int64), cosine[one, place].astype(np.float64)
    pairs = np.concatenate([one * n + other, other * n + one])
    pairs, first = np.unique(pairs, return_index=True)
    value = np.minimum(np.concatenate([value, value])[first], 1)
    start = np.searchsorted(pairs, np.arange(n + 1) * n)
    return start, pairs % n, value
