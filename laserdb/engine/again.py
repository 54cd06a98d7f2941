"""Recorded selections again: reproduced as they were, or topped up after new data came in."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from laserdb.apportion import apportion
from laserdb.engine.choose import Budget, Choice, Chooser
from laserdb.engine.select import SelectSummary, record_of, refuse_taken, summarise
from laserdb.engine.steps import Steps
from laserdb.progress import Progress, Silent
from laserdb.sql.header import candidate_condition
from laserdb.sqltext import literal
from laserdb.warehouse import Session, Warehouse, candidates, pool, selections
from laserdb.warehouse.candidates import Restriction
from laserdb.warehouse.selections import Stored


@dataclass(frozen=True, slots=True)
class Reproduced:
    """A recorded selection run anew: the same SQL, seed and parameters over what the file holds now."""

    name: str
    reproduced: bool
    recorded_hash: str
    found_hash: str
    selected: int
    in_common: int
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """As JSON-able values."""
        return {name: getattr(self, name) for name in self.__slots__}


def reproduce(warehouse: Warehouse, name: str, progress: Progress | None = None) -> Reproduced:
    """Run the recorded SQL of a selection again; nothing is stored. Raises UsageError for an unknown name."""
    started = time.monotonic()
    with warehouse.read() as session:
        stored = selections.load(session, name)
        steps = Steps(session, stored.embedder or "", stored.params, progress or Silent())
        pool_sql, _, sql = stored.sql.partition(";\n\n")
        session.run(pool_sql)
        chosen = selections.run_strategy(session, sql, steps.functions(), stored.m, stored.strategy)
        if stored.params.get("tokens") is not None:
            within, _ = selections.within_tokens(session, chosen, stored.params["tokens"])
            chosen = chosen.slice(0, within)
        before = set(selections.chosen_ids(session, name))
    found = selections.result_hash(chosen)
    both = len(before & set(chosen.column("sample_id").to_pylist()))
    return Reproduced(
        name,
        found == stored.result_hash,
        stored.result_hash,
        found,
        chosen.num_rows,
        both,
        time.monotonic() - started,
    )


def extend(
    warehouse: Warehouse,
    base: str,
    *,
    name: str | None = None,
    m: int | None = None,
    strategy: str | None = None,
    replace: bool = False,
    progress: Progress | None = None,
) -> SelectSummary:
    """Top up a recorded selection after new data: keep of it what still fits, add what is missing.

    Kept: its samples that are still candidates, in their order, within the quotas that the pool now gives
    (all of them for a strategy without quotas), up to m (by default the recorded one). Added: what the
    strategy chooses for the rest of each category among all others. Recorded as a selection of its own,
    whose SQL is that of the strategy over the whole pool; `extends` in its parameters names the base.
    """
    started = time.monotonic()
    with warehouse.read() as session:
        stored = selections.load(session, base)
        own = {key: value for key, value in stored.params.items() if key not in NOT_PARAMETERS}
        chooser = Chooser.make(
            session, strategy or stored.strategy, {}, stored.seed, warehouse.path, progress or Silent()
        )
        chooser = Chooser(
            session,
            chooser.strategy,
            {**chooser.params, **own},
            stored.seed,
            warehouse.path,
            chooser.progress,
        )
        target = name or f"{base}-extended"
        if not replace:
            refuse_taken(session, [target])
        budget = Budget(m or stored.m)
        choice, more = top_up(chooser, stored, budget)
    choice.params["extends"] = base
    with warehouse.write() as session:
        record = record_of(target, chooser.strategy.name, stored.seed, choice)
        selections.store(session, record, choice.chosen, replace=replace)
    summary = summarise(target, budget, choice, time.monotonic() - started)
    summary.more = more
    return summary


NOT_PARAMETERS = frozenset({"where", "within", "keep_marked", "tokens", "extends"})


def top_up(chooser: Chooser, stored: Stored, budget: Budget) -> tuple[Choice, dict[str, Any]]:
    """The kept and the added samples as one choice, and how many they are."""
    session, where = chooser.session, stored.params.get("where")
    keep_marked = bool(stored.params.get("keep_marked"))
    needs = chooser.needs()
    candidates.make_pool(session, Restriction(where, None, keep_marked), needs.embedder)
    condition = candidate_condition(chooser.strategy.header, chooser.params)
    old = selections.still_candidates(session, stored.name, condition)
    room = rooms(session, chooser.params, condition, budget.samples)
    kept = keep(old, room, budget.samples)
    parts = [kept]
    missing = Counter(kept.column("category").to_pylist())
    base = f"({where})\nAND " if where else ""
    taken = f"s.sample_id NOT IN (SELECT sample_id FROM selected WHERE selection = {literal(stored.name)})"  # noqa: S608
    sql = chooser.sql(budget.samples)
    runs, warnings = needs.runs, needs.warnings
    gaps = (
        {None: budget.samples - kept.num_rows}
        if room is None
        else {category: quota - missing[category] for category, quota in room.items()}
    )
    for category, gap in gaps.items():
        if gap > 0:
            only = "" if category is None else f" AND x.category = {literal(category)}"
            restriction = Restriction(f"{base}{taken}{only}", None, keep_marked)
            parts.append(chooser.choose(Budget(gap), restriction).chosen)
    whole = selections.renumber(pa.concat_tables(parts))
    params = dict(chooser.params) | Restriction(where, None, keep_marked).as_params()
    pool_text = candidates.pool_text(session, Restriction(where, None, keep_marked), needs.embedder, sql)
    total = len(selections.chosen_ids(session, stored.name))
    more = {"kept": kept.num_rows, "dropped": total - kept.num_rows, "added": whole.num_rows - kept.num_rows}
    return Choice(whole, f"{pool_text};\n\n{sql}", budget.samples, params, runs, warnings), more


def rooms(
    session: Session, params: Mapping[str, Any], condition: str, m: int
) -> dict[str | None, int] | None:
    """The quota of each category over the pool as it is now; None without quotas."""
    weights = params.get("quotas")
    if weights is None:
        return None
    have = pool.supply(session, condition)
    supplies = [have.get(name, (0, 0))[1] for name in weights]
    given = apportion(m, list(weights.values()), supplies, bool(params.get("redistribute", True)))
    return dict(zip(weights, given, strict=True))


def keep(old: pa.Table, room: Mapping[str | None, int] | None, m: int) -> pa.Table:
    """Of the old ones the first in each category's quota, or the first m."""
    if room is None:
        return old.slice(0, m)
    used: Counter[str | None] = Counter()
    rows = []
    for row, category in enumerate(old.column("category").to_pylist()):
        if used[category] < room.get(category, 0):
            used[category] += 1
            rows.append(row)
    return old.take(pa.array(rows, pa.int64()))
