"""Which texts a call is about: --where, --limit, categories, routes."""

from __future__ import annotations

import os

import pytest

from laserdb.engine.estimate import estimate
from laserdb.engine.run import Scope
from laserdb.engine.score import ScoreOptions, score
from laserdb.errors import LaserdbError, UsageError
from laserdb.progress import Silent
from laserdb.warehouse import liveness
from laserdb.warehouse.status import status
from tests.engine.test_score import Length, insert, rows
from tests.pools import FakeSample, FakeTurn, fill


class Routed(Length):
    name = "judge"
    routed = True

    def score(self, batch):
        self.categories_seen = [turn.category for turn in batch.turns]
        return super().score(batch)


class OnlyMath(Length):
    name = "mathematician"
    categories = ("Math",)


def run(warehouse, scorer, **options):
    (summary,) = score(warehouse, [scorer], ScoreOptions(**options), Silent())
    return summary


def mixed(warehouse) -> None:
    """Turns 1 to 4: Math, Coding, Math, unlabelled."""
    categories = ["Math", "Coding", "Math", None]
    fill(warehouse, [FakeSample([FakeTurn(category, difficulty=i)]) for i, category in enumerate(categories)])


def test_where_restricts_the_pool_and_the_run_stays_partial(warehouse):
    mixed(warehouse)
    scorer = Length()
    assert (run(warehouse, scorer, where="category = 'Math' -- only").pending, len(scorer.seen)) == (0, 2)
    assert rows(warehouse, "SELECT status FROM runs WHERE scorer = 'length'") == [("partial",)]
    assert run(warehouse, Length(), where="f < 0.1 OR data_id = 'id-1'").scored == 0
    assert run(warehouse, Length()).scored == 2
    assert rows(warehouse, "SELECT status FROM runs WHERE scorer = 'length'") == [("complete",)]


@pytest.mark.parametrize("where", ["nonsense > 1", "true; DROP TABLE turns", "true)"])
def test_a_bad_condition_stops_the_call_before_any_work(warehouse, where):
    mixed(warehouse)
    with pytest.raises(LaserdbError):
        run(warehouse, Length(), where=where)
    assert rows(warehouse, "SELECT count(*) FROM runs WHERE scorer = 'length'") == [(0,)]


def test_a_routed_scorer_gets_its_categories(warehouse):
    mixed(warehouse)
    with warehouse.write() as session:
        session.run("UPDATE routes SET scorer = 'judge' WHERE category = 'Coding'")
    scorer = Routed()
    assert (run(warehouse, scorer).scored, scorer.categories_seen) == (1, ["Coding"])
    assert rows(warehouse, "SELECT status FROM runs WHERE scorer = 'judge'") == [("complete",)]
    everything = Routed()
    assert run(warehouse, everything, all_categories=True).scored == 3
    assert everything.categories_seen == ["Math", "Math", None]
    assert everything.seen == ["question 1answer", "question 3answer", "question 4answer"]


def test_a_scorer_may_declare_its_categories(warehouse):
    mixed(warehouse)
    scorer = OnlyMath()
    assert run(warehouse, scorer).scored == 2
    assert scorer.seen == ["question 1answer", "question 3answer"]


def test_categories_need_labels(warehouse):
    insert(warehouse, [("a", "b")])
    with pytest.raises(UsageError, match=r"run: laserdb score .* category \(or give --all-categories\)"):
        run(warehouse, Routed())
    assert run(warehouse, Routed(), all_categories=True).scored == 1


def test_a_run_whose_process_is_gone_is_interrupted(warehouse):
    insert(warehouse, [("a", "b")])
    run(warehouse, Length())
    with warehouse.write() as session:
        session.run("UPDATE runs SET status = 'running', pid = 999999999")
        assert status(session)["runs"][0]["status"] == "interrupted"
        session.run("UPDATE runs SET host = 'elsewhere'")
        assert status(session)["runs"][0]["status"] == "running"
        session.run("UPDATE runs SET heartbeat = heartbeat - INTERVAL 1 HOUR")
        assert status(session)["runs"][0]["status"] == "interrupted"
    run(warehouse, Length("2"))
    assert rows(warehouse, "SELECT status FROM runs ORDER BY run_id") == [("interrupted",), ("complete",)]


def test_processes_are_told_apart():
    assert liveness.process_exists(os.getpid())
    assert not liveness.process_exists(999999999)


def test_a_dry_run_counts_and_stores_nothing(warehouse):
    insert(warehouse, [("aa", "b"), ("aa", "b"), ("aaa", "bb"), ("aaaa", None)])
    (found,) = estimate(warehouse, [Length()], Scope(), Silent())
    assert (found.rows, found.texts, found.calibrated_on) == (3, 2, 2)
    assert (found.tokens, found.tokens_from) == (2, "characters")
    assert found.seconds >= 0
    assert rows(warehouse, "SELECT count(*) FROM runs") == [(0,)]
    run(warehouse, Length(), limit=1)
    (rest,) = estimate(warehouse, [Length()], Scope(), Silent())
    assert (rest.rows, rest.texts) == (1, 1)
    (all_of_it,) = estimate(warehouse, [Length()], Scope(), Silent(), force=True)
    assert all_of_it.texts == 2
    run(warehouse, Length())
    (nothing,) = estimate(warehouse, [Length()], Scope(), Silent())
    assert (nothing.texts, nothing.seconds, nothing.calibrated_on) == (0, 0.0, 0)


def test_a_dry_run_knows_counted_tokens(warehouse):
    fill(warehouse, [FakeSample([FakeTurn(tokens=7)]), FakeSample([FakeTurn(tokens=5)])])
    (found,) = estimate(warehouse, [Length()], Scope(), Silent())
    assert (found.tokens, found.tokens_from) == (12, "tokens")
