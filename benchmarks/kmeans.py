"""laserdb.kmeans beside the k-means that LASER uses (paper §3.3), on the same vectors, in one run.

    python benchmarks/kmeans.py                                   # about a minute
    python benchmarks/kmeans.py --size 60000x8000x384             # n x k x d; may be given several times
    python benchmarks/kmeans.py --size 177000x25000x1024 --only laserdb

The other sides: scikit-learn's MiniBatchKMeans(init="k-means++", batch_size=2048, max_iter=50), and
fastkmeans with 8 passes (`--only`, or all of them with `--fastkmeans`; pip install fastkmeans). Each run is a
process of its own, so that its peak memory is its own; "added" is what the peak lies above the vectors.
On a busy machine compare the processor's seconds ("cpu"), of all threads together.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
SIDES = ("laserdb", "sklearn", "fastkmeans")
BLOCK = 8192


def vectors(n: int, d: int, seed: int) -> Floats:
    """Like sentence embeddings: length 1, topics of topics of unequal size, few true dimensions, noise."""
    rng = np.random.default_rng(seed)
    inner = min(24, d)
    groups = max(n // 20, 1)
    topics = rng.standard_normal((100, inner), dtype=np.float32)
    middles = topics[rng.integers(100, size=groups)]
    middles += 0.7 * rng.standard_normal((groups, inner), dtype=np.float32)
    share = 1 / np.sqrt(np.arange(1, groups + 1))
    group = rng.choice(groups, size=n, p=share / share.sum())
    mix = 0.3 * rng.standard_normal((inner, d), dtype=np.float32)
    x = np.empty((n, d), np.float32)
    for at in range(0, n, BLOCK):
        z = middles[group[at : at + BLOCK]]
        z += 0.5 * rng.standard_normal(z.shape, dtype=np.float32)
        block = np.tanh(z @ mix) + 0.15 * rng.standard_normal((len(z), d), dtype=np.float32)
        x[at : at + BLOCK] = block / np.linalg.norm(block, axis=1, keepdims=True)
    return x


def inertia(x: Floats, labels: npt.NDArray[np.int32], k: int) -> float:
    """Squared distances to the means of the labels' own clusters: the same measure for both sides."""
    sums = np.zeros((k, x.shape[1]))
    order = np.argsort(labels, kind="stable")
    for at in range(0, len(x), BLOCK):
        which = order[at : at + BLOCK]
        ids, starts = np.unique(labels[which], return_index=True)
        sums[ids] += np.add.reduceat(x[which], starts, axis=0, dtype=np.float64)
    means = sums / np.maximum(np.bincount(labels, minlength=k), 1)[:, None]
    return sum(
        float(((x[at : at + BLOCK] - means[labels[at : at + BLOCK]]) ** 2).sum())
        for at in range(0, len(x), BLOCK)
    )


def peak() -> float:
    """This process's largest resident set so far, in GB."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def run(side: str, size: str, seed: int) -> None:
    """One side on one size, in this process; prints its figures as JSON."""
    n, k, d = (int(part) for part in size.split("x"))
    x = vectors(n, d, seed)
    if side == "laserdb":
        from laserdb.clustering import kmeans

        before, start, cpu = peak(), time.perf_counter(), time.process_time()
        labels = kmeans(x, k, seed)
    elif side == "fastkmeans":
        from fastkmeans import FastKMeans

        model = FastKMeans(d, k, niter=8, gpu=False, seed=seed)
        before, start, cpu = peak(), time.perf_counter(), time.process_time()
        labels = model.fit_predict(x)
    else:
        from sklearn.cluster import MiniBatchKMeans

        model = MiniBatchKMeans(k, init="k-means++", batch_size=2048, max_iter=50, random_state=seed)
        before, start, cpu = peak(), time.perf_counter(), time.process_time()
        labels = model.fit(x).labels_
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    added = peak() - before
    used = int((np.bincount(labels, minlength=k) > 0).sum())
    figures = {"seconds": seconds, "cpu": cpu, "added": added, "peak": peak(), "used": used}
    print(json.dumps(figures | {"inertia": inertia(x, labels, k)}))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--size", action="append", metavar="NxKxD", help="default: 4000x400x384 and 8000x1100x384"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=SIDES, help="run one side")
    parser.add_argument("--fastkmeans", action="store_true", help="also run fastkmeans")
    parser.add_argument("--run", choices=SIDES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    sizes = options.size or ["4000x400x384", "8000x1100x384"]
    if options.run:
        run(options.run, sizes[0], options.seed)
        return
    head = (
        f"{'n x k x d':>20} {'':10} {'seconds':>8} {'cpu':>8} {'inertia':>10} {'added GB':>9} {'peak GB':>8}"
    )
    print(f"{head} {'used k':>7} {'laserdb is':>10} {'inertia ratio':>14}", flush=True)
    for size in sizes:
        results = {}
        for side in [options.only] if options.only else SIDES[: 3 if options.fastkmeans else 2]:
            command = [sys.executable, __file__, "--run", side, "--size", size, "--seed", str(options.seed)]
            r = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
            results[side] = r
            line = f"{size:>20} {side:10} {r['seconds']:8.2f} {r['cpu']:8.2f} {r['inertia']:10.1f}"
            print(f"{line} {r['added']:9.2f} {r['peak']:8.2f} {r['used']:7d}", end="")
            if len(results) > 1:
                ours, theirs = results["laserdb"], r
                faster = theirs["seconds"] / ours["seconds"]
                print(f" {faster:9.1f}x {ours['inertia'] / theirs['inertia']:14.3f}", end="")
            print(flush=True)


if __name__ == "__main__":
    main()
