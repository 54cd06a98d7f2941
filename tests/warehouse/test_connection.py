from __future__ import annotations

import subprocess
import sys
import time

import duckdb
import pytest

from laserdb.errors import DatabaseError, DatabaseLocked, NotADatabase, SchemaTooNew
from laserdb.warehouse import Warehouse, migrate


def test_a_new_file_has_the_whole_schema(warehouse):
    with warehouse.read() as session:
        tables = {name for (name,) in session.rows("SELECT table_name FROM information_schema.tables")}
        versions = session.rows("SELECT version FROM schema_migrations ORDER BY version")
    assert {
        "samples",
        "turns",
        "rejects",
        "labels",
        "scores",
        "embeddings",
        "sample_scores",
        "runs",
        "selections",
        "selected",
        "evals",
    } <= tables
    assert versions == [(one.version,) for one in migrate.migrations()]


def test_any_duckdb_client_of_a_supported_version_can_open_it(file_warehouse):
    with file_warehouse.write():
        pass
    con = duckdb.connect(file_warehouse.path, read_only=True)
    tags = con.execute("SELECT tags FROM duckdb_databases() WHERE NOT internal").fetchall()
    con.close()
    assert tags[0][0]["storage_version"].startswith("v1.5")


def test_a_missing_file_says_how_to_make_one(tmp_path):
    with (
        pytest.raises(DatabaseError, match="create it with: laserdb ingest"),
        Warehouse(tmp_path / "x.db").read(),
    ):
        pass


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"hello, this is no database at all", "is not a DuckDB database"),
        (b"short", "is not a DuckDB database"),
    ],
)
def test_another_kind_of_file(tmp_path, content, message):
    path = tmp_path / "x.db"
    path.write_bytes(content)
    with pytest.raises(NotADatabase, match=message), Warehouse(path, create=True).write():
        pass
    assert path.read_bytes() == content


def test_a_folder(tmp_path):
    with pytest.raises(NotADatabase, match="directory"), Warehouse(tmp_path, create=True).write():
        pass


def test_a_folder_that_does_not_exist(tmp_path):
    path = tmp_path / "no" / "x.db"
    with pytest.raises(DatabaseError, match="doesn't exist"), Warehouse(path, create=True).write():
        pass


def test_somebody_elses_database_is_left_alone(tmp_path):
    path = tmp_path / "x.db"
    con = duckdb.connect(str(path))
    con.execute("CREATE TABLE mine (a INTEGER)").fetchall()
    con.close()
    with pytest.raises(NotADatabase, match="not a laserdb one"), Warehouse(path, create=True).write():
        pass
    con = duckdb.connect(str(path))
    assert con.execute("SELECT table_name FROM duckdb_tables()").fetchall() == [("mine",)]
    con.close()


def test_a_newer_schema_is_refused(file_warehouse):
    with file_warehouse.write() as session:
        session.run("INSERT INTO schema_migrations VALUES (999, 'future', TIMESTAMP '2030-01-01')")
    with pytest.raises(SchemaTooNew, match=r"schema 999.*upgrade it"), file_warehouse.read():
        pass


@pytest.mark.parametrize("mode", ["read", "write"])
def test_an_older_schema_is_upgraded_on_open(file_warehouse, monkeypatch, mode):
    with file_warehouse.write() as session:
        session.run("INSERT INTO routes VALUES ('Other', 'checks')")
    newer = (*migrate.migrations(), migrate.Migration(900, "add", "CREATE TABLE added (a INTEGER)"))
    monkeypatch.setattr(migrate, "migrations", lambda: newer)
    with getattr(file_warehouse, mode)() as session:
        assert session.rows("SELECT count(*) FROM added") == [(0,)]
        assert session.value("SELECT scorer FROM routes WHERE category = 'Other'") == "checks"


def test_a_failing_migration_changes_nothing(file_warehouse, monkeypatch):
    with file_warehouse.write():
        pass
    broken = migrate.Migration(900, "broken", "CREATE TABLE half (a INTEGER); SELECT * FROM nowhere")
    newer = (*migrate.migrations(), broken)
    monkeypatch.setattr(migrate, "migrations", lambda: newer)
    with pytest.raises(duckdb.Error), file_warehouse.write():
        pass
    monkeypatch.undo()
    with file_warehouse.read() as session:
        assert session.rows("SELECT 1 FROM duckdb_tables() WHERE table_name = 'half'") == []
        assert session.value("SELECT max(version) FROM schema_migrations") < 900


HOLDER = """
import duckdb, sys, time
con = duckdb.connect(sys.argv[1])
print("held", flush=True)
time.sleep(float(sys.argv[2]))
con.close()
"""


def hold(path: str, seconds: float) -> subprocess.Popen:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, path, str(seconds)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_lock_is_waited_for(file_warehouse):
    with file_warehouse.write():
        pass
    with hold(file_warehouse.path, 0.5):
        waiting = Warehouse(file_warehouse.path, lock_timeout=30)
        with waiting.write() as session:
            assert session.value("SELECT count(*) FROM samples") == 0


def test_a_lock_held_too_long_gets_a_clear_line(file_warehouse):
    with file_warehouse.write():
        pass
    holder = hold(file_warehouse.path, 60)
    begun = time.monotonic()
    try:
        impatient = Warehouse(file_warehouse.path, lock_timeout=0.2)
        with pytest.raises(DatabaseLocked, match="in use by another process"), impatient.read():
            pass
        assert 0.2 <= time.monotonic() - begun < 10
    finally:
        holder.kill()
        holder.communicate()


def test_the_wait_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("LASERDB_LOCK_TIMEOUT", "1.5")
    assert Warehouse("x").lock_timeout == 1.5
    monkeypatch.setenv("LASERDB_LOCK_TIMEOUT", "soon")
    with pytest.raises(DatabaseError, match="LASERDB_LOCK_TIMEOUT must be a number"):
        Warehouse("x")


def test_python_variables_are_no_tables(warehouse):
    secret = [1, 2, 3]
    with warehouse.read() as session, pytest.raises(duckdb.Error, match="secret"):
        session.rows("SELECT * FROM secret")
    assert secret


def test_a_transaction_is_all_or_nothing(warehouse):
    with warehouse.write() as session:
        with pytest.raises(RuntimeError), session.transaction():
            session.run("DELETE FROM routes")
            raise RuntimeError
        assert session.value("SELECT count(*) FROM routes") == 7
