"""Several local worker processes on one run: windows of rows are dealt out as the workers ask for more.

A worker appends for itself, so that what a killed one had appended is kept; its windows are dealt out
again, and whoever gets them leaves out what has a result.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from laserdb.engine.interrupt import Interrupt
from laserdb.engine.loop import WINDOW, split
from laserdb.engine.run import ScoringRun
from laserdb.engine.tally import Report, Tally
from laserdb.engine.worker import Order
from laserdb.errors import ScoringError
from laserdb.warehouse.pending import Rows

# Windows a worker has in hand beyond those that it has begun.
AHEAD = 1
# Shares of a worker: enough that all of them end at about the same time.
SHARES = 16
# So many deaths without anything scored in between, and it isn't bad luck.
DEATHS = 3
STOP_SECONDS = 10.0


class Worker:
    """One worker process and what it has been dealt."""

    def __init__(
        self, number: int, order: Order, events: queue.Queue[Any], environment: Mapping[str, str]
    ) -> None:
        self.number = number
        self.dealt: deque[Rows] = deque()
        self.sent = self.taken = self.settled = 0
        self.ready = self.finished = False
        self.counts: dict[str, Any] | None = None
        self.process = subprocess.Popen(
            [sys.executable, "-m", "laserdb.engine.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=dict(environment),
            text=True,
            # A Ctrl-C in the terminal goes to the parent alone, which passes it on as a wish.
            start_new_session=True,
        )
        self.say(asdict(order))
        threading.Thread(target=self._listen, args=(events,), daemon=True).start()

    def _listen(self, events: queue.Queue[Any]) -> None:
        assert self.process.stdout is not None
        # The last line of a killed process may be a torn one.
        with self.process.stdout as lines, suppress(ValueError):
            for line in lines:
                events.put((self, json.loads(line)))
        events.put((self, None))

    def say(self, message: Mapping[str, Any]) -> None:
        """Send a line; a worker that is gone is noticed by its silence."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError, ValueError):
            self.process.stdin.write(json.dumps(message) + "\n")
            self.process.stdin.flush()

    def deal(self, rows: Rows) -> None:
        """Give it a window."""
        self.dealt.append(rows)
        self.sent += 1
        self.say({"rows": rows.tolist()})

    def settle(self, windows: int) -> None:
        """Everything of its first windows is appended."""
        while self.settled < windows:
            self.settled += 1
            self.dealt.popleft()

    def dismiss(self) -> None:
        """No more windows: it ends after the batch in hand."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.close()

    def kill(self, grace: float) -> None:
        """End it, after a while for the batch in hand."""
        self.dismiss()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(grace)
        self.process.kill()
        self.process.wait()


class Crew:
    """The workers of one run."""

    def __init__(
        self, run: ScoringRun, count: int, tally: Tally, report: Report, interrupt: Interrupt
    ) -> None:
        self.run = run
        self.count = count
        self.tally = tally
        self.report = report
        self.interrupt = interrupt
        self.order = Order.of(run, tally.max_failures)
        self.events: queue.Queue[Any] = queue.Queue()
        self.windows: deque[Rows] = deque()
        self.workers: list[Worker] = []
        self.deaths = 0

    def score(self, rows: Rows) -> None:
        """Have rows scored. Raises ScoringError with the cause if a worker fails, or dies again and again."""
        size = max(1, min(WINDOW, -(-len(rows) // (self.count * SHARES))))
        # Less than a few batches would be scored in smaller ones than the model can take.
        self.windows.extend(split(rows, min(WINDOW, max(size, 2 * self.batch_size))))
        environments = worker_environments(self.count)
        try:
            for number in range(min(self.count, len(self.windows))):
                self.workers.append(Worker(number, self.order, self.events, environments[number]))
            while self.workers:
                self.step(environments)
        except ScoringError:
            self.end(STOP_SECONDS)
            raise
        finally:
            self.end(0)

    def end(self, grace: float) -> None:
        """End all workers; those that are well may append what they have in hand."""
        deadline = time.monotonic() + grace
        for worker in self.workers:
            worker.dismiss()
        for worker in self.workers:
            worker.kill(max(0.0, deadline - time.monotonic()))
        self.workers = []

    @property
    def batch_size(self) -> int:
        return self.run.scorer.options.batch_size or self.run.scorer.batch_size

    def step(self, environments: list[dict[str, str]]) -> None:
        """Wait for a word of a worker, then deal, dismiss or replace."""
        try:
            worker, event = self.events.get(timeout=0.2)
        except queue.Empty:
            worker = event = None
        if worker is not None:
            if event is None:
                self.bury(worker, environments)
            else:
                self.hear(worker, event)
        if self.interrupt.requested() or not (self.windows or any(one.dealt for one in self.workers)):
            for one in self.workers:
                one.dismiss()
            return
        for one in self.workers:
            while one.ready and self.windows and one.sent - one.taken < AHEAD:
                one.deal(self.windows.popleft())

    def hear(self, worker: Worker, event: Mapping[str, Any]) -> None:
        """Take in what a worker says."""
        if "error" in event:
            raise ScoringError(event["error"])
        worker.ready = worker.ready or "ready" in event
        worker.finished = worker.finished or "finished" in event
        worker.taken = event.get("taken", worker.taken)
        worker.settle(event.get("settled", 0))
        if "counts" in event:
            before, worker.counts = worker.counts, event["counts"]
            self.tally.merge(difference(event["counts"], before))
            self.deaths = 0
            self.report.update()

    def bury(self, worker: Worker, environments: list[dict[str, str]]) -> None:
        """A worker has ended: if it wasn't asked to, another one takes its place and its windows."""
        self.workers.remove(worker)
        code = worker.process.wait()
        worker.dismiss()
        if worker.finished or self.interrupt.requested():
            return
        self.deaths += 1
        how = f"by signal {-code}" if code < 0 else f"with code {code}"
        if self.deaths >= DEATHS:
            raise ScoringError(f"scorer {self.run.scorer.name}: its workers end {how} again and again")
        self.report.progress.note(f"worker {worker.number} ended {how}; another one takes over its work")
        self.windows.extendleft(reversed(worker.dealt))
        self.workers.append(Worker(worker.number, self.order, self.events, environments[worker.number]))


def difference(now: Mapping[str, Any], before: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a worker has counted since."""
    if before is None:
        return dict(now)
    kinds = {kind: n - before["failures"].get(kind, 0) for kind, n in now["failures"].items()}
    counts = {name: now[name] - before[name] for name in ("scored", "failed", "postponed", "chars")}
    return counts | {"failures": kinds}


def worker_environments(count: int) -> list[dict[str, str]]:
    """The environment of each worker: modules as here; a GPU each, or a share of the processors."""
    shared = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    gpus = visible_gpus()
    if gpus:
        return [shared | {"CUDA_VISIBLE_DEVICES": gpus[number % len(gpus)]} for number in range(count)]
    threads = str(max(1, (os.cpu_count() or 1) // count))
    return [{"OMP_NUM_THREADS": threads} | shared for _ in range(count)]


def visible_gpus() -> list[str]:
    """The GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them."""
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    if given is not None:
        return [name for name in given.split(",") if name.strip() not in ("", "-1")]
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    listed = subprocess.run([tool, "-L"], capture_output=True, text=True, check=False)  # noqa: S603
    return [str(index) for index, line in enumerate(listed.stdout.splitlines()) if line.startswith("GPU")]
