"""Difficulty targets of the imported items (LASER §3.2.1, §A.2.5), and their distribution (Figure 8)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from laserdb.errors import ExportError, InputError, UsageError
from laserdb.evals.load import import_logs
from laserdb.evals.rasch import rasch
from laserdb.evals.records import ReadOptions
from laserdb.plugins import unknown
from laserdb.sql.header import parse_header, resolve_params
from laserdb.sql.render import Strategy, render
from laserdb.warehouse import Warehouse, evals
from laserdb.warehouse.functions import SqlFunction

if TYPE_CHECKING:
    from laserdb.warehouse import Session

DEVIATION = "deviation"
SUFFIXES = (".jsonl", ".csv", ".parquet")

_ITEMS = (
    "SELECT t.dataset, t.item_id, i.category, i.level, t.target, t.models, t.mean_score, i.instruction, "
    "i.reference\n"
    "FROM (\n{sql}\n) t LEFT JOIN eval_items i USING (dataset, item_id)\nORDER BY dataset, item_id"
)
_DISTRIBUTION = (
    "SELECT category, dataset, count(*) AS items, min(models) AS least_models, avg(target) AS mean, "
    "stddev_pop(target) AS sd, quantile_cont(target, 0.1) AS p10, median(target) AS median, "
    "quantile_cont(target, 0.9) AS p90\n"
    "FROM targets GROUP BY ALL ORDER BY category NULLS LAST, dataset"
)


def methods() -> list[str]:
    """The names of the templates."""
    folder = files("laserdb.sql").joinpath("targets")
    return sorted(
        entry.name.removesuffix(".sql") for entry in folder.iterdir() if entry.name.endswith(".sql")
    )


def targets_sql(method: str, params: Mapping[str, str] | None = None) -> str:
    """The SQL of a method with its parameters (texts, as `--set` gives them). Raises UsageError."""
    if method not in methods():
        raise UsageError(unknown("method", method, methods()))
    where = f"{method}.sql"
    text = files("laserdb.sql").joinpath("targets", where).read_text(encoding="utf-8")
    template = Strategy(method, where, text, parse_header(text, where))
    values = resolve_params(template.header, params or {}, method)
    return _ITEMS.format(sql=render(template, values, m=0, seed=0).strip())


def compute(session: Session, method: str = DEVIATION, params: Mapping[str, str] | None = None) -> pa.Table:
    """A row per item, as `_ITEMS` names its columns.

    The target is higher for harder items. Raises InputError if nothing was imported.
    """
    sql = targets_sql(method, params)
    if not evals.has_results(session):
        raise InputError("no evaluation results; import some: laserdb eval import DB PATH…")
    step = SqlFunction(
        "rasch", lambda *lists: rasch(*lists).tolist(), ("BIGINT[]", "BIGINT[]", "DOUBLE[]"), "DOUBLE[]"
    )
    return evals.targets(session, sql, (step,), f"{method}.sql")


def rows_from_files(paths: Sequence[Path], method: str = DEVIATION) -> list[dict[str, Any]]:
    """The targets of items and results in files, as `compute` gives them, without items that lack a text."""
    warehouse = Warehouse(":memory:")
    try:
        import_logs(warehouse, paths, ReadOptions())
        with warehouse.read() as session:
            return [row for row in compute(session, method).to_pylist() if row["instruction"]]
    finally:
        warehouse.close()


def distribution(warehouse: Warehouse, table: pa.Table) -> list[dict[str, Any]]:
    """How the targets of each category and data set are distributed."""
    with warehouse.read() as session, session.table("targets", table):
        return session.dicts(_DISTRIBUTION)


def write(table: pa.Table, out: Path) -> None:
    """Write the targets as JSONL, CSV or Parquet, by the suffix. Raises UsageError and ExportError."""
    suffix = out.suffix.lower()
    if suffix not in SUFFIXES:
        raise UsageError(f"{out}: unknown suffix (there are: {', '.join(SUFFIXES)})")
    try:
        if suffix == ".parquet":
            pq.write_table(table, out)
        elif suffix == ".csv":
            pyarrow.csv.write_csv(table, out)
        else:
            with out.open("w", encoding="utf-8") as file:
                for batch in table.to_batches(max_chunksize=8192):
                    for row in batch.to_pylist():
                        file.write(json.dumps(row, ensure_ascii=False) + "\n")
    except OSError as error:
        raise ExportError(f"{out}: {error.strerror or error}") from error
