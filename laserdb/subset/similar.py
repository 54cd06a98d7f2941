"""DEITA's filter: keep what isn't too similar to anything kept before (DESIGN §4.11; Liu et al. 2024)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from laserdb.clustering.workers import Workers, spans
from laserdb.progress import Progress, Silent
from laserdb.subset.common import Doubles, Floats, Ints

BLOCK = 1024
# float32 products of unit vectors are this near to the exact cosine; what is nearer to the threshold is
# reckoned again in float64, so that the result is that of the definition.
DOUBT = 1e-5


def far_apart(
    n: int,
    fetch: Callable[[slice], Floats],
    m: int,
    threshold: float,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Ints:
    """Positions of the first `m` rows that have no cosine above `threshold` to a row kept before them.

    `fetch` gives the float32 vectors `(len, d)` of consecutive rows; it is asked for no more than it
    takes to keep m. The result is the same as one comparison after the other in float64 would give.
    A vector of zeros is similar to nothing.
    """
    listener = progress or Silent()
    kept: list[int] = []
    rows: Floats | None = None
    listener.start("filter by distance", min(m, n), "samples")
    with Workers(threads) as workers:
        for chunk in spans(n, max(4 * BLOCK, 2 * m)):
            vectors = fetch(chunk)
            if rows is None:
                rows = np.empty((min(m, n), vectors.shape[1]), np.float32)
            for span in spans(len(vectors), BLOCK):
                block = vectors[span]
                new = _of_block(block, rows[: len(kept)], threshold, workers)[: m - len(kept)]
                rows[len(kept) : len(kept) + len(new)] = block[new]
                kept += (new + chunk.start + span.start).tolist()
                listener.advance(len(new))
                if len(kept) == m:
                    listener.finish()
                    return np.array(kept, np.int64)
    listener.finish()
    return np.array(kept, np.int64)


def _of_block(block: Floats, kept: Floats, threshold: float, workers: Workers) -> Ints:
    """The rows of a block that stay beside what is kept and beside the earlier ones of the block."""
    lengths = _lengths(block)

    def job(span: slice) -> Ints:
        """Rows of the block that are too similar to one of these kept ones."""
        others = kept[span]
        return _pairs_above(block, others, lengths, _lengths(others), threshold)[0]

    free = np.ones(len(block), bool)
    for found in workers.map(job, spans(len(kept), BLOCK)):
        free[found] = False
    rows = np.flatnonzero(free)
    inside = block[rows]
    later, earlier = _pairs_above(inside, inside, lengths[rows], lengths[rows], threshold)
    before = earlier < later
    stays = np.ones(len(rows), bool)
    # By the later row, so that whether the earlier one stays is settled already.
    order = np.lexsort((earlier[before], later[before]))
    for row, other in zip(later[before][order].tolist(), earlier[before][order].tolist(), strict=True):
        if stays[other]:
            stays[row] = False
    return rows[stays]


def _pairs_above(
    left: Floats, right: Floats, left_lengths: Doubles, right_lengths: Doubles, threshold: float
) -> tuple[Ints, Ints]:
    """Pairs whose cosine is above the threshold."""
    scale = (1 / left_lengths).astype(np.float32)[:, None]
    similar = left @ right.T
    similar *= scale
    similar *= (1 / right_lengths).astype(np.float32)
    one, other = np.nonzero(similar > threshold - DOUBT)
    doubtful = np.flatnonzero(similar[one, other] < threshold + DOUBT)
    above = np.ones(len(one), bool)
    for span in spans(len(doubtful), BLOCK):
        which = doubtful[span]
        a, b = one[which], other[which]
        exact = np.einsum("ij,ij->i", left[a].astype(np.float64), right[b].astype(np.float64))
        above[which] = exact / (left_lengths[a] * right_lengths[b]) > threshold
    return one[above], other[above]


def _lengths(block: Floats) -> Doubles:
    """Lengths in float64; infinity for zeros, so that their cosines are 0."""
    squares = np.einsum("ij,ij->i", block, block, dtype=np.float64)
    return np.where(squares > 0, np.sqrt(squares), np.inf)
