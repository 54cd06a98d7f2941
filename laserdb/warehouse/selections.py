"""Candidates for a selection, running a strategy's SQL, and the immutable record of what it chose."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from laserdb.errors import StrategyError, UsageError
from laserdb.plugins import unknown
from laserdb.sqltext import literal
from laserdb.warehouse import scored, views
from laserdb.warehouse.candidates import routed
from laserdb.warehouse.functions import SqlFunction, functions
from laserdb.warehouse.results import now
from laserdb.warehouse.session import Session, first_line, query_errors

COLUMNS = ("sample_id", "reason", "category", "cluster", "f", "q", "p")


@dataclass(frozen=True, slots=True)
class Record:
    """A selection as `selections` keeps it."""

    name: str
    strategy: str
    params: Mapping[str, Any]
    sql: str
    seed: int
    m: int
    runs: Sequence[int]


def within_tokens(session: Session, chosen: pa.Table, tokens: int) -> tuple[int, int]:
    """How many of the chosen ones, in their order, stay within the tokens; and the tokens of all of them."""
    with session.table("chosen", chosen):
        found = (
            session.arrow(
                "SELECT coalesce(x.tokens, 0) AS tokens FROM chosen c JOIN sample_scores x USING (sample_id) "
                "ORDER BY c.rank"
            )
            .column("tokens")
            .to_pylist()
        )
    total = within = 0
    for count in found:
        total += count
        within += total <= tokens
    return within, total


@dataclass(frozen=True, slots=True)
class Stored:
    """A recorded selection."""

    name: str
    strategy: str
    params: dict[str, Any]
    sql: str
    seed: int
    m: int
    result_hash: str
    embedder: str | None


def load(session: Session, name: str) -> Stored:
    """The record of a selection. Raises UsageError with the nearest names if there is none."""
    rows = session.rows(
        "SELECT strategy, params, sql, seed, m, result_hash, runs FROM selections WHERE name = ?", [name]
    )
    if not rows:
        known = [one for (one,) in session.rows("SELECT name FROM selections ORDER BY name")]
        raise UsageError(unknown("selection", name, known))
    strategy, params, sql, seed, m, result_hash, runs = rows[0]
    models = session.rows(
        "SELECT model FROM runs WHERE scorer = 'embedding' AND run_id IN (SELECT unnest(?::BIGINT[]))", [runs]
    )
    embedder = models[0][0] if models else None
    return Stored(name, strategy, json.loads(params), sql, seed, m, result_hash, embedder)


def chosen_ids(session: Session, name: str) -> list[int]:
    """The samples of a selection in their order."""
    rows = session.rows("SELECT sample_id FROM selected WHERE selection = ? ORDER BY rank", [name])
    return [one for (one,) in rows]


def still_candidates(session: Session, name: str, condition: str) -> pa.Table:
    """The samples of a selection that are candidates in the `pool` of now, as `run_strategy` gives them."""
    return session.arrow(
        "SELECT x.sample_id, x.rank, x.reason, pool.category, x.cluster, pool.f, pool.q, pool.p "
        f"FROM selected x JOIN (SELECT * FROM pool WHERE {condition}) pool USING (sample_id) "
        f"WHERE x.selection = {literal(name)} ORDER BY x.rank"
    )


def renumber(chosen: pa.Table) -> pa.Table:
    """The rows with ranks from 1 in the order that they have."""
    at = chosen.column_names.index("rank")
    return chosen.set_column(at, "rank", pa.array(range(1, chosen.num_rows + 1), pa.int64()))


def statements(session: Session, sql: str) -> list[Any]:
    """The statements of a text. Raises QueryError where it doesn't parse."""
    with query_errors():
        return list(session.con.extract_statements(sql))


def run_strategy(
    session: Session,
    sql: str,
    available: Sequence[SqlFunction],
    m: int,
    where: str,
    percentiles: Sequence[float] | None = None,
) -> pa.Table:
    """Run a rendered strategy over `pool`; the chosen samples in order, with `COLUMNS`, at most m.

    What the template doesn't return itself is taken from the pool, or reckoned by the percentiles.
    Raises StrategyError with the template's name for whatever its SQL does wrong.
    """
    try:
        if len(statements(session, sql)) != 1:
            raise StrategyError(f"{where}: a strategy must be one SELECT statement")
        with functions(session, available):
            chosen = session.arrow(sql)
    except duckdb.Error as error:
        raise StrategyError(f"{where}: {first_line(error)}") from error
    if "sample_id" not in chosen.column_names:
        raise StrategyError(f"{where}: its SELECT must return a column sample_id")
    chosen = chosen.select([name for name in COLUMNS if name in chosen.column_names]).slice(0, m)
    chosen = chosen.append_column("rank", pa.array(range(1, chosen.num_rows + 1), pa.int64()))
    return complete(session, chosen, where, percentiles)


def complete(session: Session, chosen: pa.Table, where: str, percentiles: Sequence[float] | None) -> pa.Table:
    """Fill in what the template left out; refuse samples that are twice there or not in the pool."""
    given = set(chosen.column_names)
    columns = [f"c.{name}" if name in given else f"x.{name}" for name in ("category", "f", "q", "p")]
    missing = [name for name in ("category", "f", "q", "p") if name not in given]
    reason = "coalesce(c.reason, 'selected')" if "reason" in given else "'selected'"
    cluster = "c.cluster" if "cluster" in given else "NULL"
    joined = known(session, missing, percentiles)
    with session.table("chosen", chosen):
        try:
            table = session.arrow(
                f"SELECT c.sample_id::BIGINT AS sample_id, c.rank, {reason}::VARCHAR AS reason, "
                f"{columns[0]}::VARCHAR AS category, {cluster}::BIGINT AS cluster, "
                f"{columns[1]}::DOUBLE AS f, {columns[2]}::DOUBLE AS q, {columns[3]}::DOUBLE AS p "
                f"FROM chosen c JOIN pool ON pool.sample_id = c.sample_id {joined}"
                "ORDER BY c.rank"
            )
        except duckdb.Error as error:
            raise StrategyError(f"{where}: {first_line(error)}") from error
    if table.num_rows != chosen.num_rows:
        raise StrategyError(
            f"{where}: it returned {chosen.num_rows - table.num_rows} samples that aren't in the pool"
        )
    different = len(set(table.column("sample_id").to_pylist()))
    if different != table.num_rows:
        raise StrategyError(f"{where}: it returned {table.num_rows - different} samples more than once")
    return table


def known(session: Session, columns: Sequence[str], percentiles: Sequence[float] | None) -> str:
    """A join that adds these columns to the chosen samples `c`."""
    if not columns:
        return ""
    present = {name for (name,) in session.rows("SELECT column_name FROM (DESCRIBE pool)")}
    if present >= set(columns):
        return "JOIN pool x ON x.sample_id = c.sample_id "
    wanted = scored.sample_scores(
        views.result_tables(session),
        columns,
        scorers=routed(session),
        only="chosen",
        percentiles=percentiles,
    )
    return f"LEFT JOIN ({wanted}) x ON x.sample_id = c.sample_id "


def result_hash(chosen: pa.Table) -> str:
    """Hash of the chosen samples in their order: re-running must give the same."""
    text = "\n".join(map(str, chosen.column("sample_id").to_pylist()))
    return hashlib.sha256(text.encode()).hexdigest()


def exists(session: Session, name: str) -> bool:
    """Whether a selection of that name is recorded."""
    return bool(session.value("SELECT count(*) FROM selections WHERE name = ?", [name]))


def store(session: Session, record: Record, chosen: pa.Table, *, replace: bool) -> None:
    """Record a selection, all or nothing. Raises UsageError if the name is taken and not to be replaced."""
    if exists(session, record.name):
        if not replace:
            raise UsageError(taken(record.name))
        # In a transaction of its own: DuckDB's index still holds a key deleted in the same one.
        with session.transaction():
            session.run("DELETE FROM selected WHERE selection = ?", [record.name])
        with session.transaction():
            session.run("DELETE FROM selections WHERE name = ?", [record.name])
    with session.table("chosen", chosen), session.transaction():
        session.run(
            "INSERT INTO selections VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                record.name,
                record.strategy,
                json.dumps(dict(record.params), ensure_ascii=False),
                record.sql,
                record.seed,
                record.m,
                now(),
                result_hash(chosen),
                list(record.runs),
            ],
        )
        session.run(
            "INSERT INTO selected SELECT ?, sample_id, rank, reason, category, cluster, f, q, p FROM chosen",
            [record.name],
        )


def taken(name: str) -> str:
    """The line for a name that is in use."""
    return f"there is a selection {name!r} already; give another --name, or --replace it"
