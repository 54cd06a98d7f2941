"""`laserdb eval import`: from logs to the tables `evals` and `eval_items`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from laserdb.errors import InputError
from laserdb.evals.formats import find_files, read_all
from laserdb.evals.ranges import choose_ranges, normalised
from laserdb.evals.records import Bad, Item, ReadOptions, Result
from laserdb.warehouse import Warehouse, evals

SHOWN = 20


@dataclass(slots=True)
class ImportSummary:
    """What an import came to. `results` counts item × model; of several for one, the last read counts."""

    files: int
    results: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    items: int = 0
    items_added: int = 0
    items_changed: int = 0
    datasets: int = 0
    models: int = 0
    bad: int = 0
    bad_rows: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The summary as JSON-able values."""
        return asdict(self)


def import_logs(warehouse: Warehouse, paths: Sequence[Path], options: ReadOptions) -> ImportSummary:
    """Import evaluation logs; importing them again changes nothing, a changed score replaces the old one.

    All files are read and checked before anything is written. Bad rows are counted, and the first
    twenty named. Raises InputError if nothing is usable, or for a score outside its metric's range.
    """
    files = find_files(paths)
    summary = ImportSummary(files=len(files))
    results: dict[tuple[str, str, str, str], Result] = {}
    items: dict[tuple[str, str], Item] = {}
    for record in read_all(files, options):
        if isinstance(record, Result):
            results[record.dataset, record.item_id, record.model, record.metric] = record
        elif isinstance(record, Item):
            items.setdefault((record.dataset, record.item_id), record)
        else:
            note(summary, record)
    if not results and not items:
        raise InputError(f"nothing to import: {summary.bad_rows[0] if summary.bad_rows else 'no rows'}")
    ranges = choose_ranges(results.values(), options.ranges)
    rows = [
        {"dataset": r.dataset, "item_id": r.item_id, "model": r.model,
         "score": normalised(r.score, ranges[r.metric]), "metric": r.metric}
        for r in results.values()
    ]  # fmt: skip
    summary.results, summary.items = len(rows), len(items)
    summary.datasets = len({key[0] for key in [*results, *items]})
    summary.models = len({r.model for r in results.values()})
    table = pa.Table.from_pylist(rows, schema=evals.RESULTS)
    texts = pa.Table.from_pylist([asdict(item) for item in items.values()], schema=evals.ITEMS)
    with warehouse.write() as session:
        summary.added, summary.changed = evals.store_results(session, table)
        summary.items_added, summary.items_changed = evals.store_items(session, texts)
    summary.unchanged = summary.results - summary.added - summary.changed
    return summary


def note(summary: ImportSummary, bad: Bad) -> None:
    """Count a bad row, and keep the first ones."""
    summary.bad += 1
    if len(summary.bad_rows) < SHOWN:
        summary.bad_rows.append(f"{bad.where}: {bad.reason}")
