"""Marks on samples that a selection leaves out by default, and reading the texts to find them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

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


def replace(session: Session, kind: str, marks: Sequence[Mark], *, forget: bool) -> None:
    """Store marks of a kind; `forget` drops the earlier ones of that kind, else only those found again."""
    table = pa.table(
        {
            "sample_id": pa.array([one.sample_id for one in marks], pa.int64()),
            "partner": pa.array([one.partner for one in marks], pa.string()),
            "evidence": pa.array([one.evidence for one in marks], pa.string()),
            "similarity": pa.array([one.similarity for one in marks], pa.float64()),
        }
    )
    with session.table("found_marks", table):
        # In a transaction of its own: DuckDB's index still holds a key deleted in the same one.
        again = "" if forget else " AND sample_id IN (SELECT sample_id FROM found_marks)"
        session.run(f"DELETE FROM marks WHERE kind = ?{again}", [kind])
        session.run(
            "INSERT INTO marks SELECT sample_id, ?, partner, evidence, similarity, ? FROM found_marks",
            [kind, now()],
        )
