"""What `laserdb eval difficulty` does: items and targets, scores from wherever, and the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from laserdb.errors import InputError, UsageError
from laserdb.evals.difficulty import UNKNOWN, Measured, category_means, report, sample
from laserdb.evals.load import import_logs
from laserdb.evals.records import ReadOptions
from laserdb.evals.scoring import run_scorer, scores_of_file, stored_scores, token_counts
from laserdb.evals.targets import DEVIATION, compute
from laserdb.plugins import unknown
from laserdb.progress import Progress
from laserdb.scorers.base import ScorerOptions, Turn
from laserdb.warehouse import Warehouse

LENGTH, CATEGORY = "length", "category mean"


@dataclass(frozen=True, slots=True)
class Request:
    """What to measure, and where the items are: in a database or in files."""

    database: str | None = None
    files: Sequence[Path] = ()
    scorers: Sequence[str] = ()
    stored: Sequence[str] = ()
    scores: Sequence[Path] = ()
    options: ScorerOptions = field(default_factory=ScorerOptions)
    method: str = DEVIATION
    datasets: Sequence[str] = ()
    limit: int | None = None
    times: int = 1000
    seed: int = 0


def measure(request: Request, progress: Progress) -> dict[str, Any]:
    """The report of every scorer asked for, and of the baselines `length` and `category mean`.

    Raises UsageError for a wrong call and InputError where no item has both a target and an instruction.
    """
    warehouse = Warehouse(request.database or ":memory:")
    try:
        if request.database is None:
            import_logs(warehouse, request.files, ReadOptions())
        return _measure(warehouse, request, progress)
    finally:
        warehouse.close()


def _measure(warehouse: Warehouse, request: Request, progress: Progress) -> dict[str, Any]:
    with warehouse.read() as session:
        rows = [row for row in compute(session, request.method).to_pylist() if row["instruction"]]
    names = {row["dataset"] for row in rows}
    for name in request.datasets:
        if name not in names:
            raise UsageError(unknown("data set", name, names))
    if request.datasets:
        rows = [row for row in rows if row["dataset"] in request.datasets]
    if not rows:
        raise InputError(
            "no item has both results and an instruction; import the items too: laserdb eval import"
        )
    rows = [rows[place] for place in sample([row["dataset"] for row in rows], request.limit, request.seed)]
    texts = [row["instruction"] for row in rows]
    turns = [Turn(row["instruction"], row["reference"]) for row in rows]
    measured = Measured(
        dataset=np.array([row["dataset"] for row in rows]),
        category=np.array([row["category"] or UNKNOWN for row in rows]),
        target=np.array([row["target"] for row in rows], dtype=np.float64),
        level=np.array([np.nan if row["level"] is None else row["level"] for row in rows]),
        length=token_counts(texts),
    )
    for name in request.scorers:
        measured.scores[name] = run_scorer(name, request.options, turns, progress)
    for name in request.stored:
        with warehouse.read() as session:
            measured.scores[f"{name} (stored)"] = stored_scores(session, name, texts)
    for path in request.scores:
        items = [(row["dataset"], row["item_id"]) for row in rows]
        measured.scores[path.stem] = scores_of_file(path, items)
    measured.scores[LENGTH] = measured.length
    measured.scores[CATEGORY] = category_means(measured)
    sections = report(measured, times=request.times, seed=request.seed)
    return {"method": request.method, "items": len(rows), "datasets": len(set(measured.dataset.tolist())),
            "scorers": sections}  # fmt: skip
