"""Choices by tags: InsTag (Lu et al. 2024) and MIG (Chen et al. 2025)."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import numpy as np

from laserdb.progress import Progress, Silent
from laserdb.subset.common import Doubles, Floats, Ints

POWER = 0.8  # MIG's φ(x) = x^0.8


def tag_cover(tags: Sequence[Sequence[str]], m: int) -> Ints:
    """Positions of `m` rows: going through them, take each that brings a tag not covered yet; then anew.

    InsTag's Algorithm 1: rows come in order of complexity, and the cover is forgotten after each pass.
    Rows without tags come last.
    """
    left = [row for row, found in enumerate(tags) if found]
    chosen: list[int] = []
    while left and len(chosen) < m:
        covered: set[str] = set()
        later: list[int] = []
        for row in left:
            if covered.issuperset(tags[row]):
                later.append(row)
            else:
                covered.update(tags[row])
                chosen.append(row)
        left = later
    chosen += [row for row, found in enumerate(tags) if not found]
    return np.array(chosen[:m], np.int64)


def tag_vectors(tags: Sequence[Sequence[str]], x: Floats, names: Sequence[str]) -> Floats:
    """Per tag the mean of the unit vectors of its rows, scaled to length 1 `(tags, d)`."""
    place = {name: number for number, name in enumerate(names)}
    sums = np.zeros((len(names), x.shape[1]))
    for row, found in enumerate(tags):
        for name in set(found):
            sums[place[name]] += x[row]
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return (sums / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def information_gain(
    tags: Sequence[Sequence[str]],
    score: Sequence[float],
    vectors: Floats,
    names: Sequence[str],
    m: int,
    threshold: float = 0.9,
    *,
    progress: Progress | None = None,
) -> Ints:
    """Positions of `m` rows, greedily for Σ_tag φ(information at the tag), φ(x) = x^0.8 (MIG, §3).

    A row of score s puts s at each of its tags, and every tag passes its share on along the edges of the
    tag graph: w_kl = cosine of the tags' `vectors` where it is ≥ `threshold`, w_kk = 1, rows scaled to
    sum 1. φ is concave, so gains fall and the lazy greedy is exact. Rows without tags never count.
    """
    shares = _shares(vectors, threshold)
    place = {name: number for number, name in enumerate(names)}
    listener = progress or Silent()
    rows: list[tuple[Ints, Doubles]] = []
    for found, worth in zip(tags, score, strict=True):
        total: Doubles = np.zeros(len(names))
        for name in sorted(set(found)):
            at, share = shares[place[name]]
            total[at] += share * worth
        there = np.flatnonzero(total)
        rows.append((there, total[there]))
    state = np.zeros(len(names))

    def gain(row: int) -> float:
        at, value = rows[row]
        return float(((state[at] + value) ** POWER - state[at] ** POWER).sum())

    queue = [(-gain(row), row) for row in range(len(rows)) if len(rows[row][0])]
    heapq.heapify(queue)
    fresh = np.zeros(len(rows), np.int64)
    chosen: list[int] = []
    listener.start("information gain", min(m, len(queue)), "samples")
    while queue and len(chosen) < m:
        _, row = queue[0]
        if fresh[row] == len(chosen):
            heapq.heappop(queue)
            at, value = rows[row]
            state[at] += value
            chosen.append(row)
            listener.advance(1)
        else:
            fresh[row] = len(chosen)
            heapq.heapreplace(queue, (-gain(row), row))
    listener.finish()
    return np.array(chosen, np.int64)


def _shares(vectors: Floats, threshold: float) -> list[tuple[Ints, Doubles]]:
    """Per tag where its information goes, itself included, in shares that sum to 1."""
    shares = []
    for tag in range(len(vectors)):
        weight = (vectors @ vectors[tag]).astype(np.float64)
        weight[weight < threshold] = 0
        weight[tag] = 1
        at = np.flatnonzero(weight)
        shares.append((at, weight[at] / weight[at].sum()))
    return shares
