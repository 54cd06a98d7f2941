"""How far each scorer has got with the pool."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from laserdb.warehouse import views
from laserdb.warehouse.session import Session


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of one scorer's current run, counted in turns (samples for embeddings)."""

    scorer: str
    model: str
    done: int
    missing: int
    failed: int

    @property
    def total(self) -> int:
        """All that the scorer should have a result for."""
        return self.done + self.missing + self.failed


def coverage(session: Session, scorers: Collection[str] | None = None) -> list[Coverage]:
    """Done, missing and failed of every scorer that has run here (or of these), by name."""
    found = []
    for table in views.result_tables(session):
        if scorers is not None and table.scorer not in scorers:
            continue
        for run_id, model in current_runs(session, table.scorer):
            if table.name in (table.scorer, views.embedding_table(model)):
                known = finished(session, run_id) if scorers is not None else None
                found.append(
                    Coverage(table.scorer, model, known[0], 0, known[1])
                    if known
                    else count(session, table, run_id, model)
                )
    return sorted(found, key=lambda one: (one.scorer, one.model))


def finished(session: Session, run_id: int) -> tuple[int, int] | None:
    """(results, failures) in texts of a run that has every text, with nothing ingested since; else None.

    Counting turns takes a join with all of them, a record of the run none.
    """
    rows: list[tuple[int, int]] = session.rows(
        "SELECT n_ok, n_failed FROM runs WHERE run_id = ? "
        "AND completed_at >= (SELECT max(ingested_at) FROM ingests)",
        [run_id],
    )
    return rows[0] if rows else None


def current_runs(session: Session, scorer: str) -> list[tuple[int, str]]:
    """The current run of a scorer with its model; of embedders, one per model."""
    if scorer == views.EMBEDDING:
        return [
            (run_id, model)
            for run_id, model in session.rows(
                "SELECT arg_max(run_id, (completed_at IS NOT NULL, run_id)), model FROM runs "
                "WHERE scorer = ? GROUP BY model",
                [scorer],
            )
        ]
    return [
        (run_id, model)
        for run_id, model in session.rows(
            "SELECT run_id, model FROM runs SEMI JOIN current_runs USING (run_id) WHERE scorer = ?", [scorer]
        )
    ]


def count(session: Session, table: views.ResultTable, run_id: int, model: str) -> Coverage:
    """Count the pool against one run's results."""
    source = "samples" if table.of_samples else "turns"
    # Scorers of answers never get an unanswered turn, unless they count it as done.
    condition = "response IS NOT NULL OR r.key IS NOT NULL" if table.unit == "turn" else "true"
    done, failed, missing = session.row(
        "SELECT count(*) FILTER (r.key IS NOT NULL AND r.error IS NULL), "
        "count(*) FILTER (r.error IS NOT NULL), count(*) FILTER (r.key IS NULL) "
        f"FROM {source} t LEFT JOIN {table.qualified} r "
        f"ON r.key = t.{views.UNIT_KEYS[table.unit]} AND r.run_id = ? WHERE {condition}",
        [run_id],
    )
    return Coverage(table.scorer, model, done, missing, failed)
