"""Runs and their results: which texts a scorer still lacks, and appending what it found.

A result belongs to a text (its key), not to a turn: equal texts are scored once, and the views of
`warehouse/views.py` show the result at every turn that has the text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from laserdb.errors import ScoringError
from laserdb.sqltext import identifier
from laserdb.warehouse import views
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


@dataclass(frozen=True, slots=True)
class Texts:
    """Which texts a scorer wants: the unit, whether unanswered turns count, whose vectors come along."""

    unit: str
    wants_unanswered: bool = False
    vectors: ResultTable | None = None
    vector_run: int | None = None


def now() -> datetime:
    """The time in UTC without a zone, as the warehouse stores it."""
    return datetime.now(UTC).replace(tzinfo=None)


def ensure_table(session: Session, table: ResultTable) -> None:
    """Create a scorer's result table on its first run. Raises ScoringError if its columns have changed."""
    for existing in views.result_tables(session):
        if existing.name == table.name:
            if existing.columns != table.columns:
                raise ScoringError(
                    f"scorer {table.scorer}: its columns changed from {existing.columns} to {table.columns}; "
                    f"drop the old results: DROP TABLE {existing.qualified}"
                )
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


def find_run(session: Session, fingerprint: str) -> int | None:
    """The newest run with this fingerprint, if any."""
    found = session.rows("SELECT max(run_id) FROM runs WHERE fingerprint = ?", [fingerprint])
    return found[0][0] if found else None


def open_run(session: Session, spec: RunSpec, *, force: bool = False) -> int:
    """Resume the run with the same fingerprint, or begin a new one; returns its id."""
    run_id = None if force else find_run(session, spec.fingerprint)
    if run_id is not None:
        session.run("UPDATE runs SET status = 'running', finished_at = NULL WHERE run_id = ?", [run_id])
        return run_id
    run_id = session.value("SELECT coalesce(max(run_id), 0) + 1 FROM runs")
    session.run(
        "INSERT INTO runs (run_id, scorer, model, revision, params, prompt_hash, code_version, fingerprint, "
        "started_at, status) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'running')",
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
    return int(run_id)


def close_run(session: Session, run_id: int, status: str) -> None:
    """Record how a run ended: complete, partial, interrupted or failed."""
    session.run("UPDATE runs SET status = ?, finished_at = ? WHERE run_id = ?", [status, now(), run_id])


def drop_failures(session: Session, table: ResultTable, run_id: int) -> int:
    """Forget the failed rows of a run, so that they are pending again; returns how many."""
    with session.transaction():
        failed = session.value(
            f"SELECT count(*) FROM {table.qualified} WHERE run_id = ? AND error IS NOT NULL", [run_id]
        )
        session.run(f"DELETE FROM {table.qualified} WHERE run_id = ? AND error IS NOT NULL", [run_id])
        session.run("UPDATE runs SET n_failed = n_failed - ? WHERE run_id = ?", [failed, run_id])
    return int(failed)


def pending_keys(table: ResultTable, texts: Texts, ready: str = "") -> str:
    """SQL for the texts without a result in run ?: key and the first row (turn or sample) that has it.

    `ready` is a further condition on a text, for what it needs before it can be scored.
    """
    if texts.unit == "prompt":
        source, key, row = "samples", "prompt_key", "sample_id"
        condition = "true"
    else:
        source, key, row = "turns", views.UNIT_KEYS[texts.unit], "turn_id"
        condition = (
            "true" if texts.unit == "instruction" or texts.wants_unanswered else "response IS NOT NULL"
        )
    return (
        f"SELECT t.{key} AS key, min(t.{row}) AS row_id FROM {source} t "
        f"WHERE {condition} AND NOT EXISTS "
        f"(SELECT 1 FROM {table.qualified} r WHERE r.key = t.{key} AND r.run_id = ?) "
        f"{ready} GROUP BY t.{key}"
    )


def count_pending(session: Session, table: ResultTable, texts: Texts, run_id: int) -> int:
    """How many different texts have no result in this run yet."""
    return int(session.value(f"SELECT count(*) FROM ({pending_keys(table, texts)})", [run_id]))


def fetch_pending(session: Session, table: ResultTable, texts: Texts, run_id: int, limit: int) -> pa.Table:
    """Up to `limit` texts without a result, in pool order: key, instruction, response[, vector]."""
    if texts.unit == "prompt":
        keys = f"({pending_keys(table, texts)} ORDER BY row_id LIMIT {int(limit)}) p"
        return session.arrow(
            "SELECT p.key::VARCHAR AS key, NULL::VARCHAR AS response, "
            "string_agg(t.instruction, chr(10) || chr(10) ORDER BY t.turn_index) AS instruction "
            f"FROM {keys} JOIN turns t ON t.sample_id = p.row_id GROUP BY p.key, p.row_id ORDER BY p.row_id",
            [run_id],
        )
    response = "t.response" if texts.unit == "turn" else "NULL::VARCHAR"
    vector, join, ready, params = "", "", "", [run_id]
    if texts.vectors is not None:
        vectors = texts.vectors.qualified
        vector = ", v.vector"
        join = f"JOIN {vectors} v ON v.key = p.key AND v.run_id = ?"
        key = views.UNIT_KEYS[texts.unit]
        ready = f" AND EXISTS (SELECT 1 FROM {vectors} v WHERE v.key = t.{key} AND v.run_id = ?)"
        params += [texts.vector_run or 0, texts.vector_run or 0]
    keys = f"({pending_keys(table, texts, ready)} ORDER BY row_id LIMIT {int(limit)}) p"
    return session.arrow(
        f"SELECT p.key::VARCHAR AS key, t.instruction, {response} AS response{vector} "
        f"FROM {keys} JOIN turns t ON t.turn_id = p.row_id {join} ORDER BY p.row_id",
        params,
    )


def append(session: Session, table: ResultTable, run_id: int, rows: pa.Table) -> int:
    """Add results (key, score, error and the scorer's columns) in one transaction; returns how many are new.

    A text that another worker has scored meanwhile keeps its first result.
    """
    own = "".join(f", b.{identifier(name)}::{kind}" for name, kind in table.columns.items())
    with session.table("incoming", rows), session.transaction():
        before = session.value("SELECT n_ok + n_failed FROM runs WHERE run_id = ?", [run_id])
        session.run(
            f"INSERT INTO {table.qualified} SELECT b.key::UUID, ?, b.score, b.error{own} "
            "FROM incoming b WHERE NOT EXISTS "
            f"(SELECT 1 FROM {table.qualified} r WHERE r.key = b.key::UUID AND r.run_id = ?)",
            [run_id, run_id],
        )
        session.run(
            "UPDATE runs SET n_ok = c.ok, n_failed = c.failed FROM ("
            "SELECT count(*) FILTER (error IS NULL) AS ok, count(*) FILTER (error IS NOT NULL) AS failed "
            f"FROM {table.qualified} WHERE run_id = ?) c "
            "WHERE run_id = ?",
            [run_id, run_id],
        )
        after = session.value("SELECT n_ok + n_failed FROM runs WHERE run_id = ?", [run_id])
    return int(after - before)


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
