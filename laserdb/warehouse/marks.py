"""Marks on samples that a selection leaves out by default, and reading the texts to find them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from laserdb.sqltext import literal
from laserdb.warehouse.results import now
from laserdb.warehouse.session import Session

DUPLICATE = "duplicate"
CONTAMINATED = "contaminated"
BATCH = 4096


@dataclass(frozen=True, slots=True)
class Mark:
    """A sample that resembles something, by how much, and what shows it."""

    sample_id: int
    partner: str
    similarity: float
    evidence: str | None = None


def count(session: Session) -> int:
    """How many samples there are."""
    return int(session.value("SELECT count(*) FROM samples"))


def texts(session: Session) -> Iterator[list[tuple[int, str, list[str]]]]:
    """Batches of (sample_id, data_id, the texts of its turns in order), by sample_id.

    Reads by ranges of the key, so that the texts of one batch are all that is held.
    """
    last = 0
    while True:
        rows = session.rows(
            "SELECT s.sample_id, s.data_id, list_filter(flatten(list([t.instruction, t.response] "
            "ORDER BY t.turn_index)), lambda x: x IS NOT NULL) "
            "FROM (SELECT sample_id, data_id FROM samples WHERE sample_id > ? ORDER BY sample_id LIMIT ?) s "
            "JOIN turns t USING (sample_id) GROUP BY s.sample_id, s.data_id ORDER BY s.sample_id",
            [last, BATCH],
        )
        if not rows:
            return
        yield rows
        last = rows[-1][0]


def with_vector(session: Session, embedder: str) -> tuple[NDArray[np.int64], list[str]]:
    """sample_id and data_id of the samples that an embedder has a vector of, by sample_id."""
    found = session.arrow(
        "SELECT s.sample_id, s.data_id FROM samples s JOIN embeddings e USING (sample_id) "
        f"WHERE e.embedder = {literal(embedder)} ORDER BY s.sample_id"
    )
    ids: NDArray[np.int64] = found.column("sample_id").to_numpy()
    return ids, found.column("data_id").to_pylist()


def replace_duplicates(session: Session, found: Sequence[Mark], by_vector: bool | None) -> int:
    """Store marks of duplicates in place of the earlier ones found the same way; how many are new or renewed.

    Those found by vectors have the embedder as their evidence, those found by texts none. A sample that the
    other way has marked keeps that mark. None takes away all of them.
    """
    same = {None: "", True: " AND evidence IS NOT NULL", False: " AND evidence IS NULL"}[by_vector]
    # In a transaction of its own: DuckDB's index still holds a key deleted in the same one.
    session.run(f"DELETE FROM marks WHERE kind = ?{same}", [DUPLICATE])
    marked = {one for (one,) in session.rows("SELECT sample_id FROM marks WHERE kind = ?", [DUPLICATE])}
    insert(session, DUPLICATE, [one for one in found if one.sample_id not in marked])
    return len(found)


def replace(session: Session, kind: str, marks: Sequence[Mark], *, forget: bool) -> None:
    """Store marks of a kind; `forget` drops the earlier ones of that kind, else only those found again."""
    with session.table("found_marks", as_table(marks)):
        # In a transaction of its own: DuckDB's index still holds a key deleted in the same one.
        again = "" if forget else " AND sample_id IN (SELECT sample_id FROM found_marks)"
        session.run(f"DELETE FROM marks WHERE kind = ?{again}", [kind])
    insert(session, kind, marks)


def as_table(marks: Sequence[Mark]) -> pa.Table:
    """Marks as columns."""
    return pa.table(
        {
            "sample_id": pa.array([one.sample_id for one in marks], pa.int64()),
            "partner": pa.array([one.partner for one in marks], pa.string()),
            "evidence": pa.array([one.evidence for one in marks], pa.string()),
            "similarity": pa.array([one.similarity for one in marks], pa.float64()),
        }
    )


def insert(session: Session, kind: str, marks: Sequence[Mark]) -> None:
    """Add marks of samples that have none of the kind."""
    with session.table("found_marks", as_table(marks)):
        session.run(
            "INSERT INTO marks SELECT sample_id, ?, partner, evidence, similarity, ? FROM found_marks",
            [kind, now()],
        )
