"""What scoring would come to: rows, texts and tokens by counting, seconds by scoring a few texts unstored."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from laserdb.engine.batching import CHARS_PER_TOKEN, Work, batches
from laserdb.engine.caller import Caller, Retry
from laserdb.engine.catalog import make_scorer
from laserdb.engine.ray_actors import patient_sleep
from laserdb.engine.run import Scope, ScoringRun
from laserdb.errors import ScoringError, UsageError
from laserdb.progress import Progress
from laserdb.scorers.base import Batch, Failed, Scored, Scorer, ScorerOptions
from laserdb.warehouse import Warehouse, pending, results
from laserdb.warehouse.pending import Rows
from laserdb.warehouse.views import EMBEDDING, result_tables

# Calibration ends after so long, or so many texts.
SECONDS = 5.0
TEXTS = 256


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one scorer would do; `seconds` is for one process, its model's loading included."""

    scorer: str
    model: str
    rows: int
    """Rows of the pool (turns, samples) that have one of these texts."""
    texts: int
    tokens: int
    tokens_from: str
    """`tokens`: counted by that scorer; `characters`: guessed at four characters a token."""
    seconds: float
    calibrated_on: int
    """Texts that were scored for the estimate; 0 if there is nothing to do."""

    def as_dict(self) -> dict[str, Any]:
        """The estimate as JSON-able values."""
        return asdict(self)


def estimate(
    warehouse: Warehouse, scorers: Sequence[Scorer], scope: Scope, progress: Progress, *, force: bool = False
) -> list[Estimate]:
    """An estimate per scorer, and one for the vectors that a scorer reads and the pool lacks."""
    if scope.where is not None:
        with warehouse.read() as session:
            pending.check_where(session, scope.where)
    found: list[Estimate] = []
    embedded: set[tuple[str, str]] = set()
    for scorer in scorers:
        run = ScoringRun(warehouse, scorer, scope)
        try:
            run.find_categories()
        except UsageError:
            progress.note(f"{run.title}: no text is labelled yet, so those of all categories are counted")
        embedder = None
        if scorer.embedder is not None:
            embedder = make_scorer(EMBEDDING, ScorerOptions(model=scorer.embedder))
            vectors = ScoringRun(warehouse, embedder, scope, unit=run.unit)
            vectors.categories = run.categories
            key = (vectors.spec.fingerprint, str(vectors.unit))
            if key not in embedded:
                embedded.add(key)
                found.append(estimate_run(vectors, None, progress, force=False))
        found.append(estimate_run(run, embedder, progress, force=force))
    return found


def estimate_run(run: ScoringRun, embedder: Scorer | None, progress: Progress, *, force: bool) -> Estimate:
    """Count what a run lacks, and time a few texts of it."""
    texts = run.texts()
    with run.warehouse.read() as session:
        known = any(table.name == run.table.name for table in result_tables(session))
        table = run.table if known and not force else None
        run_id = results.find_run(session, run.spec.fingerprint)
        rows = pending.rows(session, texts, table, run_id, run.scope.limit)
        size = pending.size(session, texts, rows)
        sample = pending.fetch(session, texts, None, 0, spread(rows)) if len(rows) else None
    seconds, scored = 0.0, 0
    if sample is not None:
        progress.note(f"{run.title}: scoring up to {len(sample)} texts to see how long they take")
        (work,) = batches(sample, len(sample))
        seconds, scored = calibrate(run.scorer, embedder, work, size.chars)
    return Estimate(
        scorer=run.title,
        model=run.spec.model,
        rows=size.rows,
        texts=size.texts,
        tokens=round(size.chars / CHARS_PER_TOKEN) if size.tokens is None else size.tokens,
        tokens_from="characters" if size.tokens is None else "tokens",
        seconds=round(seconds, 2),
        calibrated_on=scored,
    )


def spread(rows: Rows) -> Rows:
    """Rows from all over the pool."""
    picked: Rows = rows[np.unique(np.linspace(0, len(rows) - 1, min(TEXTS, len(rows))).astype(np.int64))]
    return picked


def calibrate(scorer: Scorer, embedder: Scorer | None, work: Work, chars: int) -> tuple[float, int]:
    """Seconds for so many characters, and how many texts tell so.

    Batches grow, and the last one counts: the first ones warm the model up.
    """
    begun = time.monotonic()
    scorer.load()
    loading = time.monotonic() - begun
    caller = Caller(scorer, patient_sleep, Retry(times=1))
    rate, scored = 0.0, 0
    begun = time.monotonic()
    try:
        for batch in growing(work.batch, scorer.options.batch_size or scorer.batch_size):
            batch = with_vectors(batch, embedder)
            started = time.monotonic()
            answers = caller.score(batch)
            if not any(isinstance(one, Scored | Failed) for one in answers):
                raise ScoringError(f"scorer {scorer.name} can't be timed, it gives no answer: {answers[0]}")
            read = sum(len(turn.instruction) + len(turn.response or "") for turn in batch.turns)
            rate = (time.monotonic() - started) / max(1, read)
            scored += len(batch)
            if time.monotonic() - begun > SECONDS:
                break
    finally:
        scorer.close()
        if embedder is not None:
            embedder.close()
    return loading + rate * chars, scored


def growing(batch: Batch, largest: int) -> Iterator[Batch]:
    """Ever larger batches, each with short and long texts in the mixture of the whole."""
    shuffled = np.random.default_rng(0).permutation(len(batch))
    at, size = 0, 2
    while at < len(shuffled):
        turns = [batch.turns[i] for i in sorted(shuffled[at : at + size])]
        yield Batch(turns)
        at += len(turns)
        size = min(2 * size, largest)


def with_vectors(batch: Batch, embedder: Scorer | None) -> Batch:
    """The batch with its vectors, made on the spot and not kept."""
    if embedder is None:
        return batch
    vectors = [one.values["vector"] for one in embedder.score(batch) if isinstance(one, Scored)]
    return Batch(batch.turns, np.asarray(vectors, dtype=np.float32))
