"""Selection at the paper's scale (Table 9), beside what it takes with others' code on the same vectors.

    python benchmarks/select.py --scale 0.02 --dim 128     # a minute or two
    python benchmarks/select.py --scale 0.1                # a tenth of the paper's pool
    python benchmarks/select.py --db pool.duckdb           # 707k samples, 1.75M turns, d = 1024; kept
    python benchmarks/select.py --db pool.duckdb --only sql minibatch

- sql: strategies that are SQL alone. table: laser, deita and car for each m. Each run is a process of its
  own: seconds from the call of `select` to the recorded selection, and the process's peak memory.
- minibatch (a): scikit-learn's MiniBatchKMeans as LASER sets it, on some thousands of Math vectors,
  with the same vectors per cluster as laser has at m; laserdb.kmeans on the same. From its sizes follows the
  growth, and from that what it would take on every category at m (labelled "extrapolated").
- deita (b): the filter as published, one sample after the other against all kept ones, beside laserdb's, on
  at most 20,000 vectors.
Last comes Table 9 of the paper with these times. On a busy machine compare the processor's seconds ("cpu").
"""

from __future__ import annotations

import argparse
import json
import os
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
TABLE_9 = ("deita", "car", "laser")
SHARES = (0.25, 0.25, 0.25, 0.1, 0.1, 0.025, 0.025)
MOST_FILTERED = 20_000
SECTIONS = ("sql", "table", "minibatch", "deita")


class Clock:
    """Seconds on the wall and of all threads of this process since it was made."""

    def __init__(self) -> None:
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def read(self) -> dict[str, float]:
        return {"seconds": time.perf_counter() - self.wall, "cpu": time.process_time() - self.cpu}


def strategy(db: str, name: str, m: int) -> dict:
    """One selection, in this process."""
    from laserdb.database import connect

    with connect(db, create=False) as database:
        clock = Clock()
        summary = database.select(name, m, name=f"bench-{name}-{m}", replace=True)
        took = clock.read()
    return took | {"peak": peak(), "selected": summary.selected}


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
        clock = Clock()
        labels = model.fit(x).labels_
    else:
        from laserdb.clustering import kmeans

        clock = Clock()
        labels = kmeans(x, k)
    return clock.read() | {"peak": peak(), "inertia": inertia(x, labels, k), "n": len(x), "k": k}


def deita(db: str, side: str, n: int, m: int) -> dict:
    """DEITA's filter over the first n Math vectors in pool order, in this process."""
    x = math_vectors(db, n)
    clock = Clock()
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
    return clock.read() | {"kept": len(kept), "hash": hash(tuple(kept))}


def child(*arguments: object) -> dict:
    """A run in a process of its own."""
    command = [sys.executable, __file__, "--run", json.dumps(arguments)]
    found = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, env={**os.environ, "PYTHONHASHSEED": "0"}
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
    shown = (
        f"{cell:.2f}" if isinstance(cell, float) else "" if cell is None else str(cell) for cell in cells
    )
    print("  ".join(f"{cell:>19}" for cell in shown), flush=True)


Times = dict[tuple[str, int], dict[str, float]]


def run_strategies(db: str, wanted: list[tuple[str, int]]) -> Times:
    line("strategy", "m", "seconds", "cpu", "peak GB", "selected")
    found = {}
    for name, m in wanted:
        one = found[name, m] = child("strategy", db, name, m)
        line(name, m, one["seconds"], one["cpu"], one["peak"], one["selected"])
    return found


def run_clusterings(db: str, sizes: list[int], budgets: list[int]) -> dict[int, dict[str, float]]:
    """(a): measured at sizes, its growth, and what follows for every category at m."""
    candidates, clusters = quotas(db, budgets[-1])[0]
    line("k-means", "n", "k", "seconds", "cpu", "peak GB", "inertia", "ratio")
    points = []
    for n in sizes:
        k = max(2, round(n * clusters / candidates))
        theirs, ours = (child("clustering", db, side, n, k) for side in ("minibatch", "laserdb"))
        for name, one in (("(a) minibatch", theirs), ("laserdb", ours)):
            times = one["seconds"], one["cpu"], one["peak"]
            line(name, one["n"], k, *times, one["inertia"], one["inertia"] / theirs["inertia"])
        points.append((theirs["n"] * k, theirs))
    whole: dict[int, dict[str, float]] = {m: {} for m in budgets}
    for clock in ("seconds", "cpu"):
        work, took = np.log(np.array([(size, one[clock]) for size, one in points])).T
        growth, base = np.polyfit(work, took, 1) if len(points) > 1 else (1.0, took[0] - work[0])
        print(f"(a) {clock} grow as (n·k)^{growth:.2f}")
        for m in budgets:
            sums = (float(np.exp(base + growth * np.log(n * k))) for n, k in quotas(db, m) if n and k)
            whole[m][clock] = sum(sums)
    return whole


def run_deita(db: str, budgets: list[int]) -> dict[int, dict[str, float]]:
    """(b): the published filter and ours on the same vectors in the same order."""
    line("filter", "m", "seconds", "cpu", "kept", "same")
    found = {}
    for m in budgets[:2]:
        n = min(4 * m, MOST_FILTERED)
        theirs, ours = (child("deita", db, side, n, m) for side in ("published", "laserdb"))
        line("(b) published", m, theirs["seconds"], theirs["cpu"], theirs["kept"], "")
        line("laserdb", m, ours["seconds"], ours["cpu"], ours["kept"], str(ours["hash"] == theirs["hash"]))
        print(f"(b) laserdb is {theirs['seconds'] / ours['seconds']:.1f}x faster at m = {m:,} of {n:,}")
        found[m] = theirs
    return found


def table_9(budgets: list[int], ours: Times, minibatch: dict, published: dict) -> None:
    """Seconds by m; (a) is the clustering of LASER alone, extrapolated, and (b) DEITA's filter alone."""
    for clock in ("seconds", "cpu"):
        print(f"\nTable 9, {clock}")
        line("m", *TABLE_9, "(a) minibatch", "(a) / laser", "(b) published", "(b) / deita")
        for m in budgets:
            own = [ours.get((name, m), {}).get(clock) for name in TABLE_9]
            theirs = [found.get(m, {}).get(clock) for found in (minibatch, published)]
            ratios = [a / b if a and b else None for a, b in ((theirs[0], own[2]), (theirs[1], own[0]))]
            line(m, *own, theirs[0], ratios[0], theirs[1], ratios[1])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", type=float, default=1.0, help="1 is the paper's pool, 0.1 a tenth of it")
    parser.add_argument("--dim", type=int, default=1024)
    parser.add_argument("--db", help="keep the pool here, and use it if it is there")
    parser.add_argument("--sizes", type=int, nargs="+", default=[4000, 8000, 16000], help="n of (a)")
    parser.add_argument("--only", nargs="+", default=SECTIONS, choices=SECTIONS, help="parts to run")
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
        wanted = [(name, budgets[1]) for name in SQL_ONLY] if "sql" in options.only else []
        wanted += (
            [(name, m) for name in reversed(TABLE_9) for m in budgets] if "table" in options.only else []
        )
        ours = run_strategies(db, wanted) if wanted else {}
        minibatch = run_clusterings(db, options.sizes, budgets) if "minibatch" in options.only else {}
        published = run_deita(db, budgets) if "deita" in options.only else {}
        table_9(budgets, ours, minibatch, published)


if __name__ == "__main__":
    main()
