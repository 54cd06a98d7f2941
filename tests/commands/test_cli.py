"""The command line as a user meets it: exit codes, one line for an error, JSON on stdout."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

from laserdb.cli import run
from laserdb.warehouse import Warehouse
from tests.pools import FakeSample, FakeTurn, fill


@pytest.fixture
def db(tmp_path) -> str:
    warehouse = Warehouse(tmp_path / "pool.duckdb", create=True)
    pool = [FakeSample([FakeTurn("Math" if i % 2 else "Coding", i, i)], [i, 0]) for i in range(8)]
    fill(warehouse, pool)
    return warehouse.path


def call(capsys, *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = run(list(arguments))
    out, err = capsys.readouterr()
    return code, out, err


def test_help_is_light():
    script = (
        "import sys\nfrom laserdb.cli import run\nrun(['--help'])\n"
        "heavy = {'torch', 'duckdb', 'pandas', 'numpy', 'pyarrow', 'transformers', 'rich'}\n"
        "heavy &= set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "ingest → score → select → export" in done.stdout


def test_the_whole_way(capsys, tmp_path):
    rows = tmp_path / "faq.jsonl"
    rows.write_text(
        '{"instruction": "What is 2 + 2?", "output": "4", "level": 1}\n'
        '{"instruction": "What is 2 + 2?", "output": "4"}\n'
        "{broken\n"
    )
    path = str(tmp_path / "pool.duckdb")
    code, out, _ = call(capsys, "ingest", path, str(rows), "--json")
    assert code == 0
    assert json.loads(out) == {"read": 3, "samples": 1, "turns": 1, "duplicates": 1, "rejects": 1}
    code, out, _ = call(capsys, "score", path, "checks", "--json")
    assert code == 0
    assert json.loads(out)["scorers"][0]["scored"] == 1
    code, out, _ = call(capsys, "select", path, "random", "-m", "5", "--json")
    assert code == 0
    summary = json.loads(out)
    assert (summary["name"], summary["selected"], summary["shortfall"]) == ("random-5", 1, 4)
    assert summary["by_category"] == {"(none)": 1}
    code, out, _ = call(capsys, "export", path, "random-5", str(tmp_path / "train.jsonl"), "--json")
    assert json.loads(out)["files"] == [{"file": str(tmp_path / "train.jsonl"), "rows": 1}]
    row = json.loads((tmp_path / "train.jsonl").read_text())
    assert row["messages"][1] == {"role": "assistant", "content": "4"}
    code, out, _ = call(capsys, "status", path, "--json")
    assert json.loads(out)["samples"] == 1
    code, out, _ = call(capsys, "status", path)
    assert "random-5" in out


def test_select_prints_a_table_and_a_line(capsys, db):
    code, out, _ = call(capsys, "select", db, "laser", "-m", "4")
    assert code == 0
    assert "laser-4: 4 samples in" in out
    code, out, _ = call(capsys, "select", db, "laser", "-m", "40", "--dry-run")
    assert "the pool can give 8 of 40" in out
    assert "kmeans" in out


@pytest.mark.parametrize("shape", ["table", "csv", "json", "parquet"])
def test_sql_formats(db, shape):
    query = "SELECT sample_id, [1, 2] AS pair FROM samples ORDER BY 1 LIMIT 2"
    done = subprocess.run(
        [sys.executable, "-m", "laserdb.cli", "sql", db, query, "--format", shape],
        capture_output=True,
        check=True,
    )
    if shape == "json":
        assert json.loads(done.stdout) == [{"sample_id": 1, "pair": [1, 2]}, {"sample_id": 2, "pair": [1, 2]}]
    elif shape == "csv":
        assert done.stdout == b'"sample_id","pair"\n1,"[1, 2]"\n2,"[1, 2]"\n'
    elif shape == "parquet":
        found = pq.read_table(__import__("io").BytesIO(done.stdout)).to_pylist()
        assert found == [{"sample_id": 1, "pair": [1, 2]}, {"sample_id": 2, "pair": [1, 2]}]
    else:
        assert b"sample_id" in done.stdout
        assert b"[1, 2]" in done.stdout


def test_sql_from_a_file_and_from_stdin(db, tmp_path):
    file = tmp_path / "q.sql"
    file.write_text("SELECT 41 + 1 AS x")
    for argument, stdin in ((str(file), None), ("-", "SELECT 41 + 1 AS x")):
        done = subprocess.run(
            [sys.executable, "-m", "laserdb.cli", "sql", db, argument, "--format", "json"],
            input=stdin,
            capture_output=True,
            text=True,
            check=True,
        )
        assert json.loads(done.stdout) == [{"x": 42}]


def test_sql_reads_only_unless_it_may_write(capsys, db):
    code, _, err = call(capsys, "sql", db, "DELETE FROM evals")
    assert code == 1
    assert "read-only" in err
    assert "--write" in err
    assert call(capsys, "sql", db, "--write", "UPDATE routes SET scorer = 'mine'")[0] == 0
    with Warehouse(db).read() as session:
        assert session.rows("SELECT DISTINCT scorer FROM routes") == [("mine",)]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["selekt"], 2, "unknown command 'selekt'; did you mean select?"),
        (["select", "{db}", "laser"], 2, "Missing option '-m'"),
        (["select", "{db}", "lazer", "-m", "1"], 2, "did you mean laser?"),
        (["select", "{db}", "laser", "-m", "0"], 2, "-m"),
        (["select", "{db}", "laser", "-m", "1", "--set", "gamma"], 2, "--set takes KEY=VALUE"),
        (["select", "{db}", "laser", "-m", "1", "--set", "gama=1"], 2, "did you mean gamma?"),
        (["select", "{db}", "laser", "-m", "1", "--where", "nope"], 1, "nope"),
        (["select", "{tmp}/no.duckdb", "laser", "-m", "1"], 1, "no database at"),
        (["score", "{db}"], 2, "name at least one scorer"),
        (["score", "{db}", "chekcs"], 2, "did you mean checks?"),
        (["score", "{db}", "--preset", "gpu"], 2, "unknown preset 'gpu'"),
        (["score", "{db}", "--preset", "laser", "--set", "prm.modle=x"], 2, "parameter of prm 'modle'"),
        (["score", "{db}", "{tmp}/no.toml"], 2, "no judge file at"),
        (["export", "{db}", "nope", "{tmp}/x.jsonl"], 2, "unknown selection 'nope'"),
        (["export", "{db}", "nope", "{tmp}/x.jsonl", "--split", "train=2"], 2, "--split"),
        (["export", "{db}", "nope", "{tmp}/x.jsonl", "--split", "train=0.5"], 2, "sum to 0.5"),
        (["ingest", "{db}", "{tmp}/none.jsonl"], 1, "none.jsonl"),
        (["ingest", "{db}", "{tmp}/none.jsonl", "--map", "a"], 2, "--map takes KEY=VALUE"),
        (["sql", "{db}", "SELEC 1"], 1, "Parser Error"),
        (["sql", "{db}", ""], 2, "the query is empty"),
        (["status", "{tmp}"], 1, "is a directory"),
    ],
)
def test_a_mistake_gets_one_line(capsys, db, tmp_path, arguments, code, message):
    found, out, err = call(capsys, *(text.format(db=db, tmp=tmp_path) for text in arguments))
    assert found == code
    assert message in err
    assert err.startswith("Error: ")
    assert len(err.strip().splitlines()) == 1
    assert "Traceback" not in out + err


def test_traceback_on_demand(db):
    done = subprocess.run(
        [sys.executable, "-m", "laserdb.cli", "select", db, "lazer", "-m", "1", "--traceback"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_a_reader_that_goes_away_is_no_error(db):
    command = f"{sys.executable} -m laserdb.cli sql {db} 'SELECT * FROM range(200000)' --format csv | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.stdout == '"range"\n'
    assert "Error" not in done.stderr
    assert "Traceback" not in done.stderr


def test_lists(capsys):
    code, out, _ = call(capsys, "scorers", "--json")
    assert code == 0
    found = {one["name"]: one for one in json.loads(out)["scorers"]}
    assert found["checks"]["installed"] is True
    assert found["category"]["paper"]
    code, out, _ = call(capsys, "strategies")
    assert code == 0
    assert "laser" in out
    code, out, _ = call(capsys, "strategies", "--json")
    assert {one["name"] for one in json.loads(out)["strategies"]} >= {"laser", "random", "longest"}


def test_an_export_does_not_lock_others_out(db, tmp_path):
    """Readers share the file: a second process reads while one holds a reading session."""
    with Warehouse(db).read():
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "laserdb.cli",
                "sql",
                db,
                "SELECT count(*) AS n FROM samples",
                "--format",
                "json",
            ],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "LASERDB_LOCK_TIMEOUT": "0"},
        )
    assert json.loads(done.stdout) == [{"n": 8}]
