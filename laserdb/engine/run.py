"""One scorer over one unit of text: its run in the warehouse, what it lacks, fetching and appending."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa

from laserdb.engine.batching import Work, result_rows
from laserdb.engine.caller import Outcome, Postponed
from laserdb.errors import UsageError
from laserdb.scorers.base import Result, Scorer, Unit
from laserdb.warehouse import Warehouse, pending, results
from laserdb.warehouse.pending import Rows, Texts
from laserdb.warehouse.results import RunSpec
from laserdb.warehouse.views import EMBEDDING, ResultTable, embedding_table

# A batch that took minutes isn't lost because somebody's query takes a while.
PATIENCE_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Scope:
    """Which texts a call is about; the default is all that the scorer wants and lacks."""

    where: str | None = None
    limit: int | None = None
    all_categories: bool = False


@dataclass(frozen=True, slots=True)
class Vectors:
    """Where the vectors are that a scorer reads."""

    table: ResultTable
    run_id: int


class ScoringRun:
    """A scorer's run in the warehouse."""

    def __init__(
        self,
        warehouse: Warehouse,
        scorer: Scorer,
        scope: Scope | None = None,
        *,
        unit: Unit | None = None,
        run_id: int = 0,
    ) -> None:
        self.warehouse = warehouse
        self.scorer = scorer
        self.scope = scope or Scope()
        self.unit = unit or scorer.unit
        self.run_id = run_id
        self.table = result_table(scorer)
        self.vectors: Vectors | None = None
        self.categories: tuple[str, ...] | None = None
        self.spec = run_spec(scorer)

    @property
    def title(self) -> str:
        """What progress calls it; an embedder may go over another unit than its own, for a head."""
        own = self.unit == self.scorer.unit
        return self.scorer.name if own else f"{self.scorer.name} of each {self.unit}"

    def open(self, *, force: bool = False, retry_failed: bool = False) -> None:
        """Make the table and the run, and count nothing yet."""
        with self.warehouse.write() as session:
            results.ensure_table(session, self.table)
            self.run_id = results.open_run(session, self.spec, force=force)
            if retry_failed:
                results.drop_failures(session, self.table, self.run_id)
            results.recount(session, self.table, self.run_id)

    def find_categories(self) -> None:
        """Settle which categories it wants. Raises UsageError if nothing is labelled yet."""
        if self.scope.all_categories or not (self.scorer.routed or self.scorer.categories is not None):
            return
        with self.warehouse.read() as session:
            if not pending.labelled(session):
                raise UsageError(
                    f"scorer {self.scorer.name} judges certain categories, and no text is labelled yet; "
                    f"run: laserdb score {self.warehouse.path} category (or give --all-categories)"
                )
            routed = pending.routed(session, self.scorer.name)
        wanted = self.scorer.categories
        self.categories = routed if wanted is None else wanted
        if self.scorer.routed and wanted is not None:
            self.categories = tuple(name for name in wanted if name in routed)

    def texts(self, *, everywhere: bool = False) -> Texts:
        """Which texts this run goes over; `everywhere` leaves out the condition of this call."""
        vectors = self.vectors
        return Texts(
            unit=str(self.unit),
            wants_unanswered=self.scorer.wants_unanswered,
            vectors=vectors.table if vectors else None,
            vector_run=vectors.run_id if vectors else None,
            categories=self.categories,
            with_category=self.scorer.routed or self.scorer.categories is not None,
            where=None if everywhere else self.scope.where,
        )

    def plan(self) -> Rows:
        """A row of each text to score in this call."""
        with self.warehouse.read() as session:
            return pending.rows(session, self.texts(), self.table, self.run_id, self.scope.limit)

    def pending(self, *, everywhere: bool = False) -> int:
        """How many texts have no result yet, whatever the limit; for a head, those without vectors too."""
        texts = self.texts(everywhere=everywhere)
        with self.warehouse.read() as session:
            return pending.count(session, without_vectors(texts), self.table, self.run_id)

    def chars_per_token(self, rows: Rows) -> float | None:
        """Characters per token of these texts, if the scorer `tokens` has counted them."""
        with self.warehouse.read() as session:
            size = pending.size(session, self.texts(), rows)
        return size.chars / size.tokens if size.tokens else None

    def fetch(self, rows: Rows) -> pa.Table:
        """The texts of these rows, without those that have a result by now."""
        with self.warehouse.read() as session:
            return pending.fetch(session, self.texts(), self.table, self.run_id, rows)

    def append(self, done: Sequence[tuple[Work, Sequence[Outcome]]]) -> None:
        """Write results, each under its text's key; what was postponed isn't one."""
        keys, found = final(
            pa.concat_arrays([work.keys for work, _ in done]), [o for _, f in done for o in f]
        )
        rows = result_rows(keys, found, self.table.columns)
        with self.warehouse.write() as session:
            results.append(session, self.table, self.run_id, rows)

    def counts(self) -> tuple[int, int]:
        """How many results and failures the run has."""
        with self.warehouse.read() as session:
            return results.counts(session, self.run_id)

    def beat(self) -> None:
        """Tell that somebody is at work."""
        with self.warehouse.write() as session:
            results.beat(session, self.run_id)

    def close(self, status: str) -> None:
        """Record how it ended."""
        with self.warehouse.write() as session:
            results.close_run(session, self.run_id, status)


def final(keys: pa.Array, found: Sequence[Outcome]) -> tuple[pa.Array, list[Result]]:
    """The results among outcomes, with their keys."""
    kept = [one for one in found if not isinstance(one, Postponed)]
    if len(kept) < len(found):
        keys = keys.filter(pa.array([not isinstance(one, Postponed) for one in found]))
    return keys, kept


def without_vectors(texts: Texts) -> Texts:
    """The same texts, whether their vectors are there or not."""
    return Texts(texts.unit, texts.wants_unanswered, categories=texts.categories, where=texts.where)


def result_table(scorer: Scorer) -> ResultTable:
    """The table that keeps a scorer's results."""
    name = embedding_table(scorer.identity.model) if scorer.name == EMBEDDING else scorer.name
    return ResultTable(scorer.name, name, str(scorer.unit), dict(scorer.columns))


def run_spec(scorer: Scorer) -> RunSpec:
    """A scorer's identity as the table `runs` records it."""
    identity = scorer.identity
    return RunSpec(
        scorer=identity.scorer,
        model=identity.model,
        revision=identity.revision,
        params=identity.params,
        prompt_hash=identity.prompt_hash,
        code_version=identity.code_version,
        fingerprint=identity.fingerprint,
    )


@contextmanager
def patience(warehouse: Warehouse) -> Iterator[None]:
    """Wait longer than usual for others to let go of the file, for the time of the block."""
    usual = warehouse.lock_timeout
    warehouse.lock_timeout = max(usual, PATIENCE_SECONDS)
    try:
        yield
    finally:
        warehouse.lock_timeout = usual
