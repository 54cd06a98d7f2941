"""How long work tells how far it is, without knowing who listens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """A listener to one piece of work after another."""

    def start(self, description: str, total: int | None, unit: str) -> None:
        """A piece of work begins; `total` in `unit`s, None if unknown."""

    def advance(self, n: int) -> None:
        """`n` more units are done."""

    def describe(self, text: str) -> None:
        """What else is to be seen beside the count: another rate, failures by kind."""

    def note(self, text: str) -> None:
        """Something worth a line happened."""

    def finish(self) -> None:
        """The piece of work is over, done or not."""


class Silent:
    """A listener that shows nothing."""

    def start(self, description: str, total: int | None, unit: str) -> None: ...
    def advance(self, n: int) -> None: ...
    def describe(self, text: str) -> None: ...
    def note(self, text: str) -> None: ...
    def finish(self) -> None: ...
