"""Which texts a scorer still lacks, and the texts themselves.

What is pending is asked once per run and kept as row ids, eight bytes a text; the texts are fetched a
window at a time, and those that another process has scored meanwhile are left out then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from laserdb.errors import UsageError
from laserdb.warehouse import views
from laserdb.warehouse.session import Session, query_errors
from laserdb.warehouse.tables import SAMPLE_UNITS, ResultTable

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Texts:
    """Which texts a scorer wants, and what comes along with them."""

    unit: str
    wants_unanswered: bool = False
    vectors: ResultTable | None = None
    vector_run: int | None = None
    categories: tuple[str, ...] | None = None
    """Only turns (samples) with one of these labels; None for any, labelled or not."""
    with_category: bool = False
    """Whether each text's label comes along."""
    where: str | None = None
    """A condition over `samples` and `sample_scores`."""

    @property
    def source(self) -> str:
        """The table that has a row per text of this unit, equal ones included."""
        return "samples" if self.unit in SAMPLE_UNITS else "turns"

    @property
    def key(self) -> str:
        """Its column that equal texts share."""
        return views.UNIT_KEYS[self.unit]

    @property
    def row(self) -> str:
        """Its primary key."""
        return "sample_id" if self.unit in SAMPLE_UNITS else "turn_id"

    @property
    def labels(self) -> str:
        """The view with the category of each of its rows."""
        return "sample_categories" if self.unit in SAMPLE_UNITS else "labels"


@dataclass(frozen=True, slots=True)
class Size:
    """How much is pending: rows of the pool, different texts, their characters and tokens."""

    rows: int
    texts: int
    chars: int
    tokens: int | None
    """As the scorer `tokens` counted; None unless it has been over all of these texts."""


def wanted(texts: Texts, table: ResultTable | None, run_id: int | None) -> tuple[str, list[Any]]:
    """SQL after SELECT …: the pool's rows `t` whose text has no result yet, and its parameters."""
    conditions: list[str] = ["true"]
    params: list[Any] = []
    if texts.unit == "turn" and not texts.wants_unanswered:
        conditions.append("t.response IS NOT NULL")
    if texts.where is not None:
        # In a line of its own, since a condition may end in a comment.
        pool = f"SELECT s.sample_id FROM ({scored_samples()}) s WHERE (\n{texts.where}\n)"
        conditions.append(f"t.sample_id IN ({pool})")
    if texts.categories is not None:
        labelled = f"SELECT {texts.row} FROM {texts.labels} WHERE category IN (SELECT unnest(?))"
        conditions.append(f"t.{texts.row} IN ({labelled})")
        params.append(list(texts.categories))
    for exists, results, run in (
        ("NOT EXISTS", table, run_id),
        # What needs a vector can't be scored before it has one.
        ("EXISTS", texts.vectors, texts.vector_run),
    ):
        if results is not None and run is not None:
            conditions.append(
                f"{exists} (SELECT 1 FROM {results.qualified} r WHERE r.key = t.{texts.key} AND r.run_id = ?)"
            )
            params.append(run)
    return f"FROM {texts.source} t WHERE {' AND '.join(conditions)}", params


def scored_samples() -> str:
    """What a condition of `--where` may name: the columns of samples and sample_scores."""
    return (
        "SELECT s.sample_id, s.source, s.data_id, s.n_turns, s.system, s.metadata, x.* EXCLUDE (sample_id) "
        "FROM samples s JOIN sample_scores x USING (sample_id)"
    )


def check_where(session: Session, where: str) -> None:
    """See that a condition is one, before any work. Raises QueryError or UsageError."""
    sql = f"SELECT 1 FROM ({scored_samples()}) s WHERE (\n{where}\n) LIMIT 0"
    with query_errors("--where: "):
        if len(session.con.extract_statements(sql)) != 1:
            raise UsageError(f"--where must be one condition: {where}")
        session.run(sql)


def count(session: Session, texts: Texts, table: ResultTable | None, run_id: int | None) -> int:
    """How many different texts have no result in this run yet."""
    sql, params = wanted(texts, table, run_id)
    return int(session.value(f"SELECT count(DISTINCT t.{texts.key}) {sql}", params))


def rows(
    session: Session, texts: Texts, table: ResultTable | None, run_id: int | None, limit: int | None = None
) -> Rows:
    """The first row of each pending text, in pool order."""
    sql, params = wanted(texts, table, run_id)
    cut = "" if limit is None else f"LIMIT {int(limit)}"
    found = session.arrow(
        f"SELECT min(t.{texts.row}) AS row_id {sql} GROUP BY t.{texts.key} ORDER BY row_id {cut}", params
    )
    ids: Rows = found.column("row_id").to_numpy()
    return ids


def fetch(session: Session, texts: Texts, table: ResultTable | None, run_id: int, ids: Rows) -> pa.Table:
    """The texts of these rows that have no result yet, in any order.

    Columns: row_id, key, instruction, response[, category][, vector].
    """
    columns = ["w.row_id", f"t.{texts.key}::VARCHAR AS key"]
    joins: list[str] = []
    params: list[Any] = []
    if texts.unit in SAMPLE_UNITS:
        own = ("instruction", "response") if texts.unit == "sample" else ("instruction",)
        joined = ", ".join(
            f"string_agg(u.{name}, chr(10) || chr(10) ORDER BY u.turn_index) AS {name}" for name in own
        )
        whole = (
            f"SELECT u.sample_id, {joined} FROM wanted_rows n JOIN turns u ON u.sample_id = n.row_id "
            "GROUP BY u.sample_id"
        )
        joins.append(f"JOIN ({whole}) i ON i.sample_id = t.sample_id")
        response = "i.response" if texts.unit == "sample" else "NULL::VARCHAR AS response"
        columns += ["i.instruction", response]
    else:
        response = "t.response" if texts.unit == "turn" else "NULL::VARCHAR AS response"
        columns += ["t.instruction", response]
    if texts.with_category:
        joins.append(f"LEFT JOIN {texts.labels} l ON l.{texts.row} = t.{texts.row}")
        columns.append("l.category")
    if texts.vectors is not None:
        joins.append(f"JOIN {texts.vectors.qualified} v ON v.key = t.{texts.key} AND v.run_id = ?")
        columns.append("v.vector")
        params.append(texts.vector_run)
    new = ""
    if table is not None:
        done = f"SELECT 1 FROM {table.qualified} r WHERE r.key = t.{texts.key} AND r.run_id = ?"
        new = f"WHERE NOT EXISTS ({done})"
        params.append(run_id)
    with session.table("wanted_rows", pa.table({"row_id": ids})):
        return session.arrow(
            f"SELECT {', '.join(columns)} FROM wanted_rows w JOIN {texts.source} t "
            f"ON t.{texts.row} = w.row_id {' '.join(joins)} {new}",
            params,
        )


def size(session: Session, texts: Texts, ids: Rows) -> Size:
    """How much these texts are; `rows` counts the pool's rows with an equal text, done ones included."""
    per_sample = texts.unit in SAMPLE_UNITS
    answered = texts.unit in ("turn", "sample")
    rows_of = "x.sample_id = t.sample_id" if per_sample else "x.turn_id = t.turn_id"
    length = "length(x.instruction)" + (" + coalesce(length(x.response), 0)" if answered else "")
    counted = "k.instruction_tokens" + (" + k.response_tokens" if answered else "")
    with session.table("wanted_rows", pa.table({"row_id": ids})):
        total = session.value(
            f"SELECT count(*) FROM {texts.source} t WHERE t.{texts.key} IN "
            f"(SELECT {texts.key} FROM {texts.source} JOIN wanted_rows ON row_id = {texts.row})"
        )
        chars, turns, known, tokens = session.row(
            f"SELECT coalesce(sum({length}), 0), count(*), count(k.turn_id), coalesce(sum({counted}), 0) "
            f"FROM wanted_rows w JOIN {texts.source} t ON t.{texts.row} = w.row_id "
            f"JOIN turns x ON {rows_of} LEFT JOIN token_counts k ON k.turn_id = x.turn_id"
        )
    return Size(int(total), len(ids), int(chars), int(tokens) if turns and known == turns else None)


def routed(session: Session, scorer: str) -> tuple[str, ...]:
    """The categories whose quality this scorer judges."""
    found = session.rows("SELECT category FROM routes WHERE scorer = ? ORDER BY category", [scorer])
    return tuple(category for (category,) in found)


def labelled(session: Session) -> bool:
    """Whether any turn has a category yet."""
    return bool(session.value("SELECT count(*) FROM (SELECT 1 FROM labels LIMIT 1)"))
