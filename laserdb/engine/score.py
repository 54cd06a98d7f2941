"""The scoring loop: find what has no result, batch it, run the scorer, append, repeat (DESIGN §1)."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from laserdb import plugins
from laserdb.engine.batching import batches, result_rows
from laserdb.engine.interrupt import Interrupt
from laserdb.errors import LaserdbError, ScoringError
from laserdb.progress import Progress
from laserdb.scorers.base import Batch, Failed, Result, Scorer, ScorerOptions, Unit
from laserdb.warehouse import Warehouse, results
from laserdb.warehouse.results import RunSpec, Texts
from laserdb.warehouse.views import EMBEDDING, ResultTable, embedding_table

# Texts fetched at a time: enough for batches of similar length, little enough for memory.
WINDOW = 8_192
# Results wait at most this long for their append, so that a kill costs little.
FLUSH_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    """How far a scoring call goes; None for `limit` means: everything that is pending."""

    limit: int | None = None
    force: bool = False
    retry_failed: bool = False


@dataclass(slots=True)
class ScorerSummary:
    """What one scorer did in this call: texts scored, failures by kind, what is still pending."""

    scorer: str
    run_id: int
    model: str
    scored: int = 0
    failed: int = 0
    pending: int = 0
    interrupted: bool = False
    seconds: float = 0.0
    failures: Counter[str] = field(default_factory=Counter)

    def as_dict(self) -> dict[str, Any]:
        """The summary as JSON-able values."""
        return {
            "scorer": self.scorer,
            "run_id": self.run_id,
            "model": self.model,
            "scored": self.scored,
            "failed": self.failed,
            "pending": self.pending,
            "seconds": round(self.seconds, 3),
            "failures": dict(self.failures),
        }


def make_scorer(name: str, options: ScorerOptions | None = None) -> Scorer:
    """The scorer of that name, not loaded yet. Raises UsageError for an unknown name."""
    cls = plugins.load(plugins.SCORERS, name, "scorer")
    if not (isinstance(cls, type) and issubclass(cls, Scorer)):
        raise ScoringError(
            f"the entry point of scorer {name!r} isn't a subclass of laserdb.scorers.base.Scorer"
        )
    return cls(options)


class ScoringRun:
    """One scorer over one unit of text: its run in the warehouse, its loop."""

    def __init__(
        self, warehouse: Warehouse, scorer: Scorer, options: ScoreOptions, *, unit: Unit | None = None
    ) -> None:
        self.warehouse = warehouse
        self.scorer = scorer
        self.options = options
        self.unit = unit or scorer.unit
        self.table = result_table(scorer)
        self.vectors: ScoringRun | None = None
        identity = scorer.identity
        self.spec = RunSpec(
            scorer=identity.scorer,
            model=identity.model,
            revision=identity.revision,
            params=identity.params,
            prompt_hash=identity.prompt_hash,
            code_version=identity.code_version,
            fingerprint=identity.fingerprint,
        )
        self.run_id = 0

    @property
    def title(self) -> str:
        """What progress calls it; an embedder may go over another unit than its own, for a head."""
        own = self.unit == self.scorer.unit
        return self.scorer.name if own else f"{self.scorer.name} of each {self.unit}"

    def open(self) -> None:
        """Make the table and the run, and count nothing yet."""
        with self.warehouse.write() as session:
            results.ensure_table(session, self.table)
            self.run_id = results.open_run(session, self.spec, force=self.options.force)
            if self.options.retry_failed:
                results.drop_failures(session, self.table, self.run_id)

    def texts(self) -> Texts:
        """Which texts this run goes over."""
        vectors = self.vectors
        return Texts(
            unit=str(self.unit),
            wants_unanswered=self.scorer.wants_unanswered,
            vectors=vectors.table if vectors else None,
            vector_run=vectors.run_id if vectors else None,
        )

    def pending(self) -> int:
        """How many texts have no result yet."""
        with self.warehouse.read() as session:
            return results.count_pending(session, self.table, self.texts(), self.run_id)

    def fetch(self, limit: int) -> pa.Table:
        """The next texts to score."""
        with self.warehouse.read() as session:
            return results.fetch_pending(session, self.table, self.texts(), self.run_id, limit)

    def append(self, keys: Sequence[str], found: Sequence[Result]) -> None:
        """Write results, each under its text's key."""
        rows = result_rows(keys, found, self.table.columns)
        with self.warehouse.write() as session:
            results.append(session, self.table, self.run_id, rows)

    def close(self, status: str) -> None:
        """Record how it ended."""
        with self.warehouse.write() as session:
            results.close_run(session, self.run_id, status)


def result_table(scorer: Scorer) -> ResultTable:
    """The table that keeps a scorer's results."""
    name = embedding_table(scorer.identity.model) if scorer.name == EMBEDDING else scorer.name
    return ResultTable(scorer.name, name, str(scorer.unit), dict(scorer.columns))


def run_loop(run: ScoringRun, progress: Progress, interrupt: Interrupt) -> ScorerSummary:
    """Score whatever is pending, up to the limit; returns what happened.

    Raises ScoringError if the scorer itself fails (not: a single text), after closing the run.
    """
    started = time.monotonic()
    summary = ScorerSummary(run.scorer.name, run.run_id, run.spec.model)
    pending = run.pending()
    todo = pending if run.options.limit is None else min(pending, run.options.limit)
    status = "failed"
    try:
        if todo:
            run.scorer.load()
            progress.start(run.title, todo, "texts")
            try:
                score_all(run, todo, summary, progress, interrupt)
            finally:
                progress.finish()
        summary.pending = run.pending() if todo else pending
        summary.interrupted = interrupt.requested()
        status = "interrupted" if interrupt.requested() else "partial" if summary.pending else "complete"
    finally:
        run.close(status)
        run.scorer.close()
    summary.seconds = time.monotonic() - started
    return summary


def score_all(
    run: ScoringRun, todo: int, summary: ScorerSummary, progress: Progress, interrupt: Interrupt
) -> None:
    """Window after window of pending texts, until `todo` are done or the user interrupts."""
    done = 0
    while done < todo and not interrupt.requested():
        window = run.fetch(min(WINDOW, todo - done))
        if window.num_rows == 0:
            return
        waiting_keys: list[str] = []
        waiting: list[Result] = []
        last = time.monotonic()
        for batch_keys, batch in batches(window, run.scorer.options.batch_size or run.scorer.batch_size):
            found = score_batch(run.scorer, batch)
            waiting_keys += batch_keys
            waiting += found
            count(found, summary)
            progress.advance(len(batch))
            if interrupt.requested() or time.monotonic() - last >= FLUSH_SECONDS:
                run.append(waiting_keys, waiting)
                waiting_keys, waiting, last = [], [], time.monotonic()
            if interrupt.requested():
                return
        if waiting:
            run.append(waiting_keys, waiting)
        done += window.num_rows


def score_batch(scorer: Scorer, batch: Batch) -> list[Result]:
    """Call the scorer, holding it to one result per text."""
    try:
        found = list(scorer.score(batch))
    except (LaserdbError, KeyboardInterrupt):
        raise
    except Exception as error:
        raise ScoringError(f"scorer {scorer.name} failed: {type(error).__name__}: {error}") from error
    if len(found) != len(batch):
        raise ScoringError(f"scorer {scorer.name} gave {len(found)} results for {len(batch)} texts")
    return found


def count(found: Sequence[Result], summary: ScorerSummary) -> None:
    """Add a batch's results to the summary."""
    for one in found:
        if isinstance(one, Failed):
            summary.failed += 1
            summary.failures[one.kind] += 1
        else:
            summary.scored += 1


def score(
    warehouse: Warehouse,
    scorers: Sequence[Scorer],
    options: ScoreOptions,
    progress: Progress,
    interrupt: Interrupt | None = None,
) -> list[ScorerSummary]:
    """Run scorers one after the other on what each lacks; stops early, cleanly, on an interrupt."""
    interrupt = interrupt or Interrupt()
    runs = [ScoringRun(warehouse, scorer, options) for scorer in scorers]
    summaries: list[ScorerSummary] = []
    with interrupt:
        for run in runs:
            if run.scorer.embedder is not None:
                run.vectors = ensure_vectors(warehouse, run, options, progress, interrupt)
            if interrupt.requested():
                break
            run.open()
            summaries.append(run_loop(run, progress, interrupt))
            if interrupt.requested():
                break
    return summaries


def ensure_vectors(
    warehouse: Warehouse, run: ScoringRun, options: ScoreOptions, progress: Progress, interrupt: Interrupt
) -> ScoringRun:
    """Embed the texts of a scorer that reads vectors; they are kept, so that a new head costs nothing."""
    embedder = make_scorer(EMBEDDING, ScorerOptions(model=run.scorer.embedder))
    vectors = ScoringRun(warehouse, embedder, ScoreOptions(limit=options.limit), unit=run.unit)
    vectors.open()
    run_loop(vectors, progress, interrupt)
    return vectors
