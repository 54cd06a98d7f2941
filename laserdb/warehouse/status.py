"""What a warehouse holds, at a glance."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from laserdb.warehouse import liveness
from laserdb.warehouse.coverage import coverage
from laserdb.warehouse.session import Session

SHOWN_RUNS = 10


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
        "runs": runs(session),
        "selections": session.dicts(
            "SELECT s.name, s.strategy, s.m, count(x.sample_id) AS selected, s.seed, "
            "s.created_at::VARCHAR AS created_at "
            "FROM selections s LEFT JOIN selected x ON x.selection = s.name "
            "GROUP BY ALL ORDER BY 6, 1"
        ),
    }


def runs(session: Session) -> list[dict[str, Any]]:
    """The latest runs; one whose process is gone is interrupted, whatever it last said of itself."""
    found = session.dicts(
        "SELECT run_id, scorer, model, status, n_ok, n_failed, started_at, finished_at, host, pid, heartbeat "
        "FROM runs ORDER BY run_id DESC LIMIT ?",
        [SHOWN_RUNS],
    )
    for run in found:
        if run["status"] == "running" and not liveness.alive(run["host"], run["pid"], run["heartbeat"]):
            run["status"], run["finished_at"] = "interrupted", run["heartbeat"] or run["started_at"]
        for name in ("started_at", "finished_at", "heartbeat"):
            run[name] = str(run[name]) if run[name] else None
    return found
