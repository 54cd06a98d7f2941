"""What the scoring engine itself costs, beside the model's work; every figure from one run on one machine.

    python benchmarks/engine.py                      # about a minute
    python benchmarks/engine.py --texts 200000 --rows 1000000
    python benchmarks/engine.py --models POOL.jsonl …   # and real scoring against the plain loop

- overhead: a scorer that does nothing, over turns of realistic length, per text: fetching, batching,
  objects, Arrow, appending; and what the scorer alone costs in a bare loop.
- append: score rows into the file, in transactions of 50,000 as the engine writes them, while another
  process queries the file all the time.
- models, where files of turns are given: a judge and two readers with a small language model, against the
  plain loop of one row at a time (see models.py).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from laserdb.engine.score import ScoreOptions, score
from laserdb.progress import Silent
from laserdb.scorers.base import Answer, Batch, Identity, Scored, Scorer, Turn, Unit
from laserdb.warehouse import Warehouse, results
from laserdb.warehouse.results import RunSpec
from laserdb.warehouse.views import ResultTable

APPEND = 50_000


class Nothing(Scorer):
    """Gives every text 0.5 at once."""

    name = "nothing"
    summary = "nothing"
    unit = Unit.TURN
    batch_size = 256

    @property
    def columns(self) -> Mapping[str, str]:
        return {"words": "INTEGER"}

    @property
    def identity(self) -> Identity:
        return Identity(self.name, "none", "1")

    def score(self, batch: Batch) -> Sequence[Answer]:
        return [Scored(0.5, {"words": 1}) for _ in batch.turns]


def fill(warehouse: Warehouse, n: int) -> None:
    """n turns of about 1,200 characters, lengths as uneven as real ones."""
    text = "repeat(md5({}::VARCHAR) || ' ', 1 + (hash({}) % {})::INT)"
    sql = (
        f"SELECT i AS id, md5(i::VARCHAR)::UUID AS key, {text.format('i', 'i', 8)} AS instruction, "
        f"{text.format('(-i)', '-i', 48)} AS response FROM range(1, {n} + 1) r(i)"
    )
    with warehouse.write() as session:
        session.run(
            "INSERT INTO samples SELECT id, 'bench', id::VARCHAR, 1, NULL, '{}', NULL, key, key "
            f"FROM ({sql}) ORDER BY id"
        )
        session.run(
            f"INSERT INTO turns SELECT id, id, 0, instruction, response, key, key FROM ({sql}) ORDER BY id"
        )


def overhead(n: int) -> None:
    """The engine's own time per text."""
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Warehouse(Path(folder) / "pool.duckdb", create=True)
        fill(warehouse, n)
        begun, cpu = time.perf_counter(), time.process_time()
        (summary,) = score(warehouse, [Nothing()], ScoreOptions(), Silent())
        seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
        assert (summary.scored, summary.pending) == (n, 0)
    scorer, turns = Nothing(), [Turn("a", "b")] * Nothing.batch_size
    begun = time.perf_counter()
    for _ in range(0, n, len(turns)):
        scorer.score(Batch(turns))
    alone = time.perf_counter() - begun
    print(
        f"overhead: {n:,} texts in {seconds:.2f} s ({cpu:.2f} s of the processors): "
        f"{(seconds - alone) / n * 1e6:.1f} µs per text beside the scorer's own {alone / n * 1e6:.1f} µs"
    )


READER = """
import json, sys, time
from laserdb.warehouse import Warehouse
warehouse, waits = Warehouse(sys.argv[1]), []
while True:
    begun = time.monotonic()
    with warehouse.read() as session:
        session.rows("SELECT count(*), avg(score) FROM results.bench")
    waits.append(time.monotonic() - begun)
    print(json.dumps([len(waits), max(waits), sorted(waits)[len(waits) // 2]]), flush=True)
"""


def append(n: int) -> None:
    """Rows written while another process reads."""
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Warehouse(Path(folder) / "pool.duckdb", create=True, lock_timeout=600)
        table = ResultTable("bench", "bench", "turn", {"words": "INTEGER"})
        with warehouse.write() as session:
            results.ensure_table(session, table)
            run_id = results.open_run(session, RunSpec("bench", "none", "1", {}, "", "1", "bench"))
        parts = [score_rows(rng, min(APPEND, n - at)) for at in range(0, n, APPEND)]
        reader = subprocess.Popen(
            [sys.executable, "-c", READER, warehouse.path], stdout=subprocess.PIPE, text=True
        )
        assert reader.stdout is not None
        reader.stdout.readline()
        begun = time.perf_counter()
        for part in parts:
            with warehouse.write() as session:
                results.append(session, table, run_id, part)
        seconds = time.perf_counter() - begun
        # The query that is waiting now counts too.
        waiting = reader.stdout.readline()
        reader.kill()
        queries, worst, median = json.loads((waiting + reader.communicate()[0]).splitlines()[-1])
        with warehouse.read() as session:
            assert session.row("SELECT count(*), count(DISTINCT key) FROM results.bench") == (n, n)
    print(
        f"append: {n:,} rows in {seconds:.2f} s with {queries} queries beside it "
        f"(median {median * 1e3:.0f} ms, slowest {worst * 1e3:.0f} ms)"
    )


def score_rows(rng: np.random.Generator, n: int) -> pa.Table:
    """Rows as the engine appends them."""
    keys = [str(uuid.UUID(bytes=rng.bytes(16))) for _ in range(n)]
    return pa.table(
        {
            "key": pa.array(keys),
            "score": pa.array(rng.random(n)),
            "error": pa.nulls(n, pa.string()),
            "words": pa.array(rng.integers(0, 1000, n)),
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--texts", type=int, default=100_000, help="texts for the overhead")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows to append")
    parser.add_argument("--models", nargs="+", default=[], metavar="FILE", help="files of turns to score")
    options = parser.parse_args()
    overhead(options.texts)
    append(options.rows)
    if options.models:
        from models import compare_files

        compare_files(options.models, turns=32, dtype="float32", context=2048, only=None)


if __name__ == "__main__":
    main()
