"""Where the centres start: greedy k-means++, at once or inside coarse cells."""

from __future__ import annotations

import numpy as np

from laserdb.clustering.lloyd import local_lloyd, means, nearest, sum_squares
from laserdb.clustering.points import Doubles, Floats, Ints, Points
from laserdb.clustering.workers import Workers

AT_ONCE = 2e9  # steps, n·k·(d + 64), up to which k-means++ runs on all points together
SAMPLE = 8_000_000  # numbers that a sample may hold: 32 MB
CELL_PASSES = 12


def seed_centres(points: Points, k: int, seed: int, workers: Workers) -> Floats:
    """`k` starting centres of a problem with more than `k` points.

    k-means++ takes n·k·d steps one after the other. Inside √k cells of n/√k points and √k centres each,
    it takes √k times fewer, and the cells run side by side; Lloyd's passes in each are as cheap.
    """
    labels, cost = _cells(points, k, seed, workers)
    shares = _share(k, np.bincount(labels), cost)
    order = np.argsort(labels, kind="stable")
    bounds = np.concatenate([[0], np.cumsum(np.bincount(labels))])

    def job(cell: int) -> Floats:
        inside = order[bounds[cell] : bounds[cell + 1]]
        return _seed_cell(points, inside, int(shares[cell]), np.random.default_rng([seed, cell]))

    return np.concatenate(list(workers.map(job, range(len(shares)), "starting centres")))


def _cells(points: Points, k: int, seed: int, workers: Workers) -> tuple[Ints, Doubles]:
    """A coarse clustering: each point's cell, and what each cell's share of the centres goes by."""
    if points.n * k * (points.d + 64) <= AT_ONCE or k < 16:
        return np.zeros(points.n, np.int64), np.ones(1)
    rng = np.random.default_rng([seed, k])
    cells = round(k**0.5)
    size = max(cells, min(points.n, 64 * cells, SAMPLE // points.d))
    sample = np.sort(rng.choice(points.n, size, replace=False))
    block, weight = points.take(sample), points.weight[sample]
    centres = local_lloyd(block, weight, plus_plus(block, weight, cells, rng, tries=2), CELL_PASSES)
    labels, distances = nearest(points, centres, workers)
    for _ in range(2):
        centres, _ = means(points, labels, cells, workers)
        labels, distances = nearest(points, centres, workers)
    labels = np.unique(labels, return_inverse=True)[1]  # a cell may have lost its points
    spread = np.bincount(labels, weights=distances * points.weight)
    # Between "as many points" and "as much inertia": denser cells need fewer centres per point.
    return labels, np.sqrt(np.bincount(labels) * spread)


def _share(k: int, size: Ints, cost: Doubles) -> Ints:
    """`k` centres for the cells in proportion to `cost`: at least 1, at most a cell's points, exactly k."""
    wanted = cost / max(cost.sum(), 1e-30) * k
    shares: Ints = np.clip(np.floor(wanted).astype(np.int64), 1, size)
    while (left := k - int(shares.sum())) != 0:
        step = 1 if left > 0 else -1
        free = np.flatnonzero(shares < size if left > 0 else shares > 1)
        first = free[np.argsort(step * (shares - wanted)[free], kind="stable")]
        shares[first[: abs(left)]] += step
    return shares


def _seed_cell(points: Points, inside: Ints, k: int, rng: np.random.Generator) -> Floats:
    """Centres for one cell, from all of its points or, if those are too many, from a sample."""
    most = max(2 * k, SAMPLE // max(points.d, 1))
    if len(inside) > most:
        inside = np.sort(rng.choice(inside, most, replace=False))
    block, weight = points.take(inside), points.weight[inside]
    if k >= len(inside):
        return block
    tries = 2 + int(np.log(k))
    return local_lloyd(block, weight, plus_plus(block, weight, k, rng, tries), CELL_PASSES)


def plus_plus(block: Floats, weight: Doubles, k: int, rng: np.random.Generator, tries: int) -> Floats:
    """k-means++, greedy: of `tries` candidates drawn by weighted D², the one that lowers inertia most."""
    squares = sum_squares(block)
    heavy = weight.astype(np.float32)
    total = np.cumsum(weight)
    chosen = [_draw(total, rng, 1)[0]]
    reach = _distances(block, squares, np.array(chosen))[0]
    for _ in range(k - 1):
        total = np.cumsum(reach * weight)
        if total[-1] <= 0:  # what is left coincides with a centre in float32; take it in order
            left = np.setdiff1d(np.arange(len(block)), chosen)
            chosen.extend(left[: k - len(chosen)])
            break
        candidates = _draw(total, rng, tries)
        reaches = np.minimum(_distances(block, squares, candidates), reach)
        pick = int((reaches @ heavy).argmin())
        reach = reaches[pick]
        chosen.append(candidates[pick])
    centres: Floats = block[np.array(chosen)]
    return centres


def _draw(total: Doubles, rng: np.random.Generator, size: int) -> Ints:
    """Indices drawn in proportion to the steps of the running total."""
    drawn = np.searchsorted(total, rng.random(size) * total[-1], side="right")
    indices: Ints = np.minimum(drawn, len(total) - 1)
    return indices


def _distances(block: Floats, squares: Floats, to: Ints) -> Floats:
    """Squared distances `(len(to), n)`, exactly 0 from a point to itself."""
    distances = block[to] @ block.T
    distances *= -2
    distances += squares
    distances += squares[to][:, None]
    np.maximum(distances, 0, out=distances)
    distances[np.arange(len(to)), to] = 0
    return distances
