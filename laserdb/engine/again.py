"""Recorded selections again: reproduced as they were, or topped up after new data came in."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from laserdb.apportion import apportion
from laserdb.engine import caps
from laserdb.engine.caps import Caps
from laserdb.engine.choose import Budget, Choice, Chooser
from laserdb.engine.run import patience
from laserdb.engine.select import SelectSummary, record_of, refuse_taken, summarise
from laserdb.engine.steps import Steps
from laserdb.progress import Progress, Silent
from laserdb.sql.header import candidate_condition
from laserdb.sqltext import literal
from laserdb.warehouse import Session, Warehouse, candidates, pool, selections, sources
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
    """Choose again as recorded; nothing is stored. Raises UsageError for an unknown name.

    The recorded SQL runs anew; an extended selection is topped up anew from the one that it extends.
    """
    started, listener = time.monotonic(), progress or Silent()
    with warehouse.read() as session:
        stored = selections.load(session, name)
        if stored.params.get("extends") is None:
            chosen = run_again(session, stored, listener)
        else:
            base = selections.load(session, stored.params["extends"])
            chooser = chooser_of(session, stored, stored.strategy, warehouse.path, listener)
            chosen = top_up(chooser, base, Budget(stored.m))[0].chosen
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


def run_again(session: Session, stored: Stored, listener: Progress) -> pa.Table:
    """What the recorded SQL chooses now."""
    functions = Steps(session, stored.embedder or "", stored.params, listener).functions()
    pool_sql, _, sql = stored.sql.partition(";\n\n")
    session.run(pool_sql)
    chosen = caps.within(
        session,
        Caps.parse(stored.params.get("source_caps")),
        stored.m,
        lambda: selections.run_strategy(session, sql, functions, stored.m, stored.strategy),
    )
    if stored.params.get("tokens") is None:
        return chosen
    within, _ = selections.within_tokens(session, chosen, stored.params["tokens"])
    return chosen.slice(0, within)


def chooser_of(session: Session, stored: Stored, strategy: str, path: str, listener: Progress) -> Chooser:
    """A chooser by the recorded parameters and seed. Raises UsageError for a strategy that is gone."""
    made = Chooser.make(session, strategy, {}, stored.seed, path, listener)
    own = {key: value for key, value in stored.params.items() if key not in NOT_PARAMETERS}
    return replace(made, params={**made.params, **own})


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
    `strategy` is for one of a file, whose path isn't recorded.
    """
    started = time.monotonic()
    target = name or f"{base}-extended"
    with warehouse.read() as session:
        stored = selections.load(session, base)
        chooser = chooser_of(
            session, stored, strategy or stored.strategy, warehouse.path, progress or Silent()
        )
        if not replace:
            refuse_taken(session, [target])
        budget = Budget(m or stored.m)
        choice, more = top_up(chooser, stored, budget)
    choice.params["extends"] = base
    with patience(warehouse), warehouse.write() as session:
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
            left = caps_left(chooser, parts, budget.samples)
            parts.append(left.choose(Budget(gap), restriction).chosen)
    whole = selections.renumber(pa.concat_tables(parts))
    params = dict(chooser.params) | Restriction(where, None, keep_marked).as_params()
    pool_text = candidates.pool_text(session, Restriction(where, None, keep_marked), needs.embedder, sql)
    total = len(selections.chosen_ids(session, stored.name))
    more = {"kept": kept.num_rows, "dropped": total - kept.num_rows, "added": whole.num_rows - kept.num_rows}
    return Choice(whole, f"{pool_text};\n\n{sql}", budget.samples, params, runs, warnings), more


def caps_left(chooser: Chooser, parts: Sequence[pa.Table], m: int) -> Chooser:
    """The same with the source caps lowered by what is chosen already."""
    given = Caps.parse(chooser.params.get("source_caps"))
    if not given:
        return chooser
    chosen = sources.of_chosen(chooser.session, pa.concat_tables(parts))
    left = given.without(chosen, sources.sizes(chooser.session), m)
    return replace(chooser, params={**chooser.params, "source_caps": left.given})


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
