"""Pools at the edge and every strategy: the budget is met, the shortfall reported, or one line says why."""

from __future__ import annotations

import math

import numpy as np
import pytest

from laserdb.database import Database
from laserdb.errors import StrategyError
from laserdb.sql.render import builtin_strategies, load_strategy
from laserdb.warehouse import Warehouse
from tests.pools import FakeSample, FakeTurn, fill

RATED = {"deita_quality": 3.0, "deita_complexity": 2.0, "ifd": 0.5, "alpagasus": 5.0, "tags": ["a", "b"]}
BROKEN = dict.fromkeys(RATED, math.nan) | {"tags": None, "difficulty": math.nan, "quality": math.nan}


def pool(n, vector, **turn):
    rng = np.random.default_rng(0)
    return [
        FakeSample(
            [FakeTurn(("Math", "Coding")[i % 2], **({"difficulty": rng.random()} | RATED | turn))],
            rng.standard_normal(3).tolist() if vector == "random" else vector,
        )
        for i in range(n)
    ]


def select_all(samples, m):
    """Strategy → how many it chose, or the line that it ended with."""
    database = Database(Warehouse(":memory:"))
    fill(database.warehouse, samples)
    found = {}
    for name in builtin_strategies():
        try:
            summary = database.select(name, m)
            assert summary.selected + summary.shortfall == m
            found[name] = summary.selected
        except StrategyError as error:
            found[name] = str(error)
    database.close()
    return found


@pytest.mark.parametrize(
    ("samples", "except_for"),
    [
        (pool(1, "random"), {}),
        # DEITA's filter leaves out near vectors: one of equal ones stays, and zeros resemble nothing.
        (pool(12, "random", difficulty=0.5), {"deita": 8}),
        (pool(12, [1.0, 2.0, 3.0]), {"deita": 1}),
        (pool(12, [0.0, 0.0, 0.0]), {}),
    ],
    ids=["one sample", "all p equal", "all vectors equal", "all vectors zero"],
)
def test_odd_pools_are_chosen_from(samples, except_for):
    least = min(len(samples), 9)
    assert select_all(samples, 9) == dict.fromkeys(builtin_strategies(), least) | except_for


def test_without_vectors_those_that_need_them_say_so():
    for name, found in select_all(pool(12, None), 5).items():
        needs = "embedding" in load_strategy(name).header.needs
        message = f"strategy {name} needs scores that the pool doesn't have; run: laserdb score :memory: "
        assert found == (message + "embedding" if needs else 5)


def test_failed_scores_are_not_missing_ones():
    found = select_all(pool(12, "random", **BROKEN), 5)
    assert found["random"] == found["random_clustered"] == found["facility_location"] == 5
    assert found["laser"].startswith(
        "strategy laser needs difficulty, checks, of which every result failed; "
    )
    assert found["ifd"].startswith(
        "strategy ifd needs ifd, of which every result failed; see why: laserdb sql "
    )


def test_an_empty_pool():
    for found in select_all([], 5).values():
        assert found == "the pool is empty; put something in: laserdb ingest :memory: FILE…"


def test_a_sample_of_a_zero_vector_is_explained():
    database = Database(Warehouse(":memory:"))
    fill(database.warehouse, pool(6, [0.0, 0.0]))
    database.select("laser", 3)
    with np.errstate(all="raise"):
        assert database.explain("laser-3", "id-1")["nearest_chosen"]["cosine"] == 0
    database.close()
