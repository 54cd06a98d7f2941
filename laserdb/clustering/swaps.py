"""Swaps: two near clusters become one, and the freed label goes to half of a wide cluster.

Neither Lloyd's passes nor single moves carry a centre from where there are too many to where one lacks,
such as across the borders of the coarse cells that a large problem starts from.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from laserdb.clustering.lloyd import TILE, means, score_rows, sum_squares, with_ones
from laserdb.clustering.points import BLOCK, Doubles, Floats, Ints, Points
from laserdb.clustering.workers import Workers, spans

MARGIN = 1.01  # a swap must win clearly: both sides are reckoned in float32


class Swaps(NamedTuple):
    """Swap s: all of `merged[s]` goes to `into[s]`, and what of `split[s]` is on side 1 to `merged[s]`."""

    merged: Ints
    into: Ints
    split: Ints
    side: npt.NDArray[np.bool_]  # per point


def find_swaps(points: Points, labels: Ints, centres: Floats, weight: Doubles, workers: Workers) -> Swaps:
    """Swaps that lower the inertia, no two of which touch the same cluster."""
    side, gain = _splits(points, labels, centres, workers)
    into, cost = _merges(centres, weight, workers)
    used = np.zeros(len(centres), bool)
    merges = iter(np.argsort(cost, kind="stable"))
    found = []
    for split in np.argsort(-gain, kind="stable"):
        if used[split]:
            continue
        used[split] = True
        merged = next((m for m in merges if not (used[m] or used[into[m]])), None)
        if merged is None or gain[split] <= cost[merged] * MARGIN:
            break
        used[merged] = used[into[merged]] = True
        found.append((merged, into[merged], split))
    merged, into, split = np.array(found, np.int64).reshape(-1, 3).T
    return Swaps(merged, into, split, side)


def _splits(
    points: Points, labels: Ints, centres: Floats, workers: Workers
) -> tuple[npt.NDArray[np.bool_], Doubles]:
    """Each cluster cut in two between its outermost point and the one farthest from that; what it wins."""
    k = len(centres)
    start = np.searchsorted(np.sort(labels), np.arange(k + 1))[1:] - 1
    from_mean = _to_own(points, labels, centres, workers)
    one = np.lexsort((from_mean, labels))[start]
    from_one = _to_own(points, labels, points.take(one), workers)
    other = np.lexsort((from_one, labels))[start]
    side = _to_own(points, labels, points.take(other), workers) < from_one
    halves, weight = means(points, 2 * labels + side, 2 * k, workers)
    apart = sum_squares(halves[::2] - halves[1::2])
    return side, weight[::2] * weight[1::2] / (weight[::2] + weight[1::2]) * apart


def _to_own(points: Points, labels: Ints, places: Floats, workers: Workers) -> Floats:
    """Each point's squared distance to the place of its cluster."""

    def job(span: slice) -> Floats:
        return sum_squares(points.take(span) - places[labels[span]])

    return np.concatenate(list(workers.map(job, points.spans())))


def _merges(centres: Floats, weight: Doubles, workers: Workers) -> tuple[Ints, Doubles]:
    """For each cluster the cheapest other one to merge with, by distance and weight; what it costs."""
    scored, k = score_rows(centres), len(centres)
    squares, mass = sum_squares(centres), weight.astype(np.float32)

    def job(span: slice) -> Ints:
        left = with_ones(centres[span])
        rows = np.arange(len(left))
        into, cost = np.zeros(len(left), np.int64), np.full(len(left), np.inf, np.float32)
        for tile in spans(k, TILE):
            costs = left @ scored[tile].T
            costs += squares[span, None]
            costs /= 1 / mass[tile] + 1 / mass[span, None]
            same = np.arange(max(span.start, tile.start), min(span.stop, tile.stop))
            costs[same - span.start, same - tile.start] = np.inf
            best = costs.argmin(axis=1)
            better = costs[rows, best] < cost
            into[better] = best[better] + tile.start
            cost[better] = costs[rows, best][better]
        return into

    into = np.concatenate(list(workers.map(job, spans(k, BLOCK), "swaps")))
    # The product cancels for near centres; the chosen pairs are few enough for differences.
    apart = sum_squares(centres - centres[into]).astype(np.float64)
    return into, weight * weight[into] / (weight + weight[into]) * apart
