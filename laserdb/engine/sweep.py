"""Sweeps: one strategy over a grid of parameter values, on the same scores."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from typing import Any

from laserdb.engine.choose import Budget, Chooser
from laserdb.errors import UsageError
from laserdb.progress import Progress, Silent
from laserdb.sql.header import resolve_params
from laserdb.sql.render import load_strategy
from laserdb.warehouse import Warehouse, statistics
from laserdb.warehouse.candidates import Restriction


def sweep(
    warehouse: Warehouse,
    strategy: str,
    m: int,
    grid: Mapping[str, Sequence[str]],
    params: Mapping[str, str],
    *,
    seed: int = 0,
    where: str | None = None,
    progress: Progress | None = None,
) -> list[dict[str, Any]]:
    """A row per combination: its values, then what it would choose in numbers; `jaccard` is to the first row.

    `grid` gives the values of each parameter as texts of `--set`; `seed` may be one of them. Every
    combination is checked before the first one runs. Raises UsageError.
    """
    if not grid:
        raise UsageError("a sweep needs a parameter with several values: --set gamma=70,80,90")
    if m < 1:
        raise UsageError(f"the budget -m must be at least 1, not {m}")
    combinations = [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
    header = load_strategy(strategy).header
    for one in combinations:
        whole = {**params, **{key: value for key, value in one.items() if key != "seed"}}
        resolve_params(header, whole, strategy)
        if not str(one.get("seed", "0")).isdecimal():
            raise UsageError(f"seed={one['seed']}: give a whole number")
    rows: list[dict[str, Any]] = []
    first: set[int] = set()
    listener = progress or Silent()
    with warehouse.read() as session:
        for one in combinations:
            started = time.monotonic()
            given = {**params, **{key: value for key, value in one.items() if key != "seed"}}
            chooser = Chooser.make(
                session, strategy, given, int(one.get("seed", seed)), warehouse.path, listener
            )
            choice = chooser.choose(Budget(m), Restriction(where))
            ids = set(choice.chosen.column("sample_id").to_pylist())
            first = first or ids
            row: dict[str, Any] = {**one, "selected": len(ids), "shortfall": m - len(ids)}
            row |= statistics.of_samples(session, choice.chosen)
            row["jaccard"] = len(ids & first) / max(len(ids | first), 1)
            row["seconds"] = round(time.monotonic() - started, 3)
            rows.append(row)
            listener.note(f"{len(rows)} of {len(combinations)}: {one}")
    return rows
