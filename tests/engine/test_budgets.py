"""Several budgets at once, budgets of tokens, and sweeps."""

from __future__ import annotations

import numpy as np
import pytest

from laserdb.database import Database
from laserdb.engine.budgets import parse_budgets
from laserdb.engine.choose import Budget
from laserdb.errors import StrategyError, UsageError
from laserdb.warehouse import Warehouse
from tests.engine import oracle
from tests.pools import FakeSample, FakeTurn, fill

NAMES = list(oracle.PROPORTIONS)


@pytest.fixture
def database():
    rng = np.random.default_rng(1)
    pool = [
        FakeSample(
            [FakeTurn(NAMES[i % 7], float(rng.random()), float(rng.random()), tokens=10 + i % 5)],
            rng.random(3).tolist(),
        )
        for i in range(210)
    ]
    made = Database(Warehouse(":memory:"))
    fill(made.warehouse, pool)
    yield made
    made.close()


def rows(database, sql):
    with database.warehouse.read() as session:
        return session.rows(sql)


def chosen(database, name):
    return {one for (one,) in rows(database, f"SELECT sample_id FROM selected WHERE selection = '{name}'")}


@pytest.mark.parametrize(
    ("given", "budgets"),
    [
        (7, [Budget(7)]),
        ("10000", [Budget(10_000)]),
        ("25k", [Budget(25_000)]),
        ("1.5k", [Budget(1500)]),
        ("1000, 5000", [Budget(1000), Budget(5000)]),
        ([1, 2], [Budget(1), Budget(2)]),
        ("5M-tokens", [Budget(0, 5_000_000)]),
        ("500-tokens", [Budget(0, 500)]),
    ],
)
def test_how_budgets_are_written(given, budgets):
    assert parse_budgets(given) == budgets


@pytest.mark.parametrize("text", ["", "x", "-5", "1.5", "5M-token", "1,,2", "1e3"])
def test_what_is_no_budget(text):
    with pytest.raises(UsageError, match="-m "):
        parse_budgets(text)


@pytest.mark.parametrize("strategy", ["laser", "random_stratified", "random", "kcenter"])
def test_budgets_are_nested_each_with_its_own_quotas(database, strategy):
    summary = database.select(strategy, "20,80,40", seed=2)
    assert [one.name for one in (summary, *summary.nested)] == [f"{strategy}-{n}" for n in (80, 40, 20)]
    sets = [chosen(database, f"{strategy}-{n}") for n in (20, 40, 80)]
    assert [len(one) for one in sets] == [20, 40, 80]
    assert sets[0] < sets[1] < sets[2]
    if strategy in ("laser", "random_stratified"):
        for m, one in zip((80, 40, 20), (summary, *summary.nested), strict=True):
            want = oracle.quotas(m, dict.fromkeys(NAMES, 30))
            assert one.by_category == {name: count for name, count in want.items() if count}
    for n in (80, 40, 20):
        assert database.reproduce(f"{strategy}-{n}").reproduced


def test_budgets_that_do_not_go_together(database):
    for budgets in ("5,5", "5,100-tokens", "0", [3, -1]):
        with pytest.raises(UsageError):
            database.select("random", budgets)


def test_a_budget_of_tokens_is_filled_in_the_order_of_the_strategy(database):
    database.select("preference", "500-tokens", name="few")
    total, count = rows(
        database,
        "SELECT sum(x.tokens), count(*) FROM selected s JOIN sample_scores x USING (sample_id) "
        "WHERE selection = 'few'",
    )[0]
    assert 500 - 14 < total <= 500
    best = rows(database, "SELECT sample_id FROM sample_scores ORDER BY p DESC, sample_id")
    order = rows(database, "SELECT sample_id FROM selected WHERE selection = 'few' ORDER BY rank")
    assert order == best[:count]
    assert database.reproduce("few").reproduced
    # More than there is: everything, and no shortfall that could be counted in samples.
    assert database.select("preference", "1M-tokens", name="all").selected == 210


def test_a_dry_run_of_a_budget_of_tokens_says_about_how_many_samples_it_is(database):
    with database.warehouse.read() as session:
        mean = session.value("SELECT avg(tokens) FROM sample_scores")
    plan = database.select("laser", f"{round(10 * mean)}-tokens", dry_run=True)
    assert plan.selected == sum(line.planned for line in plan.plan) == 10
    assert plan.warnings == [f"{round(10 * mean)} tokens are about 10 samples of mean length"]


def test_a_budget_of_tokens_needs_counts():
    made = Database(Warehouse(":memory:"))
    fill(made.warehouse, [FakeSample([FakeTurn(tokens=None)])])
    with pytest.raises(StrategyError, match="laserdb score :memory: tokens"):
        made.select("random", "100-tokens")
    made.close()


def test_a_sweep_has_a_row_per_combination_and_records_nothing(database):
    found = database.sweep("laser", 30, {"gamma": [0, 100], "seed": [1, 2]})
    assert [(row["gamma"], row["seed"]) for row in found] == [
        ("0", "1"),
        ("0", "2"),
        ("100", "1"),
        ("100", "2"),
    ]
    assert all(row["selected"] == 30 and row["shortfall"] == 0 for row in found)
    assert found[0]["jaccard"] == 1
    # With γ = 100 hardly a cluster counts, and preference decides.
    assert found[2]["p"] > found[0]["p"]
    assert sum(found[0]["by_category"].values()) == 30
    assert rows(database, "SELECT count(*) FROM selections") == [(0,)]
    database.select("laser", 30, seed=2, params={"gamma": 100})
    ((p,),) = rows(database, "SELECT avg(p) FROM selected")
    assert found[3]["p"] == pytest.approx(p)


def test_a_sweep_is_checked_before_it_runs(database):
    with pytest.raises(UsageError, match="did you mean gamma"):
        database.sweep("laser", 5, {"gama": [1, 2]})
    with pytest.raises(UsageError, match="several values"):
        database.sweep("laser", 5, {})
    with pytest.raises(UsageError, match="seed=x"):
        database.sweep("laser", 5, {"seed": ["1", "x"]})


def test_lasers_parameters(database):
    by_f = database.select("laser", 7, name="f", params={"q_exponent": 0.0, "gamma": 100}).name
    order = rows(database, f"SELECT f FROM selected WHERE selection = '{by_f}' ORDER BY rank")
    assert order == sorted(order, reverse=True)
    database.select("laser", 30, name="wide")
    database.select("laser", 30, name="narrow", params={"percentiles": [30, 60]})
    ones = "SELECT count(*) FROM selected WHERE selection = '{}' AND f = 1"
    assert rows(database, ones.format("narrow"))[0] > rows(database, ones.format("wide"))[0]
    assert database.reproduce("narrow").reproduced
    database.select("laser", 30, name="cosine", params={"metric": "cosine"})
    assert chosen(database, "cosine") != chosen(database, "wide")
    with pytest.raises(UsageError, match="unknown metric"):
        database.select("laser", 3, params={"metric": "manhattan"})
    with pytest.raises(UsageError, match="percentiles must be two numbers"):
        database.select("laser", 3, params={"percentiles": [99, 1]})
    with pytest.raises(UsageError, match="unknown embedder"):
        database.select("laser", 3, params={"embedder": "other"})
