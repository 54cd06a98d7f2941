"""The scoring loop: windows of texts, batches, results, appends; the file's work in a thread beside it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Protocol

import pyarrow as pa

from laserdb.engine.batching import Work, batches
from laserdb.engine.caller import Caller, Outcome
from laserdb.engine.interrupt import Interrupt
from laserdb.engine.run import ScoringRun
from laserdb.engine.tally import Tally
from laserdb.scorers.base import Scorer
from laserdb.warehouse.liveness import BEAT_SECONDS
from laserdb.warehouse.pending import Rows

# Texts fetched at a time: enough for batches of similar length, little enough for memory.
WINDOW = 16_384
# Results wait at most this long for their append, so that a kill costs little.
FLUSH_SECONDS = 2.0
# A fast scorer's results don't pile up.
FLUSH_TEXTS = 100_000


class Calls(Protocol):
    """Whoever calls the scorer: this process, or actors elsewhere."""

    def over(self, works: Iterator[Work]) -> Iterator[tuple[Work, list[Outcome]]]:
        """Each batch with its outcomes, in whatever order they come."""


class Feed(Protocol):
    """Rows to score, a window at a time."""

    def get(self, *, wait: bool) -> Rows | None:
        """The next window's rows; None if there are no more, or none yet and it isn't to wait."""


class ListFeed:
    """All the rows at hand, cut into windows."""

    def __init__(self, rows: Rows) -> None:
        self.rows, self.at = rows, 0

    def get(self, *, wait: bool) -> Rows | None:  # noqa: ARG002
        """The next window's rows."""
        rows = self.rows[self.at : self.at + WINDOW]
        self.at += len(rows)
        return rows if len(rows) else None


class LocalCalls:
    """Calls the scorer right here."""

    def __init__(self, scorer: Scorer, interrupt: Interrupt) -> None:
        self.caller = Caller(scorer, interrupt.sleep)

    def over(self, works: Iterator[Work]) -> Iterator[tuple[Work, list[Outcome]]]:
        """Each batch with its outcomes, in order."""
        for work in works:
            yield work, self.caller.score(work.batch)


class Files:
    """The thread that fetches and appends: one thing at a time, beside the model's work.

    DuckDB can't have a file open for reading and for writing in one process at once.
    """

    def __init__(self, run: ScoringRun) -> None:
        self.run = run
        self.executor = ThreadPoolExecutor(1, thread_name_prefix="laserdb-files")
        self.waiting: list[tuple[Work, list[Outcome]]] = []
        self.texts = 0
        self.last = time.monotonic()
        self.append: Future[None] | None = None

    def fetch(self, rows: Rows) -> Future[pa.Table]:
        """Begin to fetch a window."""
        return self.executor.submit(self.run.fetch, rows)

    def add(self, work: Work, found: list[Outcome]) -> None:
        """Keep a batch's results for the next append, which is due every few seconds."""
        self.waiting.append((work, found))
        self.texts += len(found)
        if self.texts >= FLUSH_TEXTS or time.monotonic() - self.last >= FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Begin to append what there is. Raises what the previous append did."""
        if self.append is not None:
            # One at a time: results can't pile up faster than they are written.
            self.append.result()
            self.append = None
        if self.waiting:
            self.append = self.executor.submit(self.run.append, self.waiting)
        self.waiting, self.texts, self.last = [], 0, time.monotonic()

    def settle(self) -> None:
        """Append everything, and wait for it."""
        self.flush()
        self.flush()

    def close(self) -> None:
        """End the thread after what it has in hand."""
        self.executor.shutdown(wait=True, cancel_futures=True)


def windows(files: Files, feed: Feed) -> Iterator[pa.Table]:
    """Windows of texts; the next one is fetched while its predecessor is scored."""
    ahead: Future[pa.Table] | None = None
    while True:
        rows = feed.get(wait=ahead is None)
        following = None if rows is None else files.fetch(rows)
        if ahead is not None:
            yield ahead.result()
        elif following is None:
            return
        ahead = following


def works(files: Files, feed: Feed, scorer: Scorer, interrupt: Interrupt) -> Iterator[Work]:
    """Batches, until there are no more or the user interrupts."""
    size = scorer.options.batch_size or scorer.batch_size
    for window in windows(files, feed):
        for work in batches(window, size, scorer.token_budget):
            if interrupt.requested():
                return
            yield work


def pump(
    files: Files, feed: Feed, calls: Calls, tally: Tally, interrupt: Interrupt, update: Callable[[], None]
) -> None:
    """Score whatever the feed gives and append it; `update` is called after every batch.

    Raises ScoringError if the scorer itself fails (not: a single text); what was scored is kept.
    """
    try:
        for work, found in calls.over(works(files, feed, files.run.scorer, interrupt)):
            tally.add(found, work.chars)
            files.add(work, found)
            update()
            tally.watch(found)
    except Exception:
        files.settle()
        raise
    files.settle()


@contextmanager
def files_of(run: ScoringRun) -> Iterator[Files]:
    """A run's thread for the file; while it lives, so does the run's heart."""
    files = Files(run)
    over = threading.Event()

    def beat() -> None:
        while not over.wait(BEAT_SECONDS):
            files.executor.submit(run.beat)

    heart = threading.Thread(target=beat, name="laserdb-heart", daemon=True)
    heart.start()
    try:
        yield files
    finally:
        over.set()
        heart.join()
        files.close()


def split(rows: Rows, size: int) -> Iterable[Rows]:
    """Rows in pieces of at most `size`."""
    return (rows[at : at + size] for at in range(0, len(rows), size))
