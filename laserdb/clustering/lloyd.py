"""The two halves of a Lloyd pass, blocked: nearest centres by matrix products, and means."""

from __future__ import annotations

import numpy as np

from laserdb.clustering.points import Doubles, Floats, Ints, Points
from laserdb.clustering.products import Products, best_per_tile
from laserdb.clustering.workers import Workers

TILE = 2048  # centres at a time: a block's scores take 8 MB


def sum_squares(block: Floats) -> Floats:
    """‖·‖² of each row."""
    squares: Floats = np.einsum("ij,ij->i", block, block)
    return squares


def score_rows(centres: Floats) -> Floats:
    """Rows r with `[x, 1]·r = ‖c‖² − 2xc`: adding ‖c‖² inside the product saves a pass over its result."""
    return np.hstack([-2 * centres, sum_squares(centres)[:, None]])


def with_ones(block: Floats) -> Floats:
    """`block` with a last column of ones, for `score_rows`."""
    return np.hstack([block, np.ones((len(block), 1), np.float32)])


def nearest(points: Points, centres: Floats, workers: Workers) -> tuple[Ints, Floats]:
    """Each point's nearest centre (the first of equals) and its squared distance to it."""
    products = Products(score_rows(centres), TILE, workers.device)
    labels = np.empty(points.n, np.int64)
    distances = np.empty(points.n, np.float32)

    def job(span: slice) -> None:
        block = points.take(span)
        best, value = products.best(with_ones(block))
        pick = value.argmin(axis=1)[:, None]
        labels[span] = np.take_along_axis(best, pick, 1)[:, 0]
        distances[span] = np.maximum(np.take_along_axis(value, pick, 1)[:, 0] + sum_squares(block), 0)

    workers.each(job, points.spans(), "nearest centres")
    return labels, distances


def means(points: Points, labels: Ints, k: int, workers: Workers) -> tuple[Floats, Doubles]:
    """The weighted mean of each cluster and its weight; an empty cluster's mean is the origin."""
    order = np.argsort(labels, kind="stable")
    sums = np.zeros((k, points.d), np.float32)

    def job(span: slice) -> tuple[Ints, Floats]:
        which = order[span]
        block = points.take(which)
        if points.inverse is not None:
            block *= points.weight[which].astype(np.float32)[:, None]
        ids, starts = np.unique(labels[which], return_index=True)
        return ids, np.add.reduceat(block, starts, axis=0)

    for ids, parts in workers.map(job, points.spans()):  # in order: the sums don't depend on the threads
        sums[ids] += parts
    weight: Doubles = np.bincount(labels, weights=points.weight, minlength=k).astype(np.float64)
    sums /= np.maximum(weight, 1).astype(np.float32)[:, None]
    return sums, weight


def repair(labels: Ints, distances: Floats, k: int) -> Ints:
    """Fill each empty cluster with the farthest point that isn't the last of its own."""
    count = np.bincount(labels, minlength=k)
    empty = np.flatnonzero(count == 0)
    if not len(empty):
        return labels
    labels = labels.copy()
    far = iter(np.argsort(-distances, kind="stable"))
    for cluster in empty:
        point = next(p for p in far if count[labels[p]] > 1)
        count[labels[point]] -= 1
        count[cluster] = 1
        labels[point] = cluster
    return labels


def local_lloyd(block: Floats, weight: Doubles, centres: Floats, passes: int) -> Floats:
    """Lloyd's passes on rows that are in memory and few enough for one product; the centres."""
    k, left = len(centres), with_ones(block)
    squares = sum_squares(block)
    heavy = block * weight.astype(np.float32)[:, None]
    labels: Ints | None = None
    for _ in range(passes):
        best, value = best_per_tile(left, score_rows(centres), k)
        new = repair(best[:, 0].astype(np.int64), value[:, 0] + squares, k)
        if labels is not None and np.array_equal(new, labels):
            break
        labels = new
        order = np.argsort(labels, kind="stable")
        starts = np.searchsorted(labels[order], np.arange(k))  # no cluster is empty after the repair
        sums = np.add.reduceat(heavy[order], starts, axis=0)
        totals = np.bincount(labels, weights=weight, minlength=k).astype(np.float32)
        centres = np.asarray(sums / totals[:, None], np.float32)
    return centres
