"""Caps on sources: for every strategy, exact for rankings, met also when nested, topped up or run again."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from laserdb.database import Database
from laserdb.engine.caps import Caps
from laserdb.errors import UsageError
from laserdb.sql.render import builtin_strategies
from laserdb.warehouse import Warehouse
from tests.pools import FakeSample, FakeTurn, fill

SOURCES = ("a", "a", "a", "b", "b", "c")


@pytest.fixture(scope="module")
def database():
    rng = np.random.default_rng(3)
    pool = []
    for i in range(60):
        turn = FakeTurn(
            ("Math", "Coding", "Generation")[i % 3],
            float(rng.random()),
            float(rng.random()),
            deita_quality=float(rng.uniform(1, 6)),
            deita_complexity=float(rng.uniform(1, 6)),
            ifd=float(rng.uniform(0, 0.9)),
            alpagasus=5.0,
            tags=[f"tag{n}" for n in rng.integers(9, size=2)],
        )
        pool.append(FakeSample([turn], rng.standard_normal(4).tolist(), source=SOURCES[i % len(SOURCES)]))
    made = Database(Warehouse(":memory:"))
    fill(made.warehouse, pool)
    yield made
    made.close()


def chosen(database, name):
    with database.warehouse.read() as session:
        return session.rows(
            "SELECT sample_id, source FROM selected JOIN samples USING (sample_id) "
            "WHERE selection = ? ORDER BY rank",
            [name],
        )


def select(database, strategy, m, caps, **more):
    database.select(strategy, m, name="x", replace=True, params={"source_caps": caps}, **more)
    return chosen(database, "x")


@pytest.mark.parametrize("name", builtin_strategies())
def test_every_strategy_keeps_the_caps_and_fills_the_budget(database, name):
    found = select(database, name, 24, {"a": 6, "*": 0.5})
    counts = Counter(source for _, source in found)
    assert counts["a"] <= 6
    assert counts["b"] <= 12
    assert counts["c"] <= 12
    # 6 of a, 10 of 20 b and 10 c would do: only deita's filter and instag's cover may leave some.
    assert len(found) == 24


@pytest.mark.parametrize("name", ["difficulty", "longest", "random", "preference", "deita_scores"])
def test_a_ranking_skips_what_is_too_much_and_goes_on(database, name):
    whole = select(database, name, 60, None)
    want, counts = [], Counter()
    for sample_id, source in whole:
        if counts[source] < (4 if source == "a" else 7):
            counts[source] += 1
            want.append(sample_id)
    assert [one for one, _ in select(database, name, 60, {"a": 4, "*": 7})] == want


def test_caps_that_do_not_bind_change_nothing(database):
    plain = select(database, "laser", 12, None)
    assert select(database, "laser", 12, 60) == plain
    assert select(database, "laser", 12, None) == plain  # the pool is whole again


def test_a_source_may_be_shut_out(database):
    assert {source for _, source in select(database, "random", 60, {"a": 0})} == {"b", "c"}


def test_what_the_caps_leave_open_is_a_shortfall(database):
    summary = database.select("random", 30, name="x", replace=True, params={"source_caps": 0.2})
    assert (summary.selected, summary.shortfall) == (18, 12)
    plan = database.select("random", 30, dry_run=True, params={"source_caps": 0.2})
    assert (plan.selected, plan.shortfall) == (18, 12)
    assert "the source caps leave 18 candidates" in plan.warnings[0]


def test_nested_budgets_keep_shares_at_each_size(database):
    database.select("laser", [8, 20], name="n", replace=True, params={"source_caps": 0.4})
    small, large = chosen(database, "n-8"), chosen(database, "n-20")
    assert set(small) <= set(large)
    assert max(Counter(source for _, source in small).values()) <= 3
    assert max(Counter(source for _, source in large).values()) <= 8


def test_run_again_and_topped_up(database):
    database.select("laser", 10, name="base", replace=True, seed=2, params={"source_caps": {"a": 0.3}})
    assert database.reproduce("base").reproduced
    summary = database.extend("base", m=20, name="more", replace=True)
    assert summary.selected == 20
    assert Counter(source for _, source in chosen(database, "more"))["a"] <= 6
    assert chosen(database, "more")[:10] == chosen(database, "base")
    assert database.reproduce("more").reproduced


def test_explain_names_the_cap(database):
    found = {one for one, _ in select(database, "difficulty", 12, {"a": 2})}
    missing = next(one for one in range(1, 61, 6) if one not in found)
    told = database.explain("x", f"id-{missing}")
    assert told["source_cap"] == {"most": 2, "chosen": 2}
    assert told["verdict"] == "left out: 2 of its source a are chosen, as many as its cap allows"


@pytest.mark.parametrize(
    ("caps", "message"),
    [
        ({"d": 3}, "unknown source 'd'"),
        ({"a": -1}, "give samples or a share"),
        ({"a": 1.5}, "give samples or a share"),
        ({"a": "x"}, "give samples or a share"),
        (True, "give samples or a share"),
        ("many", "give samples or a share"),
    ],
)
def test_wrong_caps(database, caps, message):
    with pytest.raises(UsageError, match=message):
        database.select("random", 3, dry_run=True, params={"source_caps": caps})


def test_how_caps_are_written():
    assert Caps.parse(None).given == {}
    assert Caps.parse(0.25).limits({"a": 9, "b": 9}, 8) == {"a": 2, "b": 2}
    assert Caps.parse({"a": 3, "*": 0.5}).limits({"a": 9, "b": 9}, 8) == {"a": 3, "b": 4}
    assert Caps.parse({"a": 3}).limits({"a": 9, "b": 9}, 8) == {"a": 3}
    left = Caps.parse({"a": 3, "*": 0.5}).without({"a": 1, "b": 9}, {"a": 9, "b": 9}, 8)
    assert left.given == {"a": 2.0, "b": 0.0}
