"""Short questions about the pool that the engine asks."""

from __future__ import annotations

from laserdb.warehouse import views
from laserdb.warehouse.coverage import current_runs
from laserdb.warehouse.session import Session


def size(session: Session) -> int:
    """How many samples there are."""
    return int(session.value("SELECT count(*) FROM samples"))


def routed_scorers(session: Session) -> list[str]:
    """The quality scorers of the categories that occur in the pool (all of them before any is labelled)."""
    table = next((one for one in views.result_tables(session) if one.scorer == views.CATEGORY), None)
    found: list[str] = []
    if table is not None:
        # By the results themselves: the view `labels` would join every turn.
        rows = session.rows(
            f"SELECT DISTINCT category FROM {table.qualified} WHERE category IS NOT NULL "
            "AND run_id = (SELECT run_id FROM current_runs WHERE scorer = ?)",
            [views.CATEGORY],
        )
        found = [category for (category,) in rows]
    rows = session.rows(
        "SELECT DISTINCT scorer FROM routes "
        "WHERE category IN (SELECT unnest(?::VARCHAR[])) OR ? ORDER BY scorer",
        [found, not found],
    )
    return [scorer for (scorer,) in rows]


def current_run(session: Session, scorer: str, model: str) -> int:
    """The run that the views show for a scorer and model."""
    return next(run_id for run_id, found in current_runs(session, scorer) if found == model)


def supply(session: Session, condition: str) -> dict[str, tuple[int, int]]:
    """Category → (samples, candidates) of the temporary table `pool`; `condition` is what candidates meet."""
    rows = session.rows(
        f"SELECT coalesce(category, '(none)'), count(*), count(*) FILTER ({condition}) FROM pool GROUP BY 1"
    )
    return {category: (samples, candidates) for category, samples, candidates in rows}
