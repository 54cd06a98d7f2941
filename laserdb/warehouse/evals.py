"""Imported evaluation results: storing them, and reading what templates make of them."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from laserdb.errors import StrategyError
from laserdb.warehouse.functions import SqlFunction, functions
from laserdb.warehouse.session import Session, first_line

RESULTS = pa.schema(
    [(name, pa.string()) for name in ("dataset", "item_id", "model")]
    + [("score", pa.float64()), ("metric", pa.string())]
)
ITEMS = pa.schema(
    [(name, pa.string()) for name in ("dataset", "item_id", "instruction", "category")]
    + [("level", pa.float64()), ("reference", pa.string())]
)


def store_results(session: Session, rows: pa.Table) -> tuple[int, int]:
    """Add results, replacing scores that changed, all or nothing; returns how many were added and changed."""
    with session.table("new_evals", rows), session.transaction():
        added = session.value(
            "SELECT count(*) FROM new_evals ANTI JOIN evals USING (dataset, item_id, model, metric)"
        )
        changed = session.value(
            "SELECT count(*) FROM new_evals n JOIN evals e USING (dataset, item_id, model, metric) "
            "WHERE n.score IS DISTINCT FROM e.score"
        )
        if added or changed:
            session.run(
                "INSERT INTO evals BY NAME SELECT * FROM new_evals "
                "ON CONFLICT (dataset, item_id, model, metric) DO UPDATE SET score = excluded.score"
            )
    return int(added), int(changed)


def store_items(session: Session, rows: pa.Table) -> tuple[int, int]:
    """Add items or renew their texts; whatever else was once known stays where the new row has nothing."""
    optional = ("category", "level", "reference")
    differs = " OR ".join(
        ["n.instruction <> i.instruction"]
        + [f"coalesce(n.{name}, i.{name}) IS DISTINCT FROM i.{name}" for name in optional]
    )
    kept = ", ".join(f"{name} = coalesce(excluded.{name}, {name})" for name in optional)
    with session.table("new_items", rows), session.transaction():
        added = session.value("SELECT count(*) FROM new_items ANTI JOIN eval_items USING (dataset, item_id)")
        changed = session.value(
            f"SELECT count(*) FROM new_items n JOIN eval_items i USING (dataset, item_id) WHERE {differs}"
        )
        if added or changed:
            session.run(
                "INSERT INTO eval_items BY NAME SELECT * FROM new_items "
                "ON CONFLICT (dataset, item_id) DO UPDATE "
                f"SET instruction = excluded.instruction, {kept}"
            )
    return int(added), int(changed)


def targets(session: Session, sql: str, available: Sequence[SqlFunction], where: str) -> pa.Table:
    """Run a rendered template of targets. Raises StrategyError with the template's name."""
    try:
        with functions(session, available):
            return session.arrow(sql)
    except duckdb.Error as error:
        raise StrategyError(f"{where}: {first_line(error)}") from error


def has_results(session: Session) -> bool:
    """Whether anything was imported."""
    return bool(session.value("SELECT count(*) FROM (SELECT 1 FROM evals LIMIT 1)"))
