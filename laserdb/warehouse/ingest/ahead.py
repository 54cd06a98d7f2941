"""Preparing the next item while the caller works on the current one."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")
END = object()
# A thread that waits for a pipe can't be woken; it must not keep the process.
PATIENCE = 5.0


def ahead(items: Callable[[], Iterator[T]]) -> Generator[T, None, None]:
    """The items in order, each made by a thread while the one before is in use.

    Errors of the thread are raised here. Close the generator to end the thread early.
    """
    ready: queue.Queue[object] = queue.Queue(maxsize=1)
    stopped = threading.Event()

    def hand_over(item: object) -> bool:
        while not stopped.is_set():
            with suppress(queue.Full):
                ready.put(item, timeout=0.1)
                return True
        return False

    def produce() -> None:
        try:
            for item in items():
                if not hand_over(item):
                    return
            hand_over(END)
        except BaseException as error:
            hand_over(Failure(error))

    thread = threading.Thread(target=produce, name="laserdb-ingest", daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not END:
            if isinstance(item, Failure):
                raise item.error
            yield item  # type: ignore[misc]
    finally:
        stopped.set()
        thread.join(PATIENCE)


class Failure:
    """An error on its way from the thread to the caller."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
