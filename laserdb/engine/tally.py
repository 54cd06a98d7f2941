"""Counting what comes of the texts, telling the listener, and noticing when nothing good comes any more."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from laserdb.engine.batching import CHARS_PER_TOKEN
from laserdb.engine.caller import Outcome, Postponed
from laserdb.errors import ScoringError
from laserdb.progress import Progress
from laserdb.scorers.base import Scored

# So many batches without a single answer, each after all its retries, and the back end is gone.
DEAF_BATCHES = 3


class Tally:
    """Counts of one scorer's outcomes; raises ScoringError after too many equal failures in a row."""

    def __init__(self, scorer: str, max_failures: int) -> None:
        self.scorer = scorer
        self.max_failures = max_failures
        self.scored = self.failed = self.postponed = self.chars = 0
        self.failures: Counter[str] = Counter()
        self._kind, self._row, self._deaf = "", 0, 0

    @property
    def done(self) -> int:
        """Texts that have been worked on."""
        return self.scored + self.failed + self.postponed

    def add(self, found: Sequence[Outcome], chars: int) -> None:
        """Count a batch."""
        bad = [one for one in found if not isinstance(one, Scored)]
        self.chars += chars
        self.scored += len(found) - len(bad)
        for one in bad:
            self.failures[one.kind] += 1
            if isinstance(one, Postponed):
                self.postponed += 1
            else:
                self.failed += 1

    def watch(self, found: Sequence[Outcome]) -> None:
        """Follow the row of failures. Raises ScoringError, with the cause, when it gets too long."""
        for one in found:
            if isinstance(one, Scored):
                self._row = 0
                continue
            self._row = self._row + 1 if one.kind == self._kind else 1
            self._kind = one.kind
            if self._row == self.max_failures:
                raise self.too_many(one)
        deaf = all(isinstance(one, Postponed) for one in found)
        self._deaf = self._deaf + 1 if deaf else 0
        if self._deaf == DEAF_BATCHES:
            raise self.too_many(found[-1])

    def too_many(self, last: Outcome) -> ScoringError:
        """The error that ends the run, with what the last failure said."""
        assert not isinstance(last, Scored)
        cause = f"{last.kind}: {last.detail}" if last.detail else last.kind
        return ScoringError(
            f"scorer {self.scorer} stopped after {self._row:,} failures in a row, all {cause}"
        )

    def merge(self, counts: Mapping[str, Any]) -> None:
        """Add what a worker counted, in the form of `as_dict`."""
        self.scored += counts["scored"]
        self.failed += counts["failed"]
        self.postponed += counts["postponed"]
        self.chars += counts["chars"]
        self.failures.update(counts["failures"])

    def as_dict(self) -> dict[str, Any]:
        """The counts as JSON-able values."""
        return {
            "scored": self.scored,
            "failed": self.failed,
            "postponed": self.postponed,
            "chars": self.chars,
            "failures": dict(self.failures),
        }


class Report:
    """Shows a tally to whoever listens: texts, tokens a second, failures by kind."""

    def __init__(self, progress: Progress, tally: Tally, chars_per_token: float | None) -> None:
        self.progress = progress
        self.tally = tally
        # "≈" where tokens are only guessed from characters.
        self.mark = "" if chars_per_token else "≈"
        self.chars_per_token = chars_per_token or CHARS_PER_TOKEN
        self.begun = time.monotonic()
        self.shown = 0

    def start(self, title: str, todo: int) -> None:
        """The work begins."""
        self.begun, self.shown = time.monotonic(), self.tally.done
        self.progress.start(title, todo, "texts")

    def update(self) -> None:
        """Show where the tally is now."""
        tally = self.tally
        rate = self.tokens / max(time.monotonic() - self.begun, 1e-9)
        kinds = ", ".join(f"{kind} {n:,}" for kind, n in tally.failures.most_common())
        self.progress.describe(f"{self.mark}{rate:,.0f} tokens/s" + (f", failed: {kinds}" if kinds else ""))
        self.progress.advance(tally.done - self.shown)
        self.shown = tally.done

    @property
    def tokens(self) -> float:
        """Tokens read so far, counted or guessed."""
        return self.tally.chars / self.chars_per_token

    def finish(self) -> None:
        """The work is over."""
        self.progress.finish()
