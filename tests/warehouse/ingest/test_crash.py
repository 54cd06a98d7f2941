"""All of an ingest or nothing: a killed process, an error and Ctrl-C leave the file as it was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from laserdb.warehouse import Warehouse
from laserdb.warehouse.ingest import IngestOptions, ingest, load

# Small chunks, and a sign of life once rows have been written.
SCRIPT = """
import sys, time
from laserdb.warehouse import Warehouse
from laserdb.warehouse.ingest import IngestOptions, ingest, load, split

split.CHUNK = 100_000
split.lines.__defaults__ = (100_000,)
add = load.Load.add_samples
calls = []

def slow(self, *arguments):
    result = add(self, *arguments)
    calls.append(1)
    if len(calls) == 3:
        print("writing", flush=True)
        time.sleep(60)
    return result

load.Load.add_samples = slow
ingest(Warehouse(sys.argv[1]), [sys.argv[2]], IngestOptions())
"""


def state(path: str) -> list[tuple[object, ...]]:
    with Warehouse(path).read() as session:
        return session.rows(
            "SELECT (SELECT count(*) FROM samples), (SELECT count(*) FROM turns), "
            "(SELECT count(*) FROM ingests)"
        )


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
def test_killed_in_the_middle(tmp_path: Path, sign: signal.Signals) -> None:
    path, first, second = (str(tmp_path / name) for name in ("pool.duckdb", "a.jsonl", "b.jsonl"))
    Path(first).write_text('{"question": "kept"}\n')
    Path(second).write_text(
        "".join(json.dumps({"question": f"{n} " + "x" * 1000}) + "\n" for n in range(2000))
    )
    ingest(Warehouse(path, create=True), [first], IngestOptions())
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, path, second], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"writing\n"
        os.kill(process.pid, sign)
        assert process.wait(30) != 0
    assert state(path) == [(1, 1, 1)]
    assert ingest(Warehouse(path), [second], IngestOptions()).samples == 2000
    assert state(path) == [(2001, 2001, 2)]


def test_error_in_the_middle(pool, monkeypatch):
    pool.ingest(pool.write("a.jsonl", {"question": "kept"}))
    add = load.Load.add_samples

    def failing(self, *arguments):
        add(self, *arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(load.Load, "add_samples", failing)
        with pytest.raises(KeyboardInterrupt):
            pool.ingest(pool.write("b.jsonl", {"question": "lost"}))
    assert pool.turns() == [("kept", None)]
    assert pool.ingest(pool.write("b.jsonl", {"question": "found"})).samples == 1
    assert pool.rows("SELECT sample_id, turn_id FROM turns ORDER BY 1") == [(1, 1), (2, 2)]


def test_memory_limit_is_given_back(pool):
    before = pool.rows("SELECT current_setting('memory_limit')")
    with pool.warehouse.write():
        pool.ingest(pool.write("a.jsonl", {"question": "a"}))
    assert pool.rows("SELECT current_setting('memory_limit')") == before


def test_nothing_is_left_behind(pool):
    pool.ingest(
        pool.write("a.jsonl", {"question": "a"}, "broken", {"messages": [{"role": "tool", "content": "x"}]})
    )
    with pool.warehouse.read() as session:
        assert session.rows("SELECT view_name FROM duckdb_views() WHERE temporary AND NOT internal") == []
        assert session.rows("SELECT table_name FROM duckdb_tables() WHERE temporary") == []
