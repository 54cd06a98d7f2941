"""Near copies by vectors: rows very similar to an earlier one that stays (SemDeDup, Abbas et al. 2023)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from laserdb.clustering import kmeans
from laserdb.clustering.workers import Workers, spans
from laserdb.progress import Progress, Silent
from laserdb.subset.common import BLOCK, Doubles, Floats, Ints, unit_rows

EXACT = 40_000  # up to so many rows every pair is compared
IN_CELL = 20_000  # mean rows of a k-means cell, in which pairs are compared above that


class Copies(NamedTuple):
    """Rows that are near copies, ascending, the kept row that each resembles most, and the cosine."""

    rows: Ints
    partners: Ints
    cosines: Doubles


def near_copies(
    x: Floats,
    threshold: float,
    *,
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Copies:
    """Rows that have a cosine of at least `threshold` > 0 to an earlier row that is no copy itself.

    Above 40,000 rows only pairs of the same k-means cell are compared, as SemDeDup does: a cell holds some
    20,000 rows, and rows that are nearly equal rarely part. Rows of zeros resemble nothing. A margin of 1e-6
    is for float32. Scales `x` in place.
    """
    x, listener = unit_rows(x), progress or Silent()
    count = 1 if len(x) <= EXACT else -(-len(x) // IN_CELL)
    labels = kmeans(x, count, seed, threads=threads, progress=progress)
    order = np.argsort(labels, kind="stable")
    cells = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1) if len(x) else []
    listener.start("compare vectors", len(x), "samples")
    found: list[Copies] = []
    least = threshold - 1e-6
    with Workers(threads) as workers:
        for cell, copies in zip(
            cells, workers.map(lambda rows: _of_cell(x, rows, least), cells), strict=True
        ):
            found.append(copies)
            listener.advance(len(cell))
    listener.finish()
    rows, partners, cosines = (
        (np.concatenate(parts) for parts in zip(*found, strict=True)) if found else _none()
    )
    by_row = np.argsort(rows, kind="stable")
    return Copies(rows[by_row], partners[by_row], cosines[by_row])


def _none() -> Copies:
    return Copies(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))


def _of_cell(x: Floats, rows: Ints, threshold: float) -> Copies:
    """The copies among these rows, which ascend."""
    kept: list[int] = []
    found: list[tuple[int, int, float]] = []
    for span in spans(len(rows), BLOCK):
        block = rows[span]
        best, partner = _nearest(x, block, np.array(kept, np.int64))
        inside = x[block] @ x[block].T
        later, earlier = np.nonzero(inside >= threshold)
        before = earlier < later
        copy = best >= threshold
        # By the later row, so that whether the earlier one stays is settled already.
        for row, other in zip(later[before].tolist(), earlier[before].tolist(), strict=True):
            if not copy[other]:
                copy[row] = True
                if inside[row, other] > best[row]:
                    best[row], partner[row] = inside[row, other], block[other]
        kept += block[~copy].tolist()
        found += [(int(block[i]), int(partner[i]), float(best[i])) for i in np.flatnonzero(copy)]
    if not found:
        return _none()
    copies, partners, cosines = zip(*found, strict=True)
    return Copies(np.array(copies), np.array(partners), np.minimum(np.array(cosines), 1.0))


def _nearest(x: Floats, rows: Ints, kept: Ints) -> tuple[npt.NDArray[np.float32], Ints]:
    """The highest cosine of each row to a kept one, and which one; the first of equals."""
    best, partner = np.full(len(rows), -np.inf, np.float32), np.full(len(rows), -1)
    block = x[rows]
    for span in spans(len(kept), BLOCK):
        similar = block @ x[kept[span]].T
        at = similar.argmax(axis=1)
        value = similar[np.arange(len(rows)), at]
        better = value > best
        best[better], partner[better] = value[better], kept[span][at[better]]
    return best, partner
