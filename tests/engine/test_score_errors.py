"""What the loop makes of errors: asking again, halving, recording, giving up."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from laserdb.engine import caller
from laserdb.engine.caller import Caller, Postponed, Retry
from laserdb.engine.interrupt import Interrupt
from laserdb.engine.score import ScoreOptions, score
from laserdb.errors import ScoringError
from laserdb.progress import Silent
from laserdb.scorers.base import (
    Answer,
    Batch,
    Failed,
    Identity,
    OutOfMemory,
    PermanentError,
    Scored,
    Scorer,
    TransientError,
    Turn,
    Unit,
)
from tests.engine.test_score import insert, rows


class Scripted(Scorer):
    """Answers with a function of the batch's texts; keeps the sizes of the batches it got."""

    name = "scripted"
    summary = "a script"
    unit = Unit.TURN
    batch_size = 8

    def __init__(self, script: Callable[[list[str], int], Sequence[Answer]]) -> None:
        super().__init__()
        self.script = script
        self.sizes: list[int] = []

    @property
    def columns(self):
        return {}

    @property
    def identity(self) -> Identity:
        return Identity(self.name, "none", "1")

    def score(self, batch: Batch) -> Sequence[Answer]:
        self.sizes.append(len(batch))
        return self.script([turn.instruction for turn in batch.turns], len(self.sizes))


def good(texts: list[str]) -> list[Answer]:
    return [Scored(float(len(text))) for text in texts]


def batch(*texts: str) -> Batch:
    return Batch([Turn(text) for text in texts])


class Clock:
    """Sleeps without sleeping."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def __call__(self, seconds: float) -> bool:
        self.slept.append(seconds)
        return False


def test_only_what_is_transient_is_asked_again():
    def script(texts, call):
        return [TransientError("timeout") if call == 1 and text == "b" else one
                for text, one in zip(texts, good(texts), strict=True)]  # fmt: skip

    scorer, clock = Scripted(script), Clock()
    assert Caller(scorer, clock).score(batch("a", "b", "cc")) == good(["a", "b", "cc"])
    assert scorer.sizes == [3, 1]
    assert len(clock.slept) == 1


def test_the_wait_doubles_up_to_a_limit_and_follows_the_server():
    def script(texts, call):
        if call < 6:
            raise TransientError("busy", retry_after=7.0 if call == 1 else None)
        return good(texts)

    clock = Clock()
    found = Caller(Scripted(script), clock, Retry(times=9, first=1, longest=4)).score(batch("a"))
    assert found == good(["a"])
    assert 7 <= clock.slept[0] <= 7.7
    assert [round(limit) for limit in (2, 4, 4, 4)] >= [int(one) for one in clock.slept[1:]]
    assert all(
        low <= one <= high for one, low, high in zip(clock.slept[1:], (1, 2, 2, 2), (2, 4, 4, 4), strict=True)
    )


def test_who_never_answers_leaves_the_texts_pending():
    def script(texts, call):
        raise TransientError("http_503", "down")

    clock = Clock()
    found = Caller(Scripted(script), clock, Retry(times=3)).score(batch("a", "b"))
    assert found == [Postponed("http_503", "down")] * 2
    assert len(clock.slept) == 3


def test_out_of_memory_halves_and_is_remembered():
    def script(texts, call):
        if len(texts) > 2:
            raise OutOfMemory
        return good(texts)

    scorer = Scripted(script)
    calls = Caller(scorer, Clock())
    texts = ["aaaa"] * 8
    assert calls.score(batch(*texts)) == good(texts)
    assert scorer.sizes == [8, 4, 2, 2, 2, 2]
    calls.score(batch(*texts))
    assert scorer.sizes[6:] == [2, 2, 2, 2]


def test_a_text_too_big_for_the_memory_fails():
    def script(texts, call):
        raise MemoryError("no")

    assert Caller(Scripted(script), Clock()).score(batch("a", "b")) == [Failed("out_of_memory", "no")] * 2


def test_the_text_at_fault_is_found():
    def script(texts, call):
        if "bad" in texts:
            raise PermanentError("too_long", "by far")
        return good(texts)

    found = Caller(Scripted(script), Clock()).score(batch("a", "bad", "c", "d"))
    assert found == [Scored(1.0), Failed("too_long", "by far"), Scored(1.0), Scored(1.0)]


def run(warehouse, script, **options):
    (summary,) = score(warehouse, [Scripted(script)], ScoreOptions(**options), Silent())
    return summary


def texts(n: int) -> list[tuple[str, str]]:
    return [(f"{i:03d}", "r") for i in range(n)]


def test_permanent_errors_are_recorded_with_their_kind(warehouse):
    insert(warehouse, texts(4))
    summary = run(warehouse, lambda texts, call: [PermanentError("refused", "no"), *good(texts[1:])])
    assert (summary.scored, summary.failed, summary.failures) == (3, 1, {"refused": 1})
    assert rows(warehouse, "SELECT error FROM score_scripted ORDER BY turn_id LIMIT 1") == [("refused: no",)]


def test_a_score_that_is_no_number_is_a_failure(warehouse):
    insert(warehouse, texts(3))
    worth = {"0": float("nan"), "1": float("inf"), "2": 2.0}
    run(warehouse, lambda found, _: [Scored(worth[text[-1]]) for text in found])
    found = rows(warehouse, "SELECT score, error FROM score_scripted ORDER BY turn_id")
    assert found == [
        (None, "not_finite: the score was nan"),
        (None, "not_finite: the score was inf"),
        (2.0, None),
    ]


def test_too_many_equal_failures_in_a_row_stop_the_run(warehouse):
    insert(warehouse, texts(30))
    with pytest.raises(ScoringError, match=r"scripted stopped after 10 failures in a row, all bad_json: x"):
        run(warehouse, lambda texts, call: [Failed("bad_json", "x")] * len(texts), max_failures=10)
    assert rows(warehouse, "SELECT status, n_ok, n_failed FROM runs") == [("failed", 0, 16)]
    assert run(warehouse, lambda texts, call: good(texts)).scored == 14


def test_different_failures_or_a_success_between_them_do_not(warehouse):
    insert(warehouse, texts(30))

    def script(texts, call):
        return [Failed("odd" if int(text) % 2 else "even") for text in texts]

    assert run(warehouse, script, max_failures=2).failed == 30


def test_a_back_end_that_is_gone_stops_the_run_and_costs_nothing(warehouse, monkeypatch):
    monkeypatch.setattr(Interrupt, "sleep", lambda self, seconds: False)
    monkeypatch.setattr(caller, "Retry", lambda: Retry(times=1))
    insert(warehouse, texts(40))

    def script(texts, call):
        if call > 2:
            raise TransientError("connection", "refused")
        return good(texts)

    with pytest.raises(ScoringError, match="24 failures in a row, all connection: refused"):
        run(warehouse, script)
    assert rows(warehouse, "SELECT n_ok, n_failed FROM runs") == [(16, 0)]
    assert run(warehouse, lambda texts, call: good(texts)).scored == 24


def test_what_a_flaky_back_end_left_is_pending_not_failed(warehouse, monkeypatch):
    monkeypatch.setattr(Interrupt, "sleep", lambda self, seconds: False)
    insert(warehouse, texts(10))
    summary = run(warehouse, lambda texts, call: [TransientError("timeout"), *good(texts[1:])])
    assert (summary.scored, summary.failed, summary.postponed, summary.pending) == (8, 0, 2, 2)
    assert rows(warehouse, "SELECT status FROM runs") == [("partial",)]
