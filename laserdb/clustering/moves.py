"""Hartigan's moves: one point changes cluster where that lowers the inertia, both means moving along.

A Lloyd pass compares distances to means that hold still. Counting that a cluster's mean follows its points,
leaving a cluster of weight M wins M·w/(M − w)·d² and joining one costs M·w/(M + w)·d². With seven points in
a cluster these factors differ by a third, so many moves pay that Lloyd's passes don't see.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from laserdb.clustering.lloyd import means, repair, score_rows, sum_squares, with_ones
from laserdb.clustering.points import BLOCK, Doubles, Floats, Ints, Points
from laserdb.clustering.products import Products
from laserdb.clustering.swaps import find_swaps
from laserdb.clustering.workers import Workers, spans

ROUNDS = 30
SWAPPINGS = 3
WORTHWHILE = 1e-4  # a round that lowers the inertia by less than this share is the last one
CANDIDATES = 8
WIDEST_TILE = 4096


def improve(points: Points, centres: Floats, seed: int, workers: Workers) -> tuple[Ints, float]:
    """One Lloyd pass from `centres`, then rounds of moves between near clusters: labels and inertia."""
    k = len(centres)
    near, distances = _near(points, centres, seed, workers)
    labels = repair(near[:, 0].astype(np.int64), distances, k)
    near[:, 0] = labels  # a repaired point's own cluster belongs to its candidates, too
    return _Rounds(points, labels, near, k, workers).run()


def _near(
    points: Points, centres: Floats, seed: int, workers: Workers
) -> tuple[npt.NDArray[np.int32], Floats]:
    """Per point, some of its nearest centres, the nearest first, and the squared distance to that one.

    The best centre of each of a few random parts of the centres: it falls out of the same product as the
    nearest one, for nothing, and mostly holds those that full sorting would find.
    """
    k = len(centres)
    mixed = np.random.default_rng([seed, k, 1]).permutation(k).astype(np.int32)
    tile = min(-(-k // CANDIDATES), WIDEST_TILE)
    products = Products(score_rows(centres[mixed]), tile, workers.device)
    near = np.empty((points.n, -(-k // tile)), np.int32)
    distances = np.empty(points.n, np.float32)

    def job(span: slice) -> None:
        block = points.take(span)
        best, value = products.best(with_ones(block))
        order = np.argsort(value, axis=1, kind="stable")
        near[span] = mixed[np.take_along_axis(best, order, 1)]
        distances[span] = np.maximum(value.min(axis=1) + sum_squares(block), 0)

    workers.each(job, points.spans(), "near centres")
    return near, distances


class _Rounds:
    """Rounds of moves that no two of share a cluster, so that each wins exactly what was reckoned."""

    def __init__(
        self, points: Points, labels: Ints, near: npt.NDArray[np.int32], k: int, workers: Workers
    ) -> None:
        self.points, self.labels, self.near, self.workers = points, labels, near, workers
        self.centres, self.weight = means(points, labels, k, workers)
        self.squared = np.empty(near.shape, np.float32)

    def run(self) -> tuple[Ints, float]:
        changed = np.ones(len(self.centres), bool)
        for _ in range(SWAPPINGS):
            before = self._settle(changed)
            changed = self._swap()
            if not changed.any():
                return self.labels, before
        return self.labels, self._settle(changed)

    def _settle(self, changed: npt.NDArray[np.bool_]) -> float:
        """Move points until little is won by it; the inertia."""
        for _ in range(ROUNDS):
            self._measure(changed)
            gain, target = self._gains()
            won, changed = self._move(gain, target)
            if won <= WORTHWHILE * self._inertia:
                break
        return self._inertia - won

    def _swap(self) -> npt.NDArray[np.bool_]:
        """Carry out the swaps that pay; which clusters they changed."""
        changed = np.zeros(len(self.centres), bool)
        if len(self.centres) < 3:
            return changed
        merged, into, split, side = find_swaps(
            self.points, self.labels, self.centres, self.weight, self.workers
        )
        if not len(merged):
            return changed
        becomes, half = np.arange(len(changed)), np.full(len(changed), -1)
        becomes[merged], half[split] = into, merged
        other = half[self.labels]
        cut = np.flatnonzero(other >= 0)
        self.labels = becomes[self.labels]
        joined = np.flatnonzero(np.isin(self.labels, into))
        self.near[joined, -1] = self.labels[joined]  # the last candidates are the farthest ones
        self.near[cut, -2], self.near[cut, -1] = self.labels[cut], other[cut]
        cut = cut[side[cut]]
        self.labels[cut] = other[cut]
        self.centres, self.weight = means(self.points, self.labels, len(changed), self.workers)
        changed[merged] = changed[into] = changed[split] = True
        return changed

    def _measure(self, changed: npt.NDArray[np.bool_]) -> None:
        """Distances to the candidates whose means have changed; by differences, as small ones matter."""
        flat, squared = self.near.ravel(), self.squared.ravel()
        stale = np.flatnonzero(changed[flat])

        def job(span: slice) -> None:
            pairs = stale[span]
            block = self.points.take(pairs // self.near.shape[1])
            block -= self.centres[flat[pairs]]
            squared[pairs] = sum_squares(block)

        self.workers.each(job, spans(len(stale), BLOCK), "moves")

    def _gains(self) -> tuple[Doubles, Ints]:
        """What each point's best move lowers the inertia by, and where it leads."""
        n = self.points.n
        gain, distance, target = np.empty(n), np.empty(n), np.empty(n, np.int64)

        def job(span: slice) -> None:
            near, squared, w = self.near[span], self.squared[span], self.points.weight[span]
            own = near == self.labels[span, None]
            distance[span] = np.where(own, squared, 0).max(axis=1)
            there = self.weight[near]
            cost = there * w[:, None] / (there + w[:, None]) * squared
            cost[own] = np.inf
            best = cost.argmin(axis=1)[:, None]
            target[span] = np.take_along_axis(near, best, 1)[:, 0]
            here = self.weight[self.labels[span]]
            rest = here - w  # 0: the last point of its cluster stays
            leave = here * w / np.maximum(rest, 1) * distance[span] * (1 - 1e-5)  # float32's ties win nothing
            gain[span] = np.where(rest > 0, leave - np.take_along_axis(cost, best, 1)[:, 0], 0)

        self.workers.each(job, spans(n, 16 * BLOCK))
        self._inertia = float(np.dot(distance, self.points.weight))
        return gain, target

    def _move(self, gain: Doubles, target: Ints) -> tuple[float, npt.NDArray[np.bool_]]:
        """Carry out the best moves that don't meet; what they won, and which clusters they changed."""
        touched = np.zeros(len(self.centres), bool)
        wanted = np.flatnonzero(gain > 0)
        wanted = wanted[np.argsort(-gain[wanted], kind="stable")]
        won = 0.0
        for _ in range(4):  # what the first choice leaves free, the second one may use
            source, goal = self.labels[wanted], target[wanted]
            rank = np.arange(len(wanted))
            first = np.full(len(self.centres), len(wanted))
            np.minimum.at(first, source, rank)
            np.minimum.at(first, goal, rank)
            mine = (first[source] == rank) & (first[goal] == rank)
            touched[source[mine]] = touched[goal[mine]] = True
            won += float(gain[wanted[mine]].sum())
            self._shift(wanted[mine], goal[mine])
            wanted = wanted[~(touched[source] | touched[goal])]
            if not len(wanted):
                break
        return won, touched

    def _shift(self, moved: Ints, goal: Ints) -> None:
        source, w = self.labels[moved], self.points.weight[moved]
        for span in spans(len(moved), BLOCK):
            block = self.points.take(moved[span])
            for cluster, sign in ((source[span], -1), (goal[span], 1)):
                after = self.weight[cluster] + sign * w[span]
                pull = (sign * w[span] / after).astype(np.float32)[:, None]
                self.centres[cluster] += pull * (block - self.centres[cluster])
                self.weight[cluster] = after
        self.labels[moved] = goal
