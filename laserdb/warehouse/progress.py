"""How long work tells its caller that it moves; the command line draws a bar from it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told of a piece of work: `start` once, `advance` as often as it moves, `finish` once."""

    def start(self, description: str, total: int | None, unit: str) -> None:
        """Work begins; `total` is None where it can't be known (a pipe)."""

    def advance(self, n: int) -> None:
        """`n` more units are done."""

    def finish(self) -> None:
        """The work has ended, well or not."""


class NoProgress:
    """Tells nobody."""

    def start(self, description: str, total: int | None, unit: str) -> None:
        """Nothing to do."""

    def advance(self, n: int) -> None:
        """Nothing to do."""

    def finish(self) -> None:
        """Nothing to do."""
