"""Scoring: find what has no result, batch it, run the scorer, append, repeat (DESIGN §1)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from laserdb.engine.catalog import make_scorer
from laserdb.engine.interrupt import Interrupt
from laserdb.engine.loop import Calls, ListFeed, LocalCalls, files_of, pump
from laserdb.engine.ray_actors import Actors, RayOptions
from laserdb.engine.run import Scope, ScoringRun, Vectors, patience
from laserdb.engine.tally import Report, Tally
from laserdb.engine.workers import Crew
from laserdb.errors import UsageError
from laserdb.progress import Progress
from laserdb.scorers.base import Scorer, ScorerOptions
from laserdb.warehouse import Warehouse, pending
from laserdb.warehouse.connection import MEMORY
from laserdb.warehouse.pending import Rows
from laserdb.warehouse.views import EMBEDDING

# Enough texts to tell characters per token from.
TOKEN_SAMPLE = 1_000


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    """Which texts a call is about, who scores them, and when it gives up.

    None for `limit` means: everything that is pending; for `ray`: in processes of this machine, `workers`
    many. `max_failures` equal failures in a row end the
    run; 0 never does.
    """

    limit: int | None = None
    where: str | None = None
    all_categories: bool = False
    force: bool = False
    retry_failed: bool = False
    max_failures: int = 100
    workers: int = 1
    ray: RayOptions | None = None

    @property
    def scope(self) -> Scope:
        """The part that says which texts."""
        return Scope(self.where, self.limit, self.all_categories)


@dataclass(slots=True)
class ScorerSummary:
    """What one scorer did in this call: texts scored, failures by kind, what is still pending."""

    scorer: str
    run_id: int
    model: str
    scored: int = 0
    failed: int = 0
    postponed: int = 0
    """Texts that got no answer for reasons not theirs; they are still pending."""
    pending: int = 0
    interrupted: bool = False
    seconds: float = 0.0
    chars: int = 0
    failures: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The summary as JSON-able values."""
        return {
            "scorer": self.scorer,
            "run_id": self.run_id,
            "model": self.model,
            "scored": self.scored,
            "failed": self.failed,
            "postponed": self.postponed,
            "pending": self.pending,
            "seconds": round(self.seconds, 3),
            "chars": self.chars,
            "failures": self.failures,
        }


class Scoring:
    """One call of `score`: its options, who listens, who may interrupt."""

    def __init__(
        self, warehouse: Warehouse, options: ScoreOptions, progress: Progress, interrupt: Interrupt
    ) -> None:
        self.warehouse = warehouse
        self.options = options
        self.progress = progress
        self.interrupt = interrupt

    def check(self) -> None:
        """See that the call makes sense before any work."""
        if self.options.workers > 1 and self.warehouse.path == MEMORY:
            raise UsageError("workers need a database in a file; one in memory can't be shared")
        if self.options.where is not None:
            with self.warehouse.read() as session:
                pending.check_where(session, self.options.where)

    def run(self, scorer: Scorer) -> ScorerSummary | None:
        """Score what a scorer lacks; None if the user stopped it before it began."""
        run = ScoringRun(self.warehouse, scorer, self.options.scope)
        run.find_categories()
        if scorer.embedder is not None:
            run.vectors = self.ensure_vectors(run)
        if self.interrupt.requested():
            return None
        run.open(force=self.options.force, retry_failed=self.options.retry_failed)
        with patience(self.warehouse):
            return self.finish(run)

    def ensure_vectors(self, run: ScoringRun) -> Vectors:
        """Embed the texts of a scorer that reads vectors; they are kept, so that a new head costs nothing."""
        embedder = make_scorer(EMBEDDING, ScorerOptions(model=run.scorer.embedder))
        vectors = ScoringRun(self.warehouse, embedder, run.scope, unit=run.unit)
        vectors.categories = run.categories
        vectors.open()
        with patience(self.warehouse):
            self.finish(vectors)
        return Vectors(vectors.table, vectors.run_id)

    def finish(self, run: ScoringRun) -> ScorerSummary:
        """Score whatever is pending, up to the limit; returns what happened.

        Raises ScoringError if the scorer itself fails (not: a single text), after closing the run.
        """
        started = time.monotonic()
        tally = Tally(run.scorer.name, self.options.max_failures)
        status = "failed"
        left = 0
        try:
            rows = run.plan()
            if len(rows):
                before = run.counts()
                self.work(run, rows, tally)
                # A killed worker's last counts may be of results that were never written.
                tally.scored, tally.failed = (n - b for n, b in zip(run.counts(), before, strict=True))
            left = run.pending()
            everywhere = left or (run.pending(everywhere=True) if self.options.where else 0)
            stopped = self.interrupt.requested()
            status = "interrupted" if stopped else "partial" if everywhere else "complete"
        except KeyboardInterrupt:
            status = "interrupted"
            raise
        finally:
            run.close(status)
            run.scorer.close()
        return ScorerSummary(
            scorer=run.scorer.name,
            run_id=run.run_id,
            model=run.spec.model,
            scored=tally.scored,
            failed=tally.failed,
            postponed=tally.postponed,
            pending=left,
            interrupted=self.interrupt.requested(),
            seconds=time.monotonic() - started,
            chars=tally.chars,
            failures=dict(tally.failures),
        )

    def work(self, run: ScoringRun, rows: Rows, tally: Tally) -> None:
        """Have these rows scored, wherever the options say."""
        report = Report(self.progress, tally, run.chars_per_token(rows[:TOKEN_SAMPLE]))
        with ExitStack() as stack:
            calls = self.callers(run, stack)
            report.start(run.title, len(rows))
            stack.callback(report.finish)
            files = stack.enter_context(files_of(run))
            if calls is None:
                Crew(run, self.options.workers, tally, report, self.interrupt).score(rows)
            else:
                pump(files, ListFeed(rows), calls, tally, self.interrupt, report.update)

    def callers(self, run: ScoringRun, stack: ExitStack) -> Calls | None:
        """Who calls the scorer, ready to do so; None where workers do everything."""
        if self.options.ray is not None:
            return stack.enter_context(Actors(run.scorer, self.options.ray, self.progress, self.interrupt))
        if self.options.workers > 1:
            return None
        run.scorer.load()
        return LocalCalls(run.scorer, self.interrupt)


def score(
    warehouse: Warehouse,
    scorers: Sequence[Scorer],
    options: ScoreOptions,
    progress: Progress,
    interrupt: Interrupt | None = None,
) -> list[ScorerSummary]:
    """Run scorers one after the other on what each lacks; stops early, cleanly, on an interrupt."""
    scoring = Scoring(warehouse, options, progress, interrupt or Interrupt())
    scoring.check()
    summaries: list[ScorerSummary] = []
    with scoring.interrupt:
        for scorer in scorers:
            summary = scoring.run(scorer)
            if summary is not None:
                summaries.append(summary)
            if scoring.interrupt.requested():
                break
    return summaries
