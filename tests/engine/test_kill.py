"""kill -9 at random moments: whatever happens, one result per text in the end, and `runs` tells the truth."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from laserdb.warehouse import Warehouse
from laserdb.warehouse.status import status
from tests.engine.test_score import insert, rows

ROOT = Path(__file__).parent.parent.parent
TEXTS = 320


def start(warehouse: Warehouse, *options: str) -> subprocess.Popen:
    command = [
        sys.executable,
        "-m",
        "laserdb.cli",
        "score",
        warehouse.path,
        "tests.engine.scorers:Slow",
        *options,
    ]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def fill(warehouse: Warehouse) -> None:
    # Every text twice: equal ones are scored once.
    texts = [("bad " * (i % 10 == 0) + f"text {i}", "b") for i in range(TEXTS)]
    insert(warehouse, texts + texts)


def counts(warehouse: Warehouse) -> int:
    """Results so far; that the run's own counts agree is checked every time."""
    with warehouse.read() as session:
        if not session.value("SELECT count(*) FROM result_tables"):
            return 0
        done, keys = session.row("SELECT count(*), count(DISTINCT key) FROM results.slow")
        said = session.value("SELECT coalesce(sum(n_ok + n_failed), 0) FROM runs")
        assert (done, done) == (keys, said)
        return done


def run_status(warehouse: Warehouse) -> str | None:
    with warehouse.read() as session:
        runs = status(session)["runs"]
    return runs[0]["status"] if runs else None


def is_whole(warehouse: Warehouse) -> None:
    failed = TEXTS // 10
    assert rows(warehouse, "SELECT count(*), count(DISTINCT key), count(error) FROM results.slow") == [
        (TEXTS, TEXTS, failed)
    ]
    assert rows(
        warehouse, "SELECT count(*) FROM turns t WHERE turn_key NOT IN (SELECT key FROM results.slow)"
    ) == [(0,)]
    assert rows(warehouse, "SELECT run_id, status, n_ok, n_failed FROM runs") == [
        (1, "complete", TEXTS - failed, failed)
    ]


NURSERY = """
import os, sys
import laserdb.database, tests.engine.scorers
from laserdb.cli import run

for line in sys.stdin:
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        os._exit(run(line.split()))
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Nursery:
    """Starts the command line again and again, with everything imported: twenty starts take no minute."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", NURSERY],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, *exception: object) -> None:
        self.process.kill()
        self.process.communicate()

    def start(self, *arguments: str) -> int:
        """Start a process; its id."""
        self.process.stdin.write(" ".join(arguments) + "\n")
        self.process.stdin.flush()
        return self.wait()

    def wait(self) -> int:
        """Its exit code, when it has ended."""
        return int(self.process.stdout.readline())


def test_twenty_kills(file_warehouse, tmp_path):
    fill(file_warehouse)
    rng = random.Random(3)
    log = tmp_path / "log"
    log.touch()
    score = ["score", file_warehouse.path, "tests.engine.scorers:Slow", "--set"]
    seen = [0]
    with Nursery() as nursery:
        for kill in range(20):
            pid = nursery.start(*score, "ms=20", "--set", "flush=0.03", "--set", f"log={log}")
            if kill % 4:
                # Into the work, wherever that is on a machine as busy as this one.
                batches = log.stat().st_size + rng.randint(1, 5)
                while log.stat().st_size < batches:
                    time.sleep(0.002)
            time.sleep(rng.uniform(0, 0.04 if kill % 4 else 0.4))
            os.kill(pid, signal.SIGKILL)
            assert nursery.wait() == -signal.SIGKILL
            seen.append(counts(file_warehouse))
            assert seen[-1] >= seen[-2]
            assert run_status(file_warehouse) in ("interrupted", None)
        assert 0 < seen[-1] < TEXTS, "the kills should fall into the work"
        nursery.start(*score, "ms=1")
        assert nursery.wait() == 0
    is_whole(file_warehouse)


READER = """
import io, json, sys, time
from contextlib import redirect_stdout
from laserdb.cli import run

worst, polls, last = 0.0, 0, 0
while True:
    begun = time.monotonic()
    out = io.TextIOWrapper(io.BytesIO())
    with redirect_stdout(out):
        code = run(["sql", sys.argv[1], "SELECT count(*) AS n FROM scores", "--format", "json"])
    assert code == 0, code
    out.seek(0)
    (found,) = json.loads(out.read())
    assert found["n"] >= last
    last, polls, worst = found["n"], polls + 1, max(worst, time.monotonic() - begun)
    print(json.dumps({"polls": polls, "worst": worst, "seen": last}), flush=True)
    time.sleep(0.02)
"""


def children(pid: int) -> list[int]:
    """The workers of a scoring process."""
    with suppress(OSError):
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def test_twenty_kills_of_four_workers_with_a_reader_beside_them(file_warehouse, record_property):
    fill(file_warehouse)
    rng = random.Random(4)
    options = ["--workers", "4", "--set", "ms=100", "--set", "flush=0.2"]
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, file_warehouse.path],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    process = start(file_warehouse, *options)
    for kill in range(20):
        time.sleep(rng.uniform(0.1, 1.0))
        workers = children(process.pid)
        victim = rng.choice(workers) if workers and kill % 5 else process.pid
        with suppress(ProcessLookupError):
            subprocess.run(
                ["kill", f"-{signal.SIGKILL.value}", str(victim)], check=False, capture_output=True
            )
        if victim == process.pid or process.poll() is not None:
            process.wait()
            process = start(file_warehouse, *options)
    process.wait()
    assert start(file_warehouse, "--set", "ms=1").wait() == 0
    assert reader.poll() is None, "the reader failed"
    reader.kill()
    out, _ = reader.communicate()
    polls = json.loads(out.splitlines()[-1])
    print(f"reader: {polls['polls']} polls, the slowest took {polls['worst']:.2f} s")
    record_property("worst_latency", polls["worst"])
    is_whole(file_warehouse)
