"""Pools in which two categories hold 96 % (LASER §4.2.2): every strategy copes."""

from __future__ import annotations

import numpy as np
import pytest

from laserdb.database import Database
from laserdb.sql.render import builtin_strategies
from laserdb.warehouse import Warehouse
from tests.pools import FakeSample, FakeTurn, fill

# What may end below the budget, by its definition: thresholds, filters.
MAY_FALL_SHORT = {"deita", "alpagasus", "ifd", "mig"}


@pytest.fixture(scope="module")
def database():
    rng = np.random.default_rng(0)
    pool = []
    for i in range(75):
        category = "Math" if i < 36 else "Coding" if i < 72 else "Generation"
        turn = FakeTurn(
            category,
            float(rng.random()),
            float(rng.random()),
            deita_quality=float(rng.integers(1, 7)),
            deita_complexity=float(rng.integers(1, 7)),
            ifd=float(rng.random() * 1.5),
            alpagasus=float(rng.integers(3, 6)),
            tags=[f"tag{n}" for n in rng.integers(9, size=2)],
        )
        # Many equal vectors, one of zeros.
        vector = np.zeros(3) if i == 7 else rng.integers(-2, 3, 3)
        pool.append(FakeSample([turn], vector.tolist()))
    made = Database(Warehouse(":memory:"))
    fill(made.warehouse, pool)
    yield made
    made.close()


@pytest.mark.parametrize("m", [1, 40, 75, 200])
@pytest.mark.parametrize("name", builtin_strategies())
def test_the_budget_is_met_or_the_shortfall_reported(database, name, m):
    summary = database.select(name, m, name="x", replace=True)
    assert summary.selected + summary.shortfall == m
    assert sum(summary.by_category.values()) == summary.selected
    if name not in MAY_FALL_SHORT:
        assert summary.selected == min(m, 75)
    else:
        assert 1 <= summary.selected <= min(m, 75)


@pytest.mark.parametrize("name", ["laser", "random_stratified", "preference_stratified", "random_clustered"])
def test_without_redistribution_a_category_keeps_its_share(database, name):
    summary = database.select(name, 40, name="y", replace=True, params={"redistribute": False})
    assert summary.by_category == {"Math": 10, "Coding": 10, "Generation": 3}
    assert summary.shortfall == 17
