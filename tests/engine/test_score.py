"""The scoring loop with scorers of the tests' own; the real ones are tested beside their code."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

import pyarrow as pa
import pytest

from laserdb.engine import loop
from laserdb.engine.catalog import make_scorer
from laserdb.engine.interrupt import Interrupt
from laserdb.engine.score import ScoreOptions, score
from laserdb.errors import ScoringError, UsageError
from laserdb.progress import Silent
from laserdb.scorers.base import Batch, Failed, Identity, Result, Scored, Scorer, Unit
from laserdb.warehouse import Warehouse
from tests.pools import FakeSample, FakeTurn, fill


class Length(Scorer):
    """Scores a text by its length; texts with "bad" in them fail."""

    name = "length"
    summary = "length of the text"
    unit = Unit.TURN
    batch_size = 3

    def __init__(self, version: str = "1", unit: Unit = Unit.TURN) -> None:
        super().__init__()
        self.version = version
        self.unit = unit
        self.seen: list[str] = []
        self.loaded = 0

    @property
    def columns(self):
        return {"words": "INTEGER", "tags": "VARCHAR[]"}

    @property
    def identity(self) -> Identity:
        return Identity(self.name, "none", self.version)

    def load(self) -> None:
        self.loaded += 1

    def score(self, batch: Batch) -> Sequence[Result]:
        found: list[Result] = []
        for turn in batch.turns:
            text = turn.instruction + (turn.response or "")
            self.seen.append(text)
            if "bad" in text:
                found.append(Failed("bad_text", "it is bad"))
            else:
                found.append(Scored(float(len(text)), {"words": len(text.split()), "tags": ["x"]}))
        return found


def insert(warehouse: Warehouse, texts: list[tuple[str, str | None]]) -> None:
    """One single-turn sample per text, with the keys that equal texts share."""
    with warehouse.write() as session:
        first = session.value("SELECT coalesce(max(sample_id), 0) + 1 FROM samples")
        given = pa.table(
            {
                "id": range(first, first + len(texts)),
                "instruction": pa.array([instruction for instruction, _ in texts], pa.string()),
                "response": pa.array([response for _, response in texts], pa.string()),
            }
        )
        with session.table("given", given):
            session.run(
                "INSERT INTO samples SELECT id, 's', 'id-' || id, 1, NULL, '{}', NULL, gen_random_uuid(), "
                "md5(instruction)::UUID FROM given"
            )
            session.run(
                "INSERT INTO turns SELECT id, id, 0, instruction, response, md5(instruction)::UUID, "
                "md5(instruction || '|' || coalesce(response, 'None'))::UUID FROM given"
            )


def run(warehouse: Warehouse, scorer: Scorer, **options):
    (summary,) = score(warehouse, [scorer], ScoreOptions(**options), Silent())
    return summary


def rows(warehouse: Warehouse, sql: str) -> list:
    with warehouse.read() as session:
        return session.rows(sql)


def test_equal_texts_are_scored_once_and_shown_at_every_turn(warehouse):
    insert(warehouse, [("aa", "b"), ("aa", "b"), ("aaa", "b")])
    scorer = Length()
    summary = run(warehouse, scorer)
    assert sorted(scorer.seen) == ["aaab", "aab"]
    assert (summary.scored, summary.failed, summary.pending) == (2, 0, 0)
    assert rows(
        warehouse, "SELECT turn_id, score, error, words, tags, run_id FROM score_length ORDER BY ALL"
    ) == [
        (1, 3.0, None, 1, ["x"], 1),
        (2, 3.0, None, 1, ["x"], 1),
        (3, 4.0, None, 1, ["x"], 1),
    ]
    assert rows(warehouse, "SELECT turn_id, scorer, score FROM scores ORDER BY turn_id")[0] == (
        1,
        "length",
        3.0,
    )


def test_running_again_is_free_and_new_data_costs_only_itself(warehouse):
    insert(warehouse, [("aa", "b")])
    run(warehouse, Length())
    again = Length()
    run(warehouse, again)
    assert (again.seen, again.loaded) == ([], 0)
    insert(warehouse, [("cccc", "d"), ("aa", "b")])
    more = Length()
    assert run(warehouse, more).scored == 1
    assert more.seen == ["ccccd"]
    assert rows(warehouse, "SELECT run_id, status, n_ok, n_failed FROM runs") == [(1, "complete", 2, 0)]


def test_unanswered_turns_are_left_out_but_an_empty_answer_is_an_answer(warehouse):
    insert(warehouse, [("aa", None), ("bb", "")])
    scorer = Length()
    run(warehouse, scorer)
    assert scorer.seen == ["bb"]


def test_a_scorer_of_instructions_sees_no_response(warehouse):
    insert(warehouse, [("aa", "b"), ("aa", "c"), ("dd", None)])
    scorer = Length(unit=Unit.INSTRUCTION)
    run(warehouse, scorer)
    assert sorted(scorer.seen) == ["aa", "dd"]
    assert rows(warehouse, "SELECT count(*) FROM score_length") == [(3,)]


def test_failures_are_typed_and_never_a_score(warehouse):
    insert(warehouse, [("bad", "b"), ("good", "b")])
    summary = run(warehouse, Length())
    assert (summary.scored, summary.failed, dict(summary.failures)) == (1, 1, {"bad_text": 1})
    assert rows(warehouse, "SELECT score, error FROM score_length ORDER BY turn_id") == [
        (None, "bad_text: it is bad"),
        (5.0, None),
    ]
    assert rows(warehouse, "SELECT n_ok, n_failed FROM runs") == [(1, 1)]


def test_failures_stay_until_they_are_to_be_retried(warehouse):
    insert(warehouse, [("bad", "b"), ("good", "b")])
    run(warehouse, Length())
    assert run(warehouse, Length()).failed == 0
    again = Length()
    assert run(warehouse, again, retry_failed=True).failed == 1
    assert again.seen == ["badb"]
    assert rows(warehouse, "SELECT count(*), min(n_failed) FROM runs") == [(1, 1)]


def test_a_changed_identity_is_a_new_run_and_takes_over_when_complete(warehouse):
    insert(warehouse, [("aa", "b"), ("bb", "c"), ("cc", "d"), ("dd", "e")])
    run(warehouse, Length("1"))
    trial = run(warehouse, Length("2"), limit=1)
    assert (trial.run_id, trial.pending) == (2, 3)
    assert rows(warehouse, "SELECT DISTINCT run_id FROM score_length") == [(1,)]
    assert rows(warehouse, "SELECT status FROM runs ORDER BY run_id") == [("complete",), ("partial",)]
    run(warehouse, Length("2"))
    assert rows(warehouse, "SELECT run_id, count(*) FROM score_length GROUP BY ALL") == [(2, 4)]


def test_new_data_does_not_bring_an_older_run_back(warehouse):
    insert(warehouse, [("aa", "b")])
    run(warehouse, Length("1"))
    run(warehouse, Length("2"))
    insert(warehouse, [("cc", "d"), ("dd", "e")])
    assert run(warehouse, Length("2"), limit=1).pending == 1
    assert rows(warehouse, "SELECT status FROM runs ORDER BY run_id") == [("complete",), ("partial",)]
    assert rows(warehouse, "SELECT run_id, count(*) FROM score_length GROUP BY ALL") == [(2, 2)]


def test_force_begins_a_new_run(warehouse):
    insert(warehouse, [("aa", "b")])
    run(warehouse, Length())
    forced = Length()
    assert run(warehouse, forced, force=True).run_id == 2
    assert forced.seen == ["aab"]
    assert rows(warehouse, "SELECT run_id FROM score_length") == [(2,)]


class Wrong(Length):
    def score(self, batch: Batch) -> Sequence[Result]:
        return []


class Crashing(Length):
    batch_size = 1

    def score(self, batch: Batch) -> Sequence[Result]:
        if len(self.seen) == 2:
            raise RuntimeError("out of cheese")
        return super().score(batch)


def test_a_scorer_must_answer_every_text(warehouse):
    insert(warehouse, [("aa", "b")])
    with pytest.raises(ScoringError, match="gave 0 results for 1 texts"):
        run(warehouse, Wrong())
    assert rows(warehouse, "SELECT status FROM runs") == [("failed",)]


def test_what_was_scored_before_a_crash_is_kept(warehouse, monkeypatch):
    monkeypatch.setattr(loop, "FLUSH_SECONDS", 0.0)
    insert(warehouse, [("a" * n, "b") for n in range(1, 5)])
    with pytest.raises(ScoringError, match="RuntimeError: out of cheese"):
        run(warehouse, Crashing())
    assert rows(warehouse, "SELECT status, n_ok FROM runs") == [("failed", 2)]
    assert run(warehouse, Length()).scored == 2


class Interrupting(Length):
    batch_size = 1

    def score(self, batch: Batch) -> Sequence[Result]:
        os.kill(os.getpid(), signal.SIGINT)
        return super().score(batch)


def test_ctrl_c_finishes_the_batch_in_hand(warehouse):
    insert(warehouse, [("aa", "b"), ("bbb", "b")])
    before = signal.getsignal(signal.SIGINT)
    summary = run(warehouse, Interrupting())
    assert signal.getsignal(signal.SIGINT) is before
    assert (summary.interrupted, summary.scored, summary.pending) == (True, 1, 1)
    assert rows(warehouse, "SELECT status, n_ok FROM runs") == [("interrupted", 1)]
    assert run(warehouse, Length()).scored == 1


def test_a_second_ctrl_c_stops_at_once():
    with pytest.raises(KeyboardInterrupt), Interrupt():
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)


SLOW = """
import sys, time
sys.path.insert(0, sys.argv[2])
from laserdb.engine import loop, score as engine
from tests.engine.test_score import Length, Silent, ScoreOptions, Warehouse
loop.FLUSH_SECONDS = 0.0

class Slow(Length):
    batch_size = 1
    def score(self, batch):
        print("scoring", flush=True)
        time.sleep(0.02)
        return super().score(batch)

engine.score(Warehouse(sys.argv[1]), [Slow()], ScoreOptions(), Silent())
"""


def test_a_killed_run_goes_on_where_it_was(file_warehouse):
    insert(file_warehouse, [("a" * n, "b") for n in range(1, 41)])
    command = [sys.executable, "-c", SLOW, file_warehouse.path, os.getcwd()]
    for lines in (2, 5, 9):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(lines):
                process.stdout.readline()
            process.kill()
    done = rows(file_warehouse, "SELECT count(*) FROM score_length")[0][0]
    assert 3 <= done < 40
    assert run(file_warehouse, Length()).scored == 40 - done
    assert rows(file_warehouse, "SELECT count(*), count(DISTINCT turn_id) FROM score_length") == [(40, 40)]
    assert rows(file_warehouse, "SELECT status, n_ok FROM runs") == [("complete", 40)]


def test_results_survive_one_window_after_the_other(warehouse, monkeypatch):
    monkeypatch.setattr(loop, "WINDOW", 4)
    insert(warehouse, [("a" * n, "b") for n in range(1, 12)])
    scorer = Length()
    assert run(warehouse, scorer).scored == 11
    assert len(scorer.seen) == 11


def test_unknown_scorers_are_named():
    with pytest.raises(UsageError, match="did you mean checks"):
        make_scorer("cheks")


def test_coverage_counts_turns(warehouse):
    from laserdb.warehouse.coverage import coverage

    nan = float("nan")
    pool = [
        FakeSample([FakeTurn(difficulty=None), FakeTurn(quality=nan), FakeTurn(response=None, quality=None)])
    ]
    fill(warehouse, pool)
    with warehouse.read() as session:
        found = {one.scorer: (one.done, one.missing, one.failed) for one in coverage(session)}
    assert found == {
        "category": (3, 0, 0),
        "checks": (1, 0, 1),
        "difficulty": (2, 1, 0),
        "embedding": (1, 0, 0),
        "tokens": (3, 0, 0),
    }
