"""The graph of nearest neighbours by cosine: exact for small pools, by neighbouring cells for large ones."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from laserdb.clustering import kmeans
from laserdb.clustering.workers import Workers, spans
from laserdb.progress import Progress, Silent
from laserdb.subset.common import BLOCK, Floats, Ints

EXACT = 20_000  # up to so many rows every pair is compared
PROBES = 8

Graph = tuple[npt.NDArray[np.int32], Floats]


def neighbour_graph(
    x: Floats, k: int, *, seed: int = 0, threads: int | None = None, progress: Progress | None = None
) -> Graph:
    """Per unit row, `k` other rows of high cosine and these cosines: `(n, k)` each, -1 where there are fewer.

    Above 20,000 rows only those of the eight nearest of some √n k-means cells are looked at, which finds
    nearly all of the nearest ones at a small share of the products.
    """
    n = len(x)
    k = min(k, max(n - 1, 0))
    near = np.full((n, k), -1, np.int32)
    value = np.zeros((n, k), np.float32)
    listener = progress or Silent()
    listener.start("nearest neighbours", n, "samples")
    members, looks = _cells(x, seed, threads)

    def job(cell: int) -> int:
        others = np.sort(np.concatenate([members[other] for other in looks[cell]]))
        for span in spans(len(members[cell]), 512):
            rows = members[cell][span]
            _fill(x, rows, others, near, value)
        return len(members[cell])

    with Workers(threads) as workers:
        for done in workers.map(job, range(len(members))):
            listener.advance(done)
    listener.finish()
    return near, value


def _cells(x: Floats, seed: int, threads: int | None) -> tuple[list[Ints], list[Ints]]:
    """The rows of each cell, and which cells each one looks into."""
    n = len(x)
    if n <= EXACT:
        blocks = [np.arange(span.start, span.stop) for span in spans(n, BLOCK)]
        return blocks, [np.arange(len(blocks))] * len(blocks)
    labels = kmeans(x, round(n**0.5), seed, threads=threads)
    members = [np.flatnonzero(labels == cell) for cell in range(int(labels.max()) + 1)]
    centres = np.stack([x[rows].mean(axis=0) for rows in members])
    centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-30)
    nearest = np.argsort(-(centres @ centres.T), axis=1, kind="stable")[:, :PROBES]
    return members, [nearest[cell] for cell in range(len(members))]


def _fill(x: Floats, rows: Ints, others: Ints, near: npt.NDArray[np.int32], value: Floats) -> None:
    """The nearest of `others` to each of `rows`, themselves left out."""
    similar = x[rows] @ x[others].T
    similar[np.arange(len(rows)), np.searchsorted(others, rows)] = -np.inf
    k = min(near.shape[1], len(others) - 1)
    if k <= 0:
        return
    best = np.argpartition(-similar, k - 1, axis=1)[:, :k]
    near[rows, :k] = others[best]
    value[rows, :k] = np.take_along_axis(similar, best, 1)
