"""Determinantal point process, greedy MAP (Chen, Zhang and Zhou 2018, Algorithm 1)."""

from __future__ import annotations

import heapq

import numpy as np
import numpy.typing as npt

from laserdb.clustering import kmeans
from laserdb.progress import Progress, Silent
from laserdb.subset.common import Doubles, Floats, Ints, unit_rows

MEMORY = 1e9  # bytes that the Cholesky rows of all cells may take
NOTHING = 1e-10  # a gain below this is rounding: the row is a copy of a chosen one


def greedy_map(
    x: Floats,
    score: npt.ArrayLike,
    m: int,
    trade: float = 0.7,
    width: float = 0.3,
    *,
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Ints:
    """Positions of `m` rows, greedily for log det of L_ij = r_i · exp((cos_ij − 1)/width) · r_j.

    r = exp(α·score) with α = trade/(2·(1 − trade)), Chen et al.'s trade-off in [0, 1): 0 counts diversity
    only. The Gaussian of the distance has full rank, where plain cosines would end after d choices. Where
    n·m numbers don't fit into memory, the pool is cut into k-means cells and the kernel taken as 0 between
    them. Rows that add nothing to det L come last, by score. Scales `x` in place.
    """
    x = unit_rows(x)
    scores = np.asarray(score, np.float64)
    relevance = np.exp(trade / (1 - trade) * (scores - scores.max(initial=-np.inf)))
    m, listener = min(m, len(x)), progress or Silent()
    count = int(np.ceil(len(x) * m * 4 / MEMORY))
    labels = kmeans(x, count, seed, threads=threads) if count > 1 else np.zeros(len(x), np.int32)
    cells = [_Cell(x, np.flatnonzero(labels == label), relevance, width) for label in range(max(count, 1))]
    queue = [(*cell.best(), number) for number, cell in enumerate(cells) if len(cell.rows)]
    heapq.heapify(queue)
    chosen: list[int] = []
    listener.start("determinantal greedy", m, "samples")
    while queue and len(chosen) < m:
        gain, row, number = heapq.heappop(queue)
        if -gain < NOTHING * relevance[row]:
            continue
        chosen.append(cells[number].take())
        listener.advance(1)
        heapq.heappush(queue, (*cells[number].best(), number))
    left = np.setdiff1d(np.arange(len(x)), chosen)
    rest = left[np.argsort(-scores[left], kind="stable")][: m - len(chosen)]
    listener.finish()
    return np.concatenate([np.array(chosen, np.int64), rest])


class _Cell:
    """The greedy of one block of the kernel: what each row would add to det L, and its Cholesky rows."""

    def __init__(self, x: Floats, rows: Ints, relevance: Doubles, width: float) -> None:
        self.rows, self.width = rows, width
        self.x = x[rows]
        self.root = np.sqrt(relevance[rows])
        self.gain = relevance[rows].copy()
        self.factor = np.empty((8, len(rows)), np.float32)
        self.size = 0

    def best(self) -> tuple[float, int]:
        """Minus the largest gain, and its row; the first of equals."""
        best = int(self.gain.argmax())
        return -float(self.gain[best]), int(self.rows[best])

    def take(self) -> int:
        """Choose the best row; returns it."""
        best = int(self.gain.argmax())
        kernel = np.exp((self.x @ self.x[best] - 1) / self.width) * self.root * self.root[best]
        before = self.factor[: self.size]
        new = (kernel - before[:, best] @ before) / np.sqrt(self.gain[best])
        if self.size == len(self.factor):
            self.factor = np.concatenate([self.factor, np.empty_like(self.factor)])
        self.factor[self.size] = new
        self.size += 1
        self.gain = np.maximum(self.gain - new * new, 0)
        self.gain[best] = -np.inf
        return int(self.rows[best])
