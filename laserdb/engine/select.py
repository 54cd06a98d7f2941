"""Selecting: run a strategy over the pool for one or several budgets, and record what it chose."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from laserdb.engine import caps, supply
from laserdb.engine.choose import Budget, Choice, Chooser
from laserdb.engine.run import patience
from laserdb.errors import UsageError
from laserdb.progress import Progress, Silent
from laserdb.sql.header import candidate_condition
from laserdb.warehouse import Warehouse, candidates, selections
from laserdb.warehouse.candidates import Restriction


@dataclass(frozen=True, slots=True)
class SelectOptions:
    """What the user asks of a selection; `params` are texts as `--set` gives them."""

    strategy: str
    budgets: Sequence[Budget]
    name: str | None = None
    seed: int = 0
    params: Mapping[str, str] = field(default_factory=dict)
    where: str | None = None
    replace: bool = False
    dry_run: bool = False
    keep_marked: bool = False

    def name_for(self, budget: Budget) -> str:
        """The given name, or STRATEGY-N; with several budgets each its own NAME-N."""
        stem = self.strategy.rsplit("/", 1)[-1].removesuffix(".sql")
        if self.name is not None and len(self.budgets) == 1:
            return self.name
        return f"{self.name or stem}-{budget}"


@dataclass(slots=True)
class SelectSummary:
    """What a selection came to; `plan` only for a dry run, `nested` where there were several budgets."""

    name: str
    selected: int
    shortfall: int
    by_category: dict[str, int]
    seconds: float
    warnings: list[str]
    sql: str
    plan: list[supply.Planned] | None = None
    more: dict[str, Any] = field(default_factory=dict)
    nested: list[SelectSummary] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The summary as JSON-able values."""
        summary: dict[str, Any] = {
            "name": self.name,
            "selected": self.selected,
            "shortfall": self.shortfall,
            "by_category": self.by_category,
            "seconds": round(self.seconds, 3),
            "warnings": self.warnings,
            **self.more,
        }
        if self.plan is not None:
            summary |= {"dry_run": True, "plan": [line.as_dict() for line in self.plan], "sql": self.sql}
        if self.nested:
            summary["nested"] = [one.as_dict() for one in self.nested]
        return summary


def select(warehouse: Warehouse, options: SelectOptions, progress: Progress | None = None) -> SelectSummary:
    """Choose by a strategy and record it; a dry run stops before choosing.

    Of several budgets the largest is chosen first, and each smaller one among the next larger: nested, and
    with its own quotas. The summary is that of the largest. Fewer candidates than the budget are no error:
    the shortfall is reported. Raises UsageError for a wrong call, StrategyError for a wrong template or
    missing scores.
    """
    started = time.monotonic()
    budgets = check_budgets(options.budgets)
    restriction = Restriction(options.where, None, options.keep_marked)
    records: list[tuple[selections.Record, pa.Table]] = []
    summaries: list[SelectSummary] = []
    with warehouse.read() as session:
        chooser = Chooser.make(
            session, options.strategy, options.params, options.seed, warehouse.path, progress or Silent()
        )
        if not options.dry_run and not options.replace:
            refuse_taken(session, map(options.name_for, budgets))
        if options.dry_run:
            return dry_run(chooser, options, budgets[0], restriction, started)
        choices: list[Choice] = []
        for number, budget in enumerate(budgets):
            if number:
                larger = options.name_for(budgets[number - 1])
                ids = choices[-1].chosen.column("sample_id")
                restriction = Restriction(options.where, larger, options.keep_marked, ids)
            choices.append(chooser.choose(budget, restriction))
    for budget, choice in zip(budgets, choices, strict=True):
        name = options.name_for(budget)
        records.append((record_of(name, chooser.strategy.name, options.seed, choice), choice.chosen))
        summaries.append(summarise(name, budget, choice, time.monotonic() - started))
    with patience(warehouse), warehouse.write() as session:
        for record, chosen in records:
            selections.store(session, record, chosen, replace=options.replace)
    summaries[0].nested = summaries[1:]
    return summaries[0]


def check_budgets(budgets: Sequence[Budget]) -> list[Budget]:
    """The budgets, largest first. Raises UsageError for none, zero, two alike or two kinds."""
    if not budgets:
        raise UsageError("give a budget: -m N")
    for one in budgets:
        if (one.samples if one.tokens is None else one.tokens) < 1:
            raise UsageError(f"the budget -m must be at least 1, not {one}")
    if len({one.tokens is None for one in budgets}) > 1:
        raise UsageError("the budgets of one run are all samples or all tokens")
    if len(set(budgets)) < len(budgets):
        raise UsageError("a budget is given twice")
    return sorted(budgets, key=lambda one: (one.tokens or 0, one.samples), reverse=True)


def refuse_taken(session: Any, names: Iterable[str]) -> None:
    """Raise UsageError for a name that is in use."""
    for name in names:
        if selections.exists(session, name):
            raise UsageError(selections.taken(name))


def record_of(name: str, strategy: str, seed: int, choice: Choice) -> selections.Record:
    """What `selections` keeps of a choice."""
    return selections.Record(name, strategy, choice.params, choice.sql, seed, max(choice.m, 1), choice.runs)


def summarise(name: str, budget: Budget, choice: Choice, seconds: float) -> SelectSummary:
    """Count what was chosen; samples without a label count as "(none)"."""
    counts = Counter(category or "(none)" for category in choice.chosen.column("category").to_pylist())
    rows = choice.chosen.num_rows
    return SelectSummary(
        name=name,
        selected=rows,
        shortfall=budget.samples - rows if budget.tokens is None else 0,
        by_category=supply.in_order(counts),
        seconds=seconds,
        warnings=choice.warnings,
        sql=choice.sql,
    )


def dry_run(
    chooser: Chooser, options: SelectOptions, budget: Budget, restriction: Restriction, started: float
) -> SelectSummary:
    """What a selection would come to; counts candidates by category, whatever the strategy reads."""
    needs = chooser.needs()
    pool = candidates.make_pool(
        chooser.session, restriction, needs.embedder, "*", chooser.params.get("percentiles")
    )
    m, warnings = budget.samples, list(needs.warnings)
    if budget.tokens is not None:
        m = chooser.samples_for(budget.tokens)[1]
        warnings.append(f"{budget.tokens:,} tokens are about {m:,} samples of mean length")
    sql = chooser.sql(max(m, 1))
    condition = candidate_condition(chooser.strategy.header, chooser.params)
    plan = supply.plan(chooser.session, condition, chooser.params, m)
    planned = {line.category: line.planned for line in plan if line.planned}
    total = sum(planned.values())
    given = caps.Caps.parse(chooser.params.get("source_caps"))
    if given and (most := caps.most(chooser.session, given, m, condition)) < total:
        total = most
        warnings.append(f"the source caps leave {most} candidates at most; the plan by category ignores them")
    return SelectSummary(
        name=options.name_for(budget),
        selected=total,
        shortfall=m - total,
        by_category=planned,
        seconds=time.monotonic() - started,
        warnings=warnings,
        sql=f"{pool};\n\n{sql}",
        plan=plan,
    )
