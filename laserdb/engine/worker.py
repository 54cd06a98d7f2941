"""A scoring worker: a process of its own that is told which rows to score, and appends for itself.

    python -m laserdb.engine.worker

Lines of JSON come on stdin: the order (which scorer, which run), then windows of rows. Lines of JSON go
to stdout: counts, and at last how it ended. When stdin ends, the parent is gone or wants no more: the
batch in hand is finished and appended.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, TextIO

import numpy as np

from laserdb.engine.caller import first_line
from laserdb.engine.catalog import address, scorer_class
from laserdb.engine.interrupt import Interrupt
from laserdb.engine.loop import Files, LocalCalls, files_of, pump
from laserdb.engine.run import ScoringRun, Vectors, patience
from laserdb.engine.tally import Tally
from laserdb.errors import LaserdbError, ScoringError
from laserdb.scorers.base import ScorerOptions, Unit
from laserdb.warehouse import Warehouse
from laserdb.warehouse.pending import Rows
from laserdb.warehouse.views import ResultTable

SAY_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Order:
    """What a worker is to do; its parent has opened the run."""

    path: str
    scorer: str
    """`module:Class`."""
    options: dict[str, Any]
    fingerprint: str
    unit: str
    run_id: int
    vectors: dict[str, Any] | None
    vector_run: int | None
    max_failures: int

    @staticmethod
    def of(run: ScoringRun, max_failures: int) -> Order:
        """The order to work on a run."""
        kind = type(run.scorer)
        vectors = run.vectors
        return Order(
            path=os.path.abspath(run.warehouse.path),
            scorer=address(kind),
            options=asdict(run.scorer.options),
            fingerprint=run.spec.fingerprint,
            unit=str(run.unit),
            run_id=run.run_id,
            vectors=asdict(vectors.table) if vectors else None,
            vector_run=vectors.run_id if vectors else None,
            max_failures=max_failures,
        )

    def open(self) -> ScoringRun:
        """The run as the worker sees it. Raises ScoringError if the scorer isn't the parent's."""
        scorer = scorer_class(self.scorer)(ScorerOptions(**self.options))
        run = ScoringRun(Warehouse(self.path), scorer, unit=Unit(self.unit), run_id=self.run_id)
        if run.spec.fingerprint != self.fingerprint:
            raise ScoringError(
                f"scorer {scorer.name} became another one while the run went on; start it again"
            )
        if self.vectors is not None and self.vector_run is not None:
            run.vectors = Vectors(ResultTable(**self.vectors), self.vector_run)
        return run


class PipeFeed:
    """Windows of rows as they come on stdin; before it waits for more, everything is appended."""

    def __init__(self, lines: TextIO, files: Files, interrupt: Interrupt, say: Callable[..., None]) -> None:
        self.files = files
        self.say = say
        self.incoming: queue.Queue[Rows | None] = queue.Queue()
        self.taken = 0
        self.over = False
        threading.Thread(target=self._listen, args=(lines, interrupt), daemon=True).start()

    def _listen(self, lines: TextIO, interrupt: Interrupt) -> None:
        for line in lines:
            self.incoming.put(np.asarray(json.loads(line)["rows"], dtype=np.int64))
        interrupt.request()
        self.incoming.put(None)

    def get(self, *, wait: bool) -> Rows | None:
        """The next window's rows."""
        if self.over:
            return None
        try:
            rows = self.incoming.get_nowait()
        except queue.Empty:
            if not wait:
                return None
            self.files.settle()
            self.say(settled=self.taken)
            rows = self.incoming.get()
        if rows is None:
            self.over = True
        else:
            self.taken += 1
            self.say(taken=self.taken)
        return rows


class Sometimes:
    """Calls a function, but not more often than is of use to a reader."""

    def __init__(self, function: Callable[[], None]) -> None:
        self.function = function
        self.last = 0.0

    def __call__(self) -> None:
        """Call it, if the last time is a while ago."""
        if time.monotonic() - self.last >= SAY_SECONDS:
            self.last = time.monotonic()
            self.function()


def work(order: Order, lines: TextIO, say: Callable[..., None]) -> None:
    """Score what comes, until nothing comes any more."""
    run = order.open()
    interrupt = Interrupt()
    tally = Tally(run.scorer.name, order.max_failures)
    run.scorer.load()
    say(ready=True)
    try:
        with patience(run.warehouse), files_of(run) as files:
            feed = PipeFeed(lines, files, interrupt, say)
            calls = LocalCalls(run.scorer, interrupt)
            pump(files, feed, calls, tally, interrupt, Sometimes(lambda: say(counts=tally.as_dict())))
    finally:
        run.scorer.close()
    say(counts=tally.as_dict())


def main() -> int:
    """Run one worker; the exit code is 0 unless it failed."""
    # The parent says when to stop; a Ctrl-C in the terminal is its business.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Whatever a library prints must not get between our lines.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)

    def say(**event: Any) -> None:
        out.write(json.dumps(event) + "\n")

    try:
        order = Order(**json.loads(sys.stdin.readline()))
        work(order, sys.stdin, say)
    except BrokenPipeError:
        return 1
    except LaserdbError as error:
        say(error=str(error))
        return 1
    except Exception as error:
        say(error=f"{type(error).__name__}: {first_line(error)}")
        return 1
    say(finished=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
