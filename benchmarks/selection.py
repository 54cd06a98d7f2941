"""Selection at the paper's scale (Table 9), beside what it takes with others' code on the same vectors.

    python benchmarks/select.py --scale 0.02 --dim 128       # a minute or two
    python benchmarks/select.py --db pool.duckdb   # 707k samples, 1.75M turns, d = 1024
    python benchmarks/select.py --db pool.duckdb --skip minibatch deita

- sql: strategies that are SQL alone; laser: the whole of `select laser` for each m. Each run is a process of
  its own: seconds from the call of `select` to the recorded selection, and the process's peak memory.
- (a) minibatch: scikit-learn's MiniBatchKMeans as LASER sets it, on some thousands of Math vectors,
  with the same vectors per cluster as laser has at m; laserdb.kmeans on the same. From its sizes follows the
  growth, and from that what it would take on every category at m (labelled "extrapolated").
- (b) deita: the filter as published, one sample after the other against all kept ones, beside laserdb's.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from kmeans import inertia, peak
from paper_pool import EMBEDDER, build

from laserdb.apportion import apportion
from laserdb.categories import CATEGORIES

SQL_ONLY = ("random", "longest", "preference_stratified")
SHARES = (0.25, 0.25, 0.25, 0.1, 0.1, 0.025, 0.025)


def strategy(db: str, name: str, m: int) -> dict:
    """One selection, in this process."""
    from laserdb.database import connect

    with connect(db, create=False) as database:
        cpu, begun = time.process_time(), time.perf_counter()
        summary = database.select(name, m, name=f"bench-{name}-{m}", replace=True)
        seconds = time.perf_counter() - begun
    return {
        "seconds": seconds,
        "cpu": time.process_time() - cpu,
        "peak": peak(),
        "selected": summary.selected,
    }


def math_vectors(db: str, n: int) -> np.ndarray:
    """The first n vectors of the category Math."""
    from laserdb.warehouse import Warehouse
    from laserdb.warehouse.functions import vectors_of

    with Warehouse(db).read() as session:
        found = session.rows(
            f"SELECT sample_id FROM sample_categories WHERE category = 'Math' ORDER BY 1 LIMIT {n}"
        )
        return vectors_of(session, [one for (one,) in found], EMBEDDER)


def clustering(db: str, side: str, n: int, k: int) -> dict:
    """One k-means of n Math vectors, in this process."""
    x = math_vectors(db, n)
    if side == "minibatch":
        from sklearn.cluster import MiniBatchKMeans

        model = MiniBatchKMeans(k, init="k-means++", batch_size=2048, max_iter=50, random_state=0)
        begun = time.perf_counter()
        labels = model.fit(x).labels_
    else:
        from laserdb.clustering import kmeans

        begun = time.perf_counter()
        labels = kmeans(x, k)
    seconds = time.perf_counter() - begun
    return {"seconds": seconds, "inertia": inertia(x, labels, k), "n": len(x), "k": k}


def deita(db: str, side: str, n: int, m: int) -> dict:
    """DEITA's filter over the first n Math vectors in pool order, in this process."""
    x = math_vectors(db, n)
    begun = time.perf_counter()
    if side == "published":
        kept = [0]
        for row in range(1, len(x)):
            if len(kept) == m:
                break
            # As published: the kept vectors are gathered and scaled anew for every sample.
            gathered = x[kept]
            gathered = gathered / np.linalg.norm(gathered, axis=1, keepdims=True)
            one = x[row] / np.linalg.norm(x[row])
            if not (gathered @ one > 0.9).any():
                kept.append(row)
    else:
        from laserdb.subset import far_apart

        kept = far_apart(len(x), lambda span: x[span], m, 0.9).tolist()
    return {"seconds": time.perf_counter() - begun, "kept": len(kept), "hash": hash(tuple(kept))}


def child(*arguments: object) -> dict:
    """A run in a process of its own."""
    command = [sys.executable, __file__, "--run", json.dumps(arguments)]
    found = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, env={**__import__("os").environ, "PYTHONHASHSEED": "0"}
    )
    return json.loads(found.stdout.splitlines()[-1])


def quotas(db: str, m: int) -> list[tuple[int, int]]:
    """(candidates, clusters) of each category."""
    from laserdb.warehouse import Warehouse

    with Warehouse(db).read() as session:
        have = dict(session.rows("SELECT category, count(*) FROM sample_categories GROUP BY 1"))
    supply = [have.get(name, 0) for name in CATEGORIES]
    return list(zip(supply, apportion(m, SHARES, supply), strict=True))


def line(*cells: object) -> None:
    print(
        "  ".join(f"{cell:>14.2f}" if isinstance(cell, float) else f"{cell!s:>14}" for cell in cells),
        flush=True,
    )


def run_strategies(db: str, budgets: list[int]) -> dict[int, float]:
    line("strategy", "m", "seconds", "cpu seconds", "peak GB", "selected")
    for name in SQL_ONLY:
        found = child("strategy", db, name, budgets[1])
        line(name, budgets[1], found["seconds"], found["cpu"], found["peak"], found["selected"])
    seconds = {}
    for m in budgets:
        found = child("strategy", db, "laser", m)
        seconds[m] = found["seconds"]
        line("laser", m, found["seconds"], found["cpu"], found["peak"], found["selected"])
    return seconds


def run_clusterings(db: str, sizes: list[int], budgets: list[int], laser: dict[int, float]) -> None:
    """(a): measured at sizes, its growth, and what follows for every category at m."""
    per_cluster = {m: quotas(db, m)[0][0] / max(quotas(db, m)[0][1], 1) for m in budgets}
    ratio = per_cluster[budgets[-1]]
    line("k-means", "n", "k", "seconds", "inertia", "ratio")
    points = []
    for n in sizes:
        k = max(2, round(n / ratio))
        theirs = child("clustering", db, "minibatch", n, k)
        ours = child("clustering", db, "laserdb", n, k)
        line("(a) minibatch", theirs["n"], k, theirs["seconds"], theirs["inertia"], "")
        line("laserdb", ours["n"], k, ours["seconds"], ours["inertia"], ours["inertia"] / theirs["inertia"])
        points.append((theirs["n"] * k, theirs["seconds"]))
    work, seconds = np.log(np.array(points)).T
    growth, base = np.polyfit(work, seconds, 1) if len(points) > 1 else (1.0, seconds[0] - work[0])
    print(f"(a) grows as (n·k)^{growth:.2f}")
    for m in budgets:
        whole = sum(float(np.exp(base + growth * np.log(n * k))) for n, k in quotas(db, m) if n and k)
        ours = laser.get(m)
        faster = f"{whole / ours:.1f}x the whole of laserdb's laser" if ours else ""
        print(f"(a) at m = {m:,}: {whole:,.0f} s extrapolated; {faster}")


def run_deita(db: str, budgets: list[int]) -> None:
    line("filter", "m", "seconds", "kept", "same")
    for m in budgets[:2]:
        theirs, ours = (child("deita", db, side, 4 * m, m) for side in ("published", "laserdb"))
        line("(b) published", m, theirs["seconds"], theirs["kept"], "")
        line("laserdb", m, ours["seconds"], ours["kept"], str(ours["hash"] == theirs["hash"]))
        print(f"(b) laserdb is {theirs['seconds'] / ours['seconds']:.1f}x faster at m = {m:,}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", type=float, default=1.0, help="1 is the paper's pool, 0.1 a tenth of it")
    parser.add_argument("--dim", type=int, default=1024)
    parser.add_argument("--db", help="keep the pool here, and use it if it is there")
    parser.add_argument("--sizes", type=int, nargs="+", default=[4000, 8000, 16000], help="n of (a)")
    parser.add_argument("--skip", nargs="+", default=[], choices=["strategies", "minibatch", "deita"])
    parser.add_argument("--run", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        what, *arguments = json.loads(options.run)
        job = {"strategy": strategy, "clustering": clustering, "deita": deita}[what]
        print(json.dumps(job(*arguments)))
        return
    with tempfile.TemporaryDirectory(prefix="laserdb-bench-") as folder:
        db = options.db or str(Path(folder) / "pool.duckdb")
        if not Path(db).exists():
            build(db, options.scale, options.dim)
        budgets = [max(1, round(m * options.scale)) for m in (1000, 10_000, 100_000)]
        laser = {} if "strategies" in options.skip else run_strategies(db, budgets)
        if "minibatch" not in options.skip:
            run_clusterings(db, options.sizes, budgets, laser)
        if "deita" not in options.skip:
            run_deita(db, budgets)


if __name__ == "__main__":
    main()
