"""The Python API: a warehouse with the four verbs ingest, score, select, export (DESIGN §1)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Unpack

from laserdb.engine import again, marking
from laserdb.engine import compare as comparing
from laserdb.engine import explain as explaining
from laserdb.engine import score as scoring
from laserdb.engine import select as selecting
from laserdb.engine import sweep as sweeping
from laserdb.engine.arguments import ScoreArguments, parted, scorer_names
from laserdb.engine.budgets import parse_budgets
from laserdb.engine.catalog import make_scorers
from laserdb.engine.estimate import Estimate, estimate
from laserdb.engine.presets import PRESETS
from laserdb.progress import Progress, Silent
from laserdb.warehouse import Warehouse, results
from laserdb.warehouse.export import ExportOptions, Written, export
from laserdb.warehouse.ingest import IngestOptions, IngestSummary, ingest
from laserdb.warehouse.session import query_errors
from laserdb.warehouse.status import status

if TYPE_CHECKING:
    import duckdb


def connect(
    path: str | Path = ":memory:", *, create: bool = True, lock_timeout: float | None = None
) -> Database:
    """Open a laserdb file, creating it if need be; `:memory:` lives as long as the object.

    `lock_timeout` is how many seconds to wait while another process writes to the file.
    """
    return Database(Warehouse(path, create=create, lock_timeout=lock_timeout))


class Database:
    """One laserdb file. The file is opened for each call and closed again, so that others can use it.

    Only a relation from `sql` keeps it open, until `close`; use it as a context manager.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self.warehouse.close()

    def ingest(
        self,
        *files: str | Path | Sequence[str | Path],
        source: str | None = None,
        mapping: Mapping[str, str] | None = None,
        progress: Progress | None = None,
    ) -> IngestSummary:
        """Read files into `samples` and `turns`; every row becomes a sample, a duplicate or a reject.

        `mapping` names the columns of an unusual shape: {"instruction": "question", "output": "answer"}.
        """
        names: list[str] = []
        for given in files:
            names += [str(given)] if isinstance(given, str | Path) else map(str, given)
        options = IngestOptions(source=source, mapping=mapping)
        return ingest(self.warehouse, names, options, progress or Silent())

    def score(
        self,
        scorers: Sequence[str] = (),
        *,
        preset: str | None = None,
        progress: Progress | None = None,
        **arguments: Unpack[ScoreArguments],
    ) -> list[scoring.ScorerSummary]:
        """Run scorers on what they have no result for yet; running it again costs nothing.

        A scorer is a name of `laserdb scorers` or a `module:Class`. How they are made: `model`, `backend`,
        `batch_size`, `params`, `trust_remote_code`, and `fast`, the faster, coarser variant of scorers that
        have one. Which texts: `limit`, so many per scorer; `where`, a condition over `samples` and
        `sample_scores`; `all_categories`, also those that a scorer isn't meant for; `force`, a new run;
        `retry_failed`. Who runs them: `workers` processes, or a Ray cluster, `ray`. `max_failures` equal
        failures in a row end the run (100; 0: none do). Raises UsageError for unknown names, MissingExtra
        before any work if a dependency is absent, and ScoringError if a run had to stop.
        """
        of_scorers, options = parted(arguments)
        made = make_scorers(scorer_names(scorers, preset), of_scorers)
        listener = progress or Silent()
        if preset is not None:
            self._route(preset, listener)
        return scoring.score(self.warehouse, made, options, listener)

    def estimate(
        self,
        scorers: Sequence[str] = (),
        *,
        preset: str | None = None,
        progress: Progress | None = None,
        **arguments: Unpack[ScoreArguments],
    ) -> list[Estimate]:
        """What `score` with the same arguments would do, and how long it might take; stores nothing."""
        of_scorers, options = parted(arguments)
        made = make_scorers(scorer_names(scorers, preset), of_scorers)
        return estimate(self.warehouse, made, options.scope, progress or Silent(), force=options.force)

    def _route(self, preset: str, progress: Progress) -> None:
        known = [one.routes for one in PRESETS.values()]
        with self.warehouse.write() as session:
            if not results.set_routes(session, PRESETS[preset].routes, known):
                progress.note(f"the table routes was edited by hand; preset {preset} leaves it as it is")

    def select(
        self,
        strategy: str,
        m: int | str | Sequence[int],
        *,
        name: str | None = None,
        seed: int = 0,
        where: str | None = None,
        replace: bool = False,
        dry_run: bool = False,
        keep_marked: bool = False,
        params: Mapping[str, Any] | None = None,
        progress: Progress | None = None,
    ) -> selecting.SelectSummary:
        """Choose by a built-in strategy or a `.sql` file, and record the samples with their reasons.

        `m` is a number of samples, several (nested: each contains the smaller ones), or a text such as
        "5M-tokens". `params` are the strategy's own: `db.select("laser", m=1000, params={"gamma": 90})`.
        Samples that `dedup` or `decontaminate` marked are left out unless `keep_marked`.
        """
        options = selecting.SelectOptions(
            strategy=strategy,
            budgets=parse_budgets(m),
            name=name,
            seed=seed,
            params=as_texts(params),
            where=where,
            replace=replace,
            dry_run=dry_run,
            keep_marked=keep_marked,
        )
        return selecting.select(self.warehouse, options, progress)

    def reproduce(self, name: str, *, progress: Progress | None = None) -> again.Reproduced:
        """Run a recorded selection again, and say whether it gives the same samples in the same order."""
        return again.reproduce(self.warehouse, name, progress)

    def extend(
        self,
        base: str,
        *,
        m: int | None = None,
        name: str | None = None,
        strategy: str | None = None,
        replace: bool = False,
        progress: Progress | None = None,
    ) -> selecting.SelectSummary:
        """Top up a selection after new data: keep what still fits, add what is missing; a new selection.

        `strategy` is the path of a strategy that isn't built in.
        """
        return again.extend(
            self.warehouse, base, m=m, name=name, strategy=strategy, replace=replace, progress=progress
        )

    def sweep(
        self,
        strategy: str,
        m: int,
        grid: Mapping[str, Sequence[Any]],
        *,
        seed: int = 0,
        where: str | None = None,
        params: Mapping[str, Any] | None = None,
        progress: Progress | None = None,
    ) -> list[dict[str, Any]]:
        """What a strategy would choose for every combination of parameter values; records nothing."""
        texts = {key: [as_text(value) for value in values] for key, values in grid.items()}
        return sweeping.sweep(
            self.warehouse, strategy, m, texts, as_texts(params), seed=seed, where=where, progress=progress
        )

    def compare(self, one: str, other: str, *, progress: Progress | None = None) -> dict[str, Any]:
        """Two selections side by side: overlap, drift of categories, sources and scores, diversity."""
        return comparing.compare(self.warehouse, one, other, progress)

    def explain(self, name: str, data_id: str, *, source: str | None = None) -> dict[str, Any]:
        """Why a sample is in a selection, or what kept it out."""
        return explaining.explain(self.warehouse, name, data_id, source)

    def dedup(
        self,
        *,
        threshold: float | None = None,
        by: str = "text",
        embedder: str | None = None,
        clear: bool = False,
        progress: Progress | None = None,
    ) -> marking.Marked:
        """Mark samples that nearly repeat an earlier one; `select` leaves them out.

        `by` text (MinHash, threshold 0.8) or embedding (cosine, 0.95; `embedder` names one of several).
        """
        return marking.dedup(
            self.warehouse, threshold, by=by, embedder=embedder, clear=clear, progress=progress
        )

    def decontaminate(
        self,
        against: Sequence[str | Path],
        *,
        threshold: float = 0.8,
        clear: bool = False,
        progress: Progress | None = None,
    ) -> marking.Marked:
        """Mark samples that share a 13-gram with, or are nearly, a text of these evaluation files."""
        files = [str(one) for one in against]
        return marking.decontaminate(self.warehouse, files, threshold, clear=clear, progress=progress)

    def export(
        self,
        what: str,
        out: str | Path,
        *,
        format: str = "messages",
        columns: Sequence[str] | None = None,
        split: Mapping[str, float] | None = None,
        seed: int = 0,
    ) -> list[Written]:
        """Write a selection (or a query returning sample_id) for TRL, `datasets` and their like.

        The suffix of `out` decides: .parquet, .jsonl[.gz|.zst], or a folder of Parquet shards.
        """
        options = ExportOptions(what, str(out), format, columns, split or {}, seed)
        with self.warehouse.read() as session:
            return export(session, options)

    def sql(self, query: str, params: Sequence[Any] | None = None) -> duckdb.DuckDBPyRelation:
        """A DuckDB relation of a query; keeps the file open until `close`."""
        session = self.warehouse.hold()
        with query_errors():
            return session.con.sql(query, params=params)

    def status(self) -> dict[str, Any]:
        """What the file holds: sources, categories, coverage by scorer, runs, selections."""
        with self.warehouse.read() as session:
            return status(session)


def as_text(value: Any) -> str:
    """A parameter as `--set` would give it."""
    return value if isinstance(value, str) else json.dumps(value)


def as_texts(params: Mapping[str, Any] | None) -> dict[str, str]:
    """Parameters as `--set` would give them."""
    return {key: as_text(value) for key, value in (params or {}).items()}
