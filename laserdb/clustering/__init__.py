"""k-means for diverse selection: tens of thousands of clusters on a few CPU cores (paper §3.3)."""

from __future__ import annotations

import operator

import numpy as np
import numpy.typing as npt

from laserdb.clustering.lloyd import means, nearest, repair
from laserdb.clustering.moves import improve
from laserdb.clustering.points import Floats, Ints, Points, as_matrix
from laserdb.clustering.products import find_device
from laserdb.clustering.seeding import seed_centres
from laserdb.clustering.workers import Workers
from laserdb.progress import Progress, Silent

__all__ = ["METRICS", "kmeans"]

METRICS = ("euclidean", "cosine")

# Work is budgeted in multiply-adds and not in seconds, so that a busy machine gets the same labels.
LLOYD_BUDGET = 1e12
MOVES_BUDGET = 2.5e11
SETTLED = 5e-4  # a Lloyd pass that lowers the inertia by less than this share is the last one
WORTH_TELLING = 1e10
LARGE_CLUSTERS = 64  # mean size from which single moves hardly differ from Lloyd's passes
SAMPLE_POINTS = 16_384  # a sample of so many points, and of so many for each cluster, shows where
SAMPLE_OF_CLUSTER = 64  # large clusters are
FULL_PASSES = 2  # Lloyd's passes over all points after those over the sample


def kmeans(
    x: npt.ArrayLike,
    k: int,
    seed: int = 0,
    *,
    metric: str = "euclidean",
    threads: int | None = None,
    device: str | None = None,
    progress: Progress | None = None,
) -> npt.NDArray[np.int32]:
    """Partition the rows of `x` into `k` clusters of small squared distance to their means.

    The clustering step of LASER's sampling (paper §3.3, there scikit-learn's MiniBatchKMeans).
    Greedy k-means++ starts it, inside each of about √k coarse cells where the problem is large;
    Lloyd's passes follow, and where clusters are small, Hartigan's single moves, which go below
    the local minima in which Lloyd's passes stop.

    Args:
        x: `(n, d)` numbers; anything NumPy can turn into float32. It is read in blocks and not changed.
        k: how many clusters, at least 1.
        seed: any integer ≥ 0. The same `x`, `k`, `metric` and `seed` give the same labels on any number
            of threads (of one machine and one NumPy; another BLAS may round differently).
        metric: `"euclidean"`, or `"cosine"`, which scales each row to length 1 first (zero rows stay zero).
        threads: how many threads work; the processor's cores if None.
        device: where the products of all points with all centres are reckoned: `"cpu"`, or a device of
            torch such as `"cuda"`. None takes a GPU if torch finds one. The labels of a GPU are good ones,
            too, but not the processor's, whose sums round differently.
        progress: told of every block of points; of problems that take less than a second or so, nothing.

    Returns:
        int32 `(n,)`, each in `[0, k)`. Equal rows share a label. Every label occurs, unless there are
        fewer than `k` distinct rows: then each distinct row is a cluster, numbered from 0 as they appear.

    Raises:
        ValueError: `x` isn't a matrix of finite float32 numbers, or another argument is out of range.

    Memory beyond `x`: the `(k, d)` centres a few times over, some 200 bytes a row, and blocks of up to
    some 40 MB a thread; never `(n, k)`. Input that isn't C-contiguous float32 is converted, so copied.
    """
    k = _whole("k", k, 1)
    seed = _whole("seed", seed, 0)
    if metric not in METRICS:
        raise ValueError(f"metric must be one of {', '.join(METRICS)}, not {metric!r}")
    if threads is not None:
        threads = _whole("threads", threads, 1)
    matrix = as_matrix(x)
    if len(matrix) == 0:
        return np.empty(0, np.int32)
    listener = progress if progress and matrix.size * k >= WORTH_TELLING else Silent()
    listener.start(f"k-means, {len(matrix):,} in {k:,}", None, "blocks")
    try:
        with Workers(threads, find_device(device), listener) as workers:
            points = Points.prepare(matrix, workers, cosine=metric == "cosine")
            labels = np.arange(points.n) if k >= points.n else _fit(points, k, seed, workers)
            return points.spread(labels).astype(np.int32)
    finally:
        listener.finish()


def _whole(name: str, value: object, least: int) -> int:
    """`value` as an int of at least `least`; numpy's integers are welcome, True and 3.0 are not."""
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise ValueError(f"{name} must be an integer, not {value!r}") from None
    if number < least:
        raise ValueError(f"{name} must be at least {least}, not {number}")
    return number


def _fit(points: Points, k: int, seed: int, workers: Workers) -> Ints:
    """Labels of the distinct points; there are more than `k` of them."""
    size = max(SAMPLE_POINTS, SAMPLE_OF_CLUSTER * k)
    if points.n >= 2 * size:
        return _fit_large(points, k, size, seed, workers)
    return _fit_all(points, k, seed, workers)[0]


def _fit_large(points: Points, k: int, size: int, seed: int, workers: Workers) -> Ints:
    """Large clusters are found on a sample; all points then only move the means a little."""
    chosen = np.random.default_rng([seed, k, 2]).choice(points.n, size, replace=False)
    sample = points.sample(np.sort(chosen))
    labels, centres = _fit_all(sample, k, seed, workers)
    centres = _lloyd(points, centres, FULL_PASSES, workers)
    labels, distances = nearest(points, centres, workers)
    return repair(labels, distances, k)


def _fit_all(points: Points, k: int, seed: int, workers: Workers) -> tuple[Ints, Floats]:
    """Labels and the means that they belong to, by way of all points."""
    cost = float(points.n) * k * (points.d + 1)
    centres = seed_centres(points, k, seed, workers)
    # Large clusters settle by Lloyd's passes. With small ones the moves make more of a pass that is dear.
    budget = LLOYD_BUDGET if points.n >= LARGE_CLUSTERS * k else LLOYD_BUDGET / 50
    centres = _lloyd(points, centres, min(int(budget / cost), 50), workers)
    before = np.inf
    for _ in range(int(np.clip(MOVES_BUDGET / cost, 1, 5))):
        labels, inertia = improve(points, centres, seed, workers)
        if inertia >= before * (1 - SETTLED):
            break
        before = inertia
        centres, _ = means(points, labels, k, workers)
    return labels, means(points, labels, k, workers)[0]


def _lloyd(points: Points, centres: Floats, passes: int, workers: Workers) -> Floats:
    """Lloyd's passes until nothing changes, little is gained or `passes` are done; the centres."""
    k = len(centres)
    labels: Ints | None = None
    before = np.inf
    for _ in range(passes):
        new, distances = nearest(points, centres, workers)
        new = repair(new, distances, k)
        if labels is not None and np.array_equal(new, labels):
            break
        labels = new
        centres, _ = means(points, labels, k, workers)
        inertia = float(np.dot(distances.astype(np.float64), points.weight))
        if inertia >= before * (1 - SETTLED):
            break
        before = inertia
    return centres
