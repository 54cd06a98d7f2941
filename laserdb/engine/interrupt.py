"""Ctrl-C during long work: the first one asks to stop after the batch in hand, the second stops at once."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any


class Interrupt:
    """A context in which SIGINT is noted instead of raising KeyboardInterrupt, once."""

    def __init__(self) -> None:
        self._requested = False
        self._previous: Any = None

    def __enter__(self) -> Interrupt:
        # Signals are the main thread's alone.
        if threading.current_thread() is threading.main_thread():
            self._previous = signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)
            self._previous = None

    def requested(self) -> bool:
        """Whether to stop after the batch in hand."""
        return self._requested

    def _handle(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if self._requested:
            raise KeyboardInterrupt
        self._requested = True
