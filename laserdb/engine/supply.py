"""What the pool has to offer a strategy: the scores it needs, the candidates of each category."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from laserdb.apportion import apportion, largest_remainder
from laserdb.categories import CATEGORIES
from laserdb.errors import StrategyError, UsageError
from laserdb.plugins import unknown
from laserdb.sql.render import Strategy
from laserdb.warehouse import Session, pool
from laserdb.warehouse.coverage import Coverage, coverage


@dataclass(slots=True)
class Needs:
    """What a strategy draws on: runs, the embedder, and what is worth a warning."""

    runs: list[int] = field(default_factory=list)
    embedder: str | None = None
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Planned:
    """One line of a dry run: what a category should give, has, and will give."""

    category: str
    samples: int
    candidates: int
    quota: int
    planned: int

    @property
    def shortfall(self) -> int:
        """How many candidates the category lacks for its own quota."""
        return max(0, self.quota - self.candidates)

    def as_dict(self) -> dict[str, Any]:
        """The line as JSON-able values."""
        return asdict(self) | {"shortfall": self.shortfall}


def check_needs(session: Session, strategy: Strategy, params: Mapping[str, Any], path: str) -> Needs:
    """See that every score the strategy reads is there. Raises StrategyError naming the scorers to run.

    The parameter `embedder` names one of several (UsageError for one that never ran); by default it is the
    one that has been over most of the pool. `max_tokens` needs counts.
    """
    embedder = params.get("embedder")
    if pool.size(session) == 0:
        raise StrategyError(f"the pool is empty; put something in: laserdb ingest {path} FILE…")
    found: dict[str, Coverage] = {}
    wanted = wanted_scorers(session, strategy)
    if params.get("max_tokens") is not None and "tokens" not in wanted:
        wanted.append("tokens")
    every = coverage(session, wanted)
    models = [one.model for one in every if one.scorer == "embedding"]
    if embedder is not None and models and embedder not in models:
        raise UsageError(f"--set embedder: {unknown('embedder', embedder, models)}")
    for one in every:
        if one.scorer == "embedding" and embedder is not None and one.model != embedder:
            continue
        if one.scorer not in found or one.done > found[one.scorer].done:
            found[one.scorer] = one
    missing = [name for name in wanted if name not in found or found[name].done == 0]
    failed = [name for name in missing if name in found and found[name].failed]
    if failed:
        raise StrategyError(
            f"strategy {strategy.name} needs {', '.join(failed)}, of which every result failed; "
            f'see why: laserdb sql {path} "FROM scores WHERE score IS NULL LIMIT 9"'
        )
    if missing:
        raise StrategyError(
            f"strategy {strategy.name} needs scores that the pool doesn't have; "
            f"run: laserdb score {path} {' '.join(missing)}"
        )
    needs = Needs()
    for name in wanted:
        one = found[name]
        if one.missing or one.failed:
            needs.warnings.append(
                f"{name}: {one.missing} of {one.total} missing, {one.failed} failed; "
                "samples without this score can't be chosen"
            )
        needs.runs.append(pool.current_run(session, name, one.model))
        if name == "embedding":
            needs.embedder = one.model
    return needs


def wanted_scorers(session: Session, strategy: Strategy) -> list[str]:
    """The scorers behind a header's `needs`; `quality` is whatever the categories at hand are routed to."""
    wanted: list[str] = []
    for need in strategy.header.needs:
        wanted += pool.routed_scorers(session) if need == "quality" else [need]
    return list(dict.fromkeys(wanted))


def plan(session: Session, condition: str, params: Mapping[str, Any], m: int) -> list[Planned]:
    """What each category has and would give, without running the strategy."""
    have = pool.supply(session, condition)
    weights: Mapping[str, float] | None = params.get("quotas")
    if weights is None:
        # Without quotas only the total is known; categories are shown as they are.
        total = min(m, sum(candidates for _, candidates in have.values()))
        everything = sum(samples for samples, _ in have.values())
        return [Planned("(all)", everything, sum(c for _, c in have.values()), m, total)]
    names = list(weights)
    supplies = [have.get(name, (0, 0))[1] for name in names]
    quotas = largest_remainder(m, list(weights.values()))
    planned = apportion(m, list(weights.values()), supplies, bool(params.get("redistribute", True)))
    return [
        Planned(name, have.get(name, (0, 0))[0], candidates, quota, given)
        for name, candidates, quota, given in zip(names, supplies, quotas, planned, strict=True)
    ]


def in_order(counts: Mapping[str, int]) -> dict[str, int]:
    """Counts by category in the order of the paper, others behind."""
    known = [name for name in CATEGORIES if name in counts]
    return {name: counts[name] for name in [*known, *sorted(set(counts) - set(known))]}
