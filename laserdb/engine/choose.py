"""Choosing without recording: one strategy, one budget, one seed, over a pool that may be restricted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from laserdb.engine import caps, supply
from laserdb.engine.caps import Caps
from laserdb.engine.steps import Steps
from laserdb.errors import StrategyError
from laserdb.progress import Progress
from laserdb.sql.header import resolve_params
from laserdb.sql.render import Strategy, load_strategy, render
from laserdb.warehouse import Session, candidates, selections
from laserdb.warehouse.candidates import Restriction

TRIES = 4


@dataclass(frozen=True, slots=True)
class Budget:
    """How much to choose: samples, or tokens of instructions and responses."""

    samples: int = 0
    tokens: int | None = None

    def __str__(self) -> str:
        return str(self.samples) if self.tokens is None else f"{self.tokens}-tokens"


@dataclass(slots=True)
class Choice:
    """What a strategy chose, and what it takes to do it again."""

    chosen: pa.Table
    sql: str
    m: int
    params: dict[str, Any]
    runs: list[int] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Chooser:
    """A strategy with its parameters over one session."""

    session: Session
    strategy: Strategy
    params: Mapping[str, Any]
    seed: int
    path: str
    progress: Progress

    @classmethod
    def make(
        cls, session: Session, name: str, given: Mapping[str, str], seed: int, path: str, progress: Progress
    ) -> Chooser:
        """Load the strategy and check its parameters."""
        strategy = load_strategy(name)
        params = resolve_params(strategy.header, given, strategy.name)
        Caps.parse(params.get("source_caps"))
        return cls(session, strategy, params, seed, path, progress)

    def sql(self, m: int) -> str:
        """The strategy's SQL for a budget."""
        return render(self.strategy, self.params, m=m, seed=self.seed)

    def needs(self) -> supply.Needs:
        """What it draws on, checked."""
        return supply.check_needs(self.session, self.strategy, self.params, self.path)

    def choose(self, budget: Budget, restriction: Restriction) -> Choice:
        """Choose; fewer candidates than the budget are no error."""
        needs = self.needs()
        m = budget.samples
        sql = self.sql(max(m, 1))
        query = f"{sql} tokens" if budget.tokens is not None else sql
        pool = candidates.make_pool(
            self.session, restriction, needs.embedder, query, self.params.get("percentiles")
        )
        if budget.tokens is None:
            chosen = self._run(sql, m, needs.embedder)
        else:
            m, sql, chosen = self._until(budget.tokens, needs.embedder)
        return Choice(
            chosen,
            f"{pool};\n\n{sql}",
            m,
            dict(self.params) | restriction.as_params() | tokens_param(budget),
            needs.runs,
            needs.warnings,
        )

    def samples_for(self, tokens: int) -> tuple[int, int]:
        """Samples in `pool`, and how many of mean length the tokens are. Raises StrategyError."""
        size, mean = candidates.pool_tokens(self.session)
        if not mean:
            raise StrategyError(
                f"a budget of tokens needs their counts; run: laserdb score {self.path} tokens"
            )
        return size, min(size, max(1, round(tokens / mean)))

    def _run(self, sql: str, m: int, embedder: str | None) -> pa.Table:
        functions = Steps(self.session, embedder or "", self.params, self.progress).functions()
        percentiles = self.params.get("percentiles")
        return caps.within(
            self.session,
            Caps.parse(self.params.get("source_caps")),
            m,
            lambda: selections.run_strategy(
                self.session, sql, functions, m, self.strategy.where, percentiles
            ),
        )

    def _until(self, tokens: int, embedder: str | None) -> tuple[int, str, pa.Table]:
        """Choose until the tokens are enough, and cut, in the strategy's order, where they are reached."""
        size, m = self.samples_for(tokens)
        for _ in range(TRIES):
            sql = self.sql(m)
            chosen = self._run(sql, m, embedder)
            within, total = selections.within_tokens(self.session, chosen, tokens)
            if total > tokens or m == size or chosen.num_rows < m:
                break
            m = min(size, round(m * min(2.0, 1.05 * tokens / max(total, 1))) + 1)
        return m, sql, chosen.slice(0, within)


def tokens_param(budget: Budget) -> dict[str, Any]:
    """What a budget of tokens adds to the record."""
    return {} if budget.tokens is None else {"tokens": budget.tokens}
