"""Plain tables: results (`dataset, item_id, model, score[, metric]`), items (`dataset, item_id, instruction
[, category, level, reference]`), or both in one row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from laserdb.categories import CATEGORIES
from laserdb.evals.records import Bad, Item, ReadOptions, Record, Result, Row, number_of, text_of


def matches(row: Mapping[str, Any]) -> bool:
    """Whether a row is of such a table."""
    return "item_id" in row and ("score" in row or "instruction" in row)


def read(path: Path, rows: Iterable[Row], options: ReadOptions) -> Iterator[Record]:  # noqa: ARG001
    """The results and items of a table."""
    for row in rows:
        if isinstance(row.value, Bad):
            yield row.value
        elif not isinstance(row.value, dict) or not matches(row.value):
            yield Bad(row.where, "lacks item_id and score or instruction")
        else:
            yield from _records(row, options)


def _records(row: Row, options: ReadOptions) -> Iterator[Record]:
    value: Mapping[str, Any] = row.value
    dataset, item_id = options.dataset or text_of(value.get("dataset")), text_of(value["item_id"])
    if dataset is None or item_id is None:
        yield Bad(row.where, "dataset or item_id is empty" + ("" if dataset else " (--dataset gives one)"))
        return
    if "score" in value:
        model, score = options.model or text_of(value.get("model")), number_of(value["score"])
        if model is None:
            yield Bad(row.where, "model is empty (--model gives one)")
            return
        if score is None:
            yield Bad(row.where, f"score is no number: {value['score']!r}")
            return
        metric = options.metric or text_of(value.get("metric")) or "score"
        yield Result(dataset, item_id, model, metric, score, row.where)
    instruction = value.get("instruction")
    if isinstance(instruction, str) and instruction.strip():
        category = text_of(value.get("category"))
        if category is not None and category not in CATEGORIES:
            yield Bad(row.where, f"unknown category {category!r} (there are: {', '.join(CATEGORIES)})")
            return
        level, reference = number_of(value.get("level")), text_of(value.get("reference"))
        yield Item(dataset, item_id, instruction.strip(), category, level, reference)
    elif "score" not in value:
        yield Bad(row.where, "instruction is empty")
