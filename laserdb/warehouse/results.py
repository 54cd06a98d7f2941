"""Runs and their results: beginning and ending a run, appending what a scorer found.

A result belongs to a text (its key), not to a turn: equal texts are scored once, and the views of
`warehouse/views.py` show the result at every turn that has the text.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from laserdb.errors import ScoringError
from laserdb.sqltext import identifier
from laserdb.warehouse import liveness, views
from laserdb.warehouse.session import Session
from laserdb.warehouse.views import ResultTable


@dataclass(frozen=True, slots=True)
class RunSpec:
    """What a run is, as the table `runs` records it; equal fingerprints are the same run."""

    scorer: str
    model: str
    revision: str
    params: Mapping[str, Any]
    prompt_hash: str
    code_version: str
    fingerprint: str


def now() -> datetime:
    """The time in UTC without a zone, as the warehouse stores it."""
    return datetime.now(UTC).replace(tzinfo=None)


def ensure_table(session: Session, table: ResultTable) -> None:
    """Create a scorer's result table on its first run; columns that are new to it are added later.

    Raises ScoringError if a column has changed its type.
    """
    for existing in views.result_tables(session):
        if existing.name == table.name:
            add_columns(session, existing, table)
            return
    own = "".join(f", {identifier(name)} {kind}" for name, kind in table.columns.items())
    with session.transaction():
        session.run(
            f"CREATE TABLE {table.qualified} "
            f"(key UUID NOT NULL, run_id BIGINT NOT NULL, score DOUBLE, error VARCHAR{own})"
        )
        session.run(
            "INSERT INTO result_tables VALUES (?, ?, ?, ?)",
            [table.scorer, table.name, table.unit, json.dumps(table.columns)],
        )
        views.create_views(session)


def add_columns(session: Session, existing: ResultTable, table: ResultTable) -> None:
    """Add the columns that this scorer gives and earlier ones of its name didn't; those stay NULL before."""
    columns = {**existing.columns, **table.columns}
    if any(columns[name] != kind for name, kind in existing.columns.items()):
        raise ScoringError(
            f"scorer {table.scorer}: its columns changed from {existing.columns} to {table.columns}; "
            f"drop the old results: DROP TABLE {existing.qualified}"
        )
    if columns == existing.columns:
        return
    with session.transaction():
        for name, kind in columns.items():
            if name not in existing.columns:
                session.run(f"ALTER TABLE {existing.qualified} ADD COLUMN {identifier(name)} {kind}")
        session.run(
            "UPDATE result_tables SET columns = ? WHERE table_name = ?", [json.dumps(columns), table.name]
        )
        views.create_views(session)


def find_run(session: Session, fingerprint: str) -> int | None:
    """The newest run with this fingerprint, if any."""
    found: int | None = session.value("SELECT max(run_id) FROM runs WHERE fingerprint = ?", [fingerprint])
    return found


def open_run(session: Session, spec: RunSpec, *, force: bool = False) -> int:
    """Resume the run with the same fingerprint, or begin a new one; returns its id."""
    end_dead_runs(session)
    run_id = None if force else find_run(session, spec.fingerprint)
    if run_id is None:
        run_id = int(session.value("SELECT coalesce(max(run_id), 0) + 1 FROM runs"))
        session.run(
            "INSERT INTO runs (run_id, scorer, model, revision, params, prompt_hash, code_version, "
            "fingerprint, started_at, status) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'running')",
            [
                run_id,
                spec.scorer,
                spec.model,
                spec.revision,
                json.dumps(dict(spec.params), sort_keys=True),
                spec.prompt_hash,
                spec.code_version,
                spec.fingerprint,
                now(),
            ],
        )
    session.run(
        "UPDATE runs SET status = 'running', finished_at = NULL, host = ?, pid = ?, heartbeat = ? "
        "WHERE run_id = ?",
        [liveness.HOST, os.getpid(), now(), run_id],
    )
    return run_id


def beat(session: Session, run_id: int) -> None:
    """Record that somebody is still at work on a run."""
    session.run("UPDATE runs SET heartbeat = ? WHERE run_id = ?", [now(), run_id])


def close_run(session: Session, run_id: int, status: str) -> None:
    """Record how a run ended: complete, partial, interrupted or failed."""
    moment = now()
    session.run(
        "UPDATE runs SET status = $status, finished_at = $moment, completed_at = "
        "CASE WHEN $status = 'complete' THEN coalesce(completed_at, $moment) ELSE completed_at END "
        "WHERE run_id = $run_id",
        {"status": status, "moment": moment, "run_id": run_id},
    )


def end_dead_runs(session: Session) -> None:
    """Call those runs interrupted whose process is gone, as of the last sign of it."""
    for run_id, host, pid, heartbeat in session.rows(
        "SELECT run_id, host, pid, heartbeat FROM runs WHERE status = 'running'"
    ):
        if not liveness.alive(host, pid, heartbeat):
            session.run(
                "UPDATE runs SET status = 'interrupted', finished_at = coalesce(heartbeat, started_at) "
                "WHERE run_id = ?",
                [run_id],
            )


def recount(session: Session, table: ResultTable, run_id: int) -> None:
    """Count a run's results anew; from then on `append` keeps count."""
    session.run(
        "UPDATE runs SET n_ok = c.ok, n_failed = c.failed FROM ("
        "SELECT count(*) FILTER (error IS NULL) AS ok, count(*) FILTER (error IS NOT NULL) AS failed "
        f"FROM {table.qualified} WHERE run_id = ?) c WHERE run_id = ?",
        [run_id, run_id],
    )


def drop_failures(session: Session, table: ResultTable, run_id: int) -> int:
    """Forget the failed rows of a run, so that they are pending again; returns how many."""
    with session.transaction():
        failed = session.value(
            f"SELECT count(*) FROM {table.qualified} WHERE run_id = ? AND error IS NOT NULL", [run_id]
        )
        session.run(f"DELETE FROM {table.qualified} WHERE run_id = ? AND error IS NOT NULL", [run_id])
        session.run("UPDATE runs SET n_failed = n_failed - ? WHERE run_id = ?", [failed, run_id])
    return int(failed)


def counts(session: Session, run_id: int) -> tuple[int, int]:
    """How many results and failures a run has."""
    ok, failed = session.row("SELECT n_ok, n_failed FROM runs WHERE run_id = ?", [run_id])
    return ok, failed


def append(session: Session, table: ResultTable, run_id: int, rows: pa.Table) -> int:
    """Add results (key, score, error and the scorer's columns) in one transaction; returns how many are new.

    A text that another worker has scored meanwhile keeps its first result.
    """
    own = "".join(
        f", b.{identifier(name)}::{kind} AS {identifier(name)}" for name, kind in table.columns.items()
    )
    with session.table("incoming", rows), session.transaction():
        session.run(
            "CREATE OR REPLACE TEMP TABLE fresh AS "
            f"SELECT b.key::UUID AS key, ?::BIGINT AS run_id, b.score, b.error{own} FROM incoming b WHERE NOT EXISTS "
            f"(SELECT 1 FROM {table.qualified} r WHERE r.key = b.key::UUID AND r.run_id = ?)",
            [run_id, run_id],
        )
        session.run(f"INSERT INTO {table.qualified} BY NAME FROM fresh")
        new, failed = session.row("SELECT count(*), count(error) FROM fresh")
        session.run(
            "UPDATE runs SET n_ok = n_ok + ?, n_failed = n_failed + ?, heartbeat = ? WHERE run_id = ?",
            [new - failed, failed, now(), run_id],
        )
    return int(new)


def set_routes(session: Session, routes: Mapping[str, str], presets: list[Mapping[str, str]]) -> bool:
    """Route quality as a preset says, unless a user has edited the table; returns whether it is so now."""
    current = dict(session.rows("SELECT category, scorer FROM routes"))
    if current == dict(routes):
        return True
    if not any(current == dict(preset) for preset in presets):
        return False
    with session.transaction():
        for category, scorer in routes.items():
            session.run("UPDATE routes SET scorer = ? WHERE category = ?", [scorer, category])
    return True
