"""Parameters that several strategies share: each has them, and each makes a difference."""

from __future__ import annotations

import numpy as np
import pytest

from laserdb.database import Database
from laserdb.errors import StrategyError, UsageError
from laserdb.sql.render import builtin_strategies, load_strategy
from laserdb.warehouse import Warehouse
from tests.pools import FakeSample, FakeTurn, fill


@pytest.fixture(scope="module")
def database():
    rng = np.random.default_rng(11)
    pool = [
        FakeSample(
            [FakeTurn(("Math", "Coding")[i % 2], float(rng.random()), float(rng.random()), tokens=i + 1)],
            rng.standard_normal(3).tolist(),
        )
        for i in range(50)
    ]
    made = Database(Warehouse(":memory:"))
    fill(made.warehouse, pool)
    yield made
    made.close()


def chosen(database, strategy, m=20, **params):
    database.select(strategy, m, name="x", replace=True, params=params)
    with database.warehouse.read() as session:
        return session.rows("SELECT sample_id, f, q FROM selected ORDER BY rank")


def headers():
    return {name: load_strategy(name).header for name in builtin_strategies()}


def test_every_strategy_that_can_use_a_parameter_has_it():
    for name, header in headers().items():
        text = load_strategy(name).text
        wanted = {"max_tokens"}
        if "embedding" in header.needs:
            wanted.add("embedder")
        if {"difficulty", "quality"} & set(header.needs) and "random" not in name:
            wanted.add("percentiles")
        if {"difficulty", "quality"} <= set(header.needs):
            wanted |= {"f_exponent", "q_exponent"}
        if "kmeans(" in text:
            wanted.add("metric")
        if "quotas AS" in text:
            wanted |= {"quotas", "redistribute"}
        assert wanted <= set(header.params), name


HERE = {"category", "difficulty", "quality", "tokens", "embedding"}


@pytest.mark.parametrize("name", [name for name, header in headers().items() if set(header.needs) <= HERE])
def test_longer_samples_are_no_candidates(database, name):
    found = chosen(database, name, max_tokens=15)
    assert sorted(sample_id for sample_id, _, _ in found) == list(range(1, 16))


def test_a_limit_of_tokens_needs_counts():
    database = Database(Warehouse(":memory:"))
    fill(database.warehouse, [FakeSample([FakeTurn(tokens=None)])] * 2)
    assert database.select("random", 2).selected == 2
    with pytest.raises(StrategyError, match="score :memory: tokens"):
        database.select("random", 1, params={"max_tokens": 10})
    database.close()


@pytest.mark.parametrize("name", ["preference", "preference_stratified", "laser", "laser_all"])
def test_exponents_weigh_difficulty_and_quality(database, name):
    by_q = [q for _, _, q in chosen(database, name, m=50, f_exponent=0)]
    assert by_q == sorted(by_q, reverse=True)
    by_f = [f for _, f, _ in chosen(database, name, m=50, q_exponent=0)]
    assert by_f == sorted(by_f, reverse=True)
    assert chosen(database, name, m=50, f_exponent=0, q_exponent=0) == sorted(chosen(database, name, m=50))


@pytest.mark.parametrize("name", ["kcenter", "dpp"])
def test_the_first_choice_goes_by_the_exponents(database, name):
    everything = chosen(database, "random", m=50)
    most = max(everything, key=lambda row: row[2])
    assert chosen(database, name, m=3, f_exponent=0)[0] == most


@pytest.mark.parametrize("name", ["difficulty", "quality", "preference", "preference_stratified", "laser"])
def test_percentiles_decide_what_counts_as_0_and_1(database, name):
    plain, clipped = chosen(database, name, m=50), chosen(database, name, m=50, percentiles=[0, 20])
    column = 2 if name == "quality" else 1
    assert sum(row[column] == 1 for row in clipped) == 40
    assert sum(row[column] == 1 for row in plain) < 3


@pytest.mark.parametrize("name", ["laser_all", "random_clustered", "car"])
def test_the_metric_of_the_clusters(database, name):
    with pytest.raises(UsageError, match="unknown metric 'manhattan'"):
        chosen(database, name, metric="manhattan")
    assert len(chosen(database, name, metric="cosine")) == 20


def test_an_unknown_embedder_is_named(database):
    with pytest.raises(UsageError, match="unknown embedder 'fake-embeder'; did you mean fake-embedder"):
        chosen(database, "laser", embedder="fake-embeder")
