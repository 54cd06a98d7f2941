"""Ctrl-C during long work: the first one asks to stop after the batch in hand, the second stops at once."""

from __future__ import annotations

import signal
import threading
import time
from types import FrameType, TracebackType
from typing import Any

# Schedulers and container runtimes ask with SIGTERM before they kill.
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupt:
    """A context in which the first SIGINT or SIGTERM is noted instead of ending the process."""

    def __init__(self) -> None:
        self._requested = False
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> Interrupt:
        # Signals are the main thread's alone.
        if threading.current_thread() is threading.main_thread():
            self._previous = {number: signal.signal(number, self._handle) for number in SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, previous in self._previous.items():
            signal.signal(number, previous)
        self._previous = {}

    def request(self) -> None:
        """Ask to stop after the batch in hand."""
        self._requested = True

    def requested(self) -> bool:
        """Whether to stop after the batch in hand."""
        return self._requested

    def sleep(self, seconds: float) -> bool:
        """Wait, but no longer than until a stop is asked for; whether one was."""
        # Not an Event: its lock could be held by the very frame that the signal interrupts.
        end = time.monotonic() + seconds
        while not self._requested and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 0.1))
        return self._requested

    def _handle(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if self._requested:
            raise KeyboardInterrupt
        self._requested = True
