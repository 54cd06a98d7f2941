"""Selecting: check what the strategy needs, render its SQL, run it over the pool, record the result."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from laserdb.engine import supply
from laserdb.engine.steps import Steps
from laserdb.errors import UsageError
from laserdb.progress import Progress, Silent
from laserdb.sql.header import resolve_params
from laserdb.sql.render import load_strategy, render
from laserdb.warehouse import Warehouse, selections


@dataclass(frozen=True, slots=True)
class SelectOptions:
    """What the user asks of a selection; `params` are texts as `--set` gives them."""

    strategy: str
    m: int
    name: str | None = None
    seed: int = 0
    params: Mapping[str, str] = field(default_factory=dict)
    where: str | None = None
    replace: bool = False
    dry_run: bool = False

    @property
    def selection_name(self) -> str:
        """The given name, or STRATEGY-N."""
        stem = self.strategy.rsplit("/", 1)[-1].removesuffix(".sql")
        return self.name or f"{stem}-{self.m}"


@dataclass(slots=True)
class SelectSummary:
    """What a selection came to; `plan` only for a dry run."""

    name: str
    selected: int
    shortfall: int
    by_category: dict[str, int]
    seconds: float
    warnings: list[str]
    sql: str
    plan: list[supply.Planned] | None = None

    def as_dict(self) -> dict[str, Any]:
        """The summary as JSON-able values."""
        summary: dict[str, Any] = {
            "name": self.name,
            "selected": self.selected,
            "shortfall": self.shortfall,
            "by_category": self.by_category,
            "seconds": round(self.seconds, 3),
            "warnings": self.warnings,
        }
        if self.plan is not None:
            summary |= {"dry_run": True, "plan": [line.as_dict() for line in self.plan], "sql": self.sql}
        return summary


def select(warehouse: Warehouse, options: SelectOptions, progress: Progress | None = None) -> SelectSummary:
    """Choose `m` samples by a strategy and record them; a dry run stops before choosing.

    Fewer than m candidates are no error: the shortfall is reported. Raises UsageError for a wrong
    call, StrategyError for a wrong template or missing scores.
    """
    started = time.monotonic()
    if options.m < 1:
        raise UsageError(f"the budget -m must be at least 1, not {options.m}")
    strategy = load_strategy(options.strategy)
    params = resolve_params(strategy.header, options.params, strategy.name)
    sql = render(strategy, params, m=options.m, seed=options.seed)
    with warehouse.read() as session:
        if not options.replace and not options.dry_run and selections.exists(session, options.selection_name):
            raise UsageError(selections.taken(options.selection_name))
        needs = supply.check_needs(session, strategy, warehouse.path)
        # A dry run counts candidates by category, whatever the strategy reads.
        query = "*" if options.dry_run else sql
        pool = selections.make_pool(session, options.where, needs.embedder, query)
        if options.dry_run:
            plan = supply.plan(session, strategy, params, options.m)
            return dry_summary(options, plan, needs.warnings, f"{pool};\n\n{sql}", time.monotonic() - started)
        chosen = selections.run_strategy(
            session,
            sql,
            Steps(session, needs.embedder or "", params, progress or Silent()).functions(),
            options.m,
            strategy.where,
        )
    record = selections.Record(
        name=options.selection_name,
        strategy=strategy.name,
        params=recorded_params(params, options.where),
        sql=f"{pool};\n\n{sql}",
        seed=options.seed,
        m=options.m,
        runs=needs.runs,
    )
    with warehouse.write() as session:
        selections.store(session, record, chosen, replace=options.replace)
    return summarise(options, chosen, needs.warnings, sql, time.monotonic() - started)


def recorded_params(params: Mapping[str, Any], where: str | None) -> dict[str, Any]:
    """What it takes, with the seed and m, to run the selection again."""
    return dict(params) | ({"where": where} if where else {})


def summarise(
    options: SelectOptions, chosen: pa.Table, warnings: list[str], sql: str, seconds: float
) -> SelectSummary:
    """Count what was chosen; samples without a label count as "(none)"."""
    categories = Counter(category or "(none)" for category in chosen.column("category").to_pylist())
    return SelectSummary(
        name=options.selection_name,
        selected=chosen.num_rows,
        shortfall=options.m - chosen.num_rows,
        by_category=supply.in_order(categories),
        seconds=seconds,
        warnings=warnings,
        sql=sql,
    )


def dry_summary(
    options: SelectOptions, plan: list[supply.Planned], warnings: list[str], sql: str, seconds: float
) -> SelectSummary:
    """What a selection would come to."""
    planned = {line.category: line.planned for line in plan if line.planned}
    total = sum(planned.values())
    return SelectSummary(
        name=options.selection_name,
        selected=total,
        shortfall=options.m - total,
        by_category=planned,
        seconds=seconds,
        warnings=warnings,
        sql=sql,
        plan=plan,
    )
