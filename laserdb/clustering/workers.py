"""Threads that give the same answer however many they are."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import ClassVar, Self, TypeVar

from threadpoolctl import threadpool_limits

from laserdb.progress import Progress, Silent

T = TypeVar("T")
R = TypeVar("R")


class _SingleThreadedBlas:
    """BLAS on one thread while anybody is inside.

    How BLAS splits a product over threads changes its rounding. The limit is the process's, so callers
    that overlap must share it: the first one in sets it and the last one out restores what was before.
    """

    lock: ClassVar[threading.Lock] = threading.Lock()
    inside: ClassVar[int] = 0
    limits: ClassVar[threadpool_limits | None] = None

    @classmethod
    def enter(cls) -> None:
        with cls.lock:
            if cls.inside == 0:
                cls.limits = threadpool_limits(1, user_api="blas")
            cls.inside += 1

    @classmethod
    def leave(cls) -> None:
        with cls.lock:
            cls.inside -= 1
            if cls.inside == 0 and cls.limits is not None:
                cls.limits.restore_original_limits()
                cls.limits = None


class Workers:
    """A pool whose jobs are cut by the data alone and whose results come back in order."""

    def __init__(self, threads: int | None, device: str = "cpu", progress: Progress | None = None) -> None:
        self.threads = threads or _cores()
        self.device = device
        self.progress = progress or Silent()

    def __enter__(self) -> Self:
        _SingleThreadedBlas.enter()
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="laserdb-kmeans")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # On an error or Ctrl-C, don't work through what is still queued.
        self._pool.shutdown(wait=True, cancel_futures=True)
        _SingleThreadedBlas.leave()

    def map(self, job: Callable[[T], R], items: Iterable[T], stage: str | None = None) -> Iterator[R]:
        """`job` of every item, in the items' order; with a `stage` the listener hears of each."""
        results = self._pool.map(job, items)
        return results if stage is None else self._told(results, stage)

    def each(self, job: Callable[[T], None], items: Iterable[T], stage: str | None = None) -> None:
        """Run `job` on every item, for what it writes."""
        for _ in self.map(job, items, stage):
            pass

    def _told(self, results: Iterator[R], stage: str) -> Iterator[R]:
        self.progress.describe(stage)
        for result in results:
            self.progress.advance(1)
            yield result


def spans(n: int, size: int) -> list[slice]:
    """`range(n)` in consecutive slices of `size`."""
    return [slice(at, min(n, at + size)) for at in range(0, n, size)]


def _cores() -> int:
    """The cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
