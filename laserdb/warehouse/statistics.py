"""What a set of samples comes to in numbers."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from laserdb.sqltext import literal
from laserdb.warehouse.session import Session

NUMBERS = (
    "avg(f) AS f, avg(q) AS q, avg(p) AS p, avg(tokens) AS mean_tokens, "
    "coalesce(sum(tokens), 0)::BIGINT AS tokens, avg(n_turns) AS mean_turns"
)


def of_samples(session: Session, chosen: pa.Table) -> dict[str, Any]:
    """Means of f, q, p, tokens and turns, and counts by category and source, of the samples of a table."""
    with session.table("these", chosen.select(["sample_id"])):
        session.run(
            "CREATE OR REPLACE TEMP TABLE these_scores AS SELECT s.source, s.n_turns, x.* "
            "FROM these JOIN samples s USING (sample_id) JOIN sample_scores x USING (sample_id)"
        )
    (numbers,) = session.dicts(f"SELECT {NUMBERS} FROM these_scores")
    for column in ("category", "source"):
        numbers[f"by_{column}"] = dict(
            session.rows(
                f"SELECT coalesce({column}, '(none)'), count(*) FROM these_scores GROUP BY 1 ORDER BY 1"
            )
        )
    return numbers


def of_selection(session: Session, name: str) -> dict[str, Any]:
    """The same of a recorded selection."""
    table = session.arrow(f"SELECT sample_id FROM selected WHERE selection = {literal(name)} ORDER BY rank")
    return {"selected": table.num_rows} | of_samples(session, table)
