"""What a warehouse holds, at a glance."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from laserdb.warehouse.coverage import coverage
from laserdb.warehouse.session import Session

RUNNING_RUNS = 10


def status(session: Session) -> dict[str, Any]:
    """Pool by source, samples by category, coverage by scorer, the latest runs, selections; JSON-able."""
    samples, turns = session.row("SELECT (SELECT count(*) FROM samples), (SELECT count(*) FROM turns)")
    return {
        "samples": samples,
        "turns": turns,
        "rejects": session.value("SELECT count(*) FROM rejects"),
        "sources": session.dicts(
            "SELECT source, count(*) AS samples, sum(n_turns)::BIGINT AS turns, "
            "count(*) FILTER (n_turns > 1) AS multi_turn FROM samples GROUP BY source ORDER BY source"
        ),
        "categories": dict(
            session.rows(
                "SELECT category, count(*) FROM sample_categories "
                "GROUP BY category ORDER BY count(*) DESC, category"
            )
        ),
        "scorers": [asdict(one) | {"total": one.total} for one in coverage(session)],
        "routes": dict(session.rows("SELECT category, scorer FROM routes ORDER BY category")),
        "runs": session.dicts(
            "SELECT run_id, scorer, model, status, n_ok, n_failed, started_at::VARCHAR AS started_at, "
            f"finished_at::VARCHAR AS finished_at FROM runs ORDER BY run_id DESC LIMIT {RUNNING_RUNS}"
        ),
        "selections": session.dicts(
            "SELECT s.name, s.strategy, s.m, count(x.sample_id) AS selected, s.seed, "
            "s.created_at::VARCHAR AS created_at "
            "FROM selections s LEFT JOIN selected x ON x.selection = s.name "
            "GROUP BY ALL ORDER BY 6, 1"
        ),
    }
