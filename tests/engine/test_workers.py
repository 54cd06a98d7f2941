"""Several processes on one run."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from laserdb.database import Database
from laserdb.engine import workers
from laserdb.errors import ScoringError, UsageError
from laserdb.warehouse import Warehouse
from tests.backends.real import needs_minilm
from tests.engine.test_score import insert, rows

SLOW = "tests.engine.scorers:Slow"


def pool(warehouse: Warehouse, n: int, extra: str = "") -> Database:
    texts = [("bad " * (i % 10 == 0) + f"text {i}", "b") for i in range(n)]
    insert(warehouse, texts + ([(extra, "b")] if extra else []))
    return Database(warehouse)


def exact(warehouse: Warehouse, scorer: str = "slow") -> tuple:
    """Rows, different turns, and what `runs` says: the counts must agree."""
    view = rows(warehouse, f"SELECT count(*), count(DISTINCT turn_id) FROM score_{scorer}")[0]
    return (*view, *rows(warehouse, "SELECT status, n_ok, n_failed FROM runs")[0])


def test_workers_share_a_run(file_warehouse):
    database = pool(file_warehouse, 120)
    (summary,) = database.score([SLOW], workers=2, params={"ms": "1"})
    assert (summary.scored, summary.failed, summary.pending) == (108, 12, 0)
    assert summary.failures == {"bad_text": 12}
    assert exact(file_warehouse) == (120, 120, "complete", 108, 12)
    (again,) = database.score([SLOW], workers=2)
    assert (again.scored, again.failed, again.run_id) == (0, 0, summary.run_id)


def test_a_limit_counts_over_all_workers(file_warehouse):
    (summary,) = pool(file_warehouse, 60).score([SLOW], workers=2, limit=33, params={"ms": "1"})
    assert (summary.scored + summary.failed, summary.pending) == (33, 27)
    assert exact(file_warehouse)[0] == 33


def test_a_dead_worker_is_replaced(file_warehouse, tmp_path):
    database = pool(file_warehouse, 60, "die")
    params = {"ms": "1", "once": str(tmp_path / "died")}
    (summary,) = database.score(["tests.engine.scorers:Suicidal"], workers=2, params=params)
    assert (summary.scored, summary.failed, summary.pending) == (55, 6, 0)
    assert exact(file_warehouse, "suicidal") == (61, 61, "complete", 55, 6)


def test_a_text_that_kills_every_worker_ends_the_run(file_warehouse, monkeypatch):
    monkeypatch.setattr(workers, "DEATHS", 2)
    database = pool(file_warehouse, 3, "die")
    with pytest.raises(ScoringError, match="its workers end by signal 9 again and again"):
        database.score(["tests.engine.scorers:Suicidal"], workers=2, params={"ms": "1"})
    assert rows(file_warehouse, "SELECT status FROM runs") == [("failed",)]


def test_what_breaks_in_a_worker_is_told(file_warehouse):
    with pytest.raises(ScoringError, match="scorer broken failed: RuntimeError: out of cheese"):
        pool(file_warehouse, 9).score(["tests.engine.scorers:Broken"], workers=2)


def test_workers_need_a_file():
    with pytest.raises(UsageError, match="in a file"):
        pool(Warehouse(":memory:"), 1).score([SLOW], workers=2)


def test_ctrl_c_reaches_the_workers(file_warehouse):
    pool(file_warehouse, 400)
    command = [sys.executable, "-m", "laserdb.cli", "score", file_warehouse.path, SLOW]
    with subprocess.Popen(
        [*command, "--workers", "2", "--set", "ms=100"], stderr=subprocess.PIPE, text=True, cwd=os.getcwd()
    ) as process:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not results_so_far(file_warehouse):
            time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    done, turns, status, ok, failed = exact(file_warehouse)
    assert 0 < done == turns == ok + failed < 400
    assert status == "interrupted"


def test_the_command_line_tells_what_goes_on(file_warehouse):
    pool(file_warehouse, 20)
    command = [sys.executable, "-m", "laserdb.cli", "score", file_warehouse.path, SLOW]
    dry = subprocess.run([*command, "--dry-run", "--json"], capture_output=True, text=True, check=True)
    (plan,) = json.loads(dry.stdout)["scorers"]
    assert (plan["texts"], plan["calibrated_on"]) == (20, 20)
    done = subprocess.run([*command, "--json", "--limit", "15"], capture_output=True, text=True, check=True)
    (summary,) = json.loads(done.stdout)["scorers"]
    assert summary["scored"] + summary["failed"] == 15
    assert re.search(
        r"slow: 15/15 texts, [\d,]+ texts/s, 0 s left, ≈[\d,]+ tokens/s, failed: bad_text \d", done.stderr
    )


def results_so_far(warehouse: Warehouse) -> int:
    return rows(warehouse, "SELECT count(*) FROM scores")[0][0]


@needs_minilm
def test_a_head_and_its_vectors_by_workers(file_warehouse):
    database = pool(file_warehouse, 12)
    (summary,) = database.score(["difficulty"], workers=2)
    assert (summary.scored, summary.pending) == (12, 0)
    by_workers = rows(file_warehouse, "SELECT turn_id, score FROM score_difficulty ORDER BY turn_id")
    database.score(["difficulty"], force=True)
    assert rows(file_warehouse, "SELECT turn_id, score FROM score_difficulty ORDER BY turn_id") == by_workers


def test_gpus_and_processors_are_shared_out(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    found = workers.worker_environments(3)
    assert [one["CUDA_VISIBLE_DEVICES"] for one in found] == ["3", "5", "3"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    assert [one["OMP_NUM_THREADS"] for one in workers.worker_environments(3)] == ["2"] * 3
