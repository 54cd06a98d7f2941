"""Calling a scorer on a batch until every text has a result, or it is clear that it won't get one.

The same code runs in the scoring process, in its local workers, and in Ray actors.
"""

from __future__ import annotations

import logging
import math
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from laserdb.engine.batching import padded_chars, part
from laserdb.errors import LaserdbError, ScoringError
from laserdb.scorers.base import (
    Answer,
    Batch,
    Failed,
    OutOfMemory,
    PermanentError,
    Result,
    Scored,
    Scorer,
    TransientError,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Postponed:
    """No result for a reason that isn't the text's: it stays pending, and the next run asks again."""

    kind: str
    detail: str = ""


Outcome = Result | Postponed


@dataclass(frozen=True, slots=True)
class Retry:
    """How often to ask again in vain, and how long to wait: `first` s, doubled each time up to `longest`."""

    times: int = 6
    first: float = 1.0
    longest: float = 60.0

    def pause(self, tries: int, asked_for: float | None) -> float:
        """Seconds before the next try; with jitter, so that workers don't come back in step."""
        if asked_for is not None:
            return min(asked_for, 10 * self.longest) * (1 + 0.1 * random.random())  # noqa: S311
        return float(min(self.longest, self.first * 2**tries) * (0.5 + random.random() / 2))  # noqa: S311


class Caller:
    """Scores batches with one loaded scorer.

    `sleep` waits so many seconds and returns whether the user wants to stop meanwhile.
    """

    def __init__(self, scorer: Scorer, sleep: Callable[[float], bool], retry: Retry | None = None) -> None:
        self.scorer = scorer
        self.sleep = sleep
        self.retry = retry or Retry()
        # Padded characters that are known to be too many for the memory.
        self.too_much = sys.maxsize

    def score(self, batch: Batch) -> list[Outcome]:
        """One outcome per text. Raises ScoringError if the scorer breaks its contract, or breaks."""
        answers = self.attempt(batch)
        waiting = transient(answers)
        tries = 0
        while waiting and tries < self.retry.times:
            error = answers[waiting[0]]
            assert isinstance(error, TransientError)
            asked_for = max((answers[i].retry_after or 0 for i in waiting), default=0)  # type: ignore[union-attr]
            pause = self.retry.pause(tries, asked_for or error.retry_after)
            log.info("%s: %s; again in %.1f s", self.scorer.name, error, pause)
            if self.sleep(pause):
                break
            again = self.attempt(part(batch, waiting))
            for index, answer in zip(waiting, again, strict=True):
                answers[index] = answer
            left = transient(answers)
            # Progress, however slow, is no reason to give up.
            tries = tries + 1 if len(left) == len(waiting) else 0
            waiting = left
        return [outcome(answer) for answer in answers]

    def attempt(self, batch: Batch) -> list[Answer]:
        """Ask once for every text, in smaller batches where the memory doesn't suffice."""
        if len(batch) > 1 and self.too_much < sys.maxsize and padded_chars(batch) >= self.too_much:
            return self.halves(batch)
        try:
            return self.call(batch)
        except OutOfMemory as error:
            if len(batch) == 1:
                return [PermanentError(error.kind, error.detail)]
            self.too_much = min(self.too_much, padded_chars(batch))
            log.warning("%s: out of memory with %d texts; halving", self.scorer.name, len(batch))
            return self.halves(batch)
        except TransientError as error:
            return [error] * len(batch)
        except PermanentError as error:
            # One text is at fault, and it is found by halving.
            return [error] if len(batch) == 1 else self.halves(batch)

    def halves(self, batch: Batch) -> list[Answer]:
        """Both halves of a batch, one after the other."""
        middle = len(batch) // 2
        first = self.attempt(part(batch, range(middle)))
        return first + self.attempt(part(batch, range(middle, len(batch))))

    def call(self, batch: Batch) -> list[Answer]:
        """Call the scorer, holding it to one answer per text."""
        name = self.scorer.name
        try:
            found = list(self.scorer.score(batch))
        except (LaserdbError, KeyboardInterrupt):
            raise
        except Exception as error:
            if out_of_memory(error):
                raise OutOfMemory(detail=first_line(error)) from error
            raise ScoringError(
                f"scorer {name} failed: {type(error).__name__}: {first_line(error)}"
            ) from error
        if len(found) != len(batch):
            raise ScoringError(f"scorer {name} gave {len(found)} results for {len(batch)} texts")
        return found


def transient(answers: Sequence[Answer]) -> list[int]:
    """Where to ask again."""
    return [i for i, answer in enumerate(answers) if isinstance(answer, TransientError)]


def outcome(answer: Answer) -> Outcome:
    """What the engine makes of an answer that is final.

    A score that is no number is a failure: as a value it would enter percentiles and sort above all others.
    """
    if isinstance(answer, Scored):
        if answer.score is None or math.isfinite(answer.score):
            return answer
        return Failed("not_finite", f"the score was {answer.score}", answer.values)
    if isinstance(answer, Failed):
        return answer
    if isinstance(answer, TransientError):
        return Postponed(answer.kind, answer.detail)
    return Failed(answer.kind, answer.detail)


def out_of_memory(error: Exception) -> bool:
    """Whether memory ran out, of the machine or of torch's device."""
    torch = sys.modules.get("torch")
    return isinstance(error, MemoryError) or (
        torch is not None and isinstance(error, torch.cuda.OutOfMemoryError)
    )


def first_line(error: BaseException) -> str:
    """What an exception says, without its further lines."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else ""
