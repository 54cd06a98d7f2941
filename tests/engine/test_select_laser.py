"""The SQL of `laser` and of the views below it, against DESIGN §4 in plain Python."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from laserdb import kmeans
from laserdb.categories import CATEGORIES
from laserdb.database import Database
from laserdb.warehouse import Warehouse
from tests.engine import oracle
from tests.pools import FakeSample, FakeTurn, fill

NAN = float("nan")
# A coarse grid, so that ties and equal percentiles are common.
GRID = st.sampled_from([0.0, 1.0, 2.0, 3.0, 5.0, 8.0])
turns = st.builds(
    FakeTurn,
    category=st.sampled_from([*CATEGORIES[:4], "Math", "Math", "Extraction", None]),
    difficulty=st.one_of(GRID, st.sampled_from([None, NAN])),
    quality=st.one_of(GRID, GRID, st.sampled_from([None, NAN])),
    tokens=st.sampled_from([1, 10, 100, 4096, 4097, None]),
)
samples = st.builds(
    FakeSample,
    turns=st.lists(turns, min_size=1, max_size=4),
    vector=st.one_of(st.none(), st.tuples(GRID, GRID)),
)


def labels(vectors: list, k: int) -> list[int]:
    return kmeans(np.asarray(vectors, dtype=np.float32), k, seed=3).tolist()


def close(left: float | None, right: float | None) -> bool:
    return left == right if left is None or right is None else abs(left - right) < 1e-9


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pool=st.lists(samples, min_size=1, max_size=14))
def test_sample_scores_are_those_of_the_oracle(pool):
    warehouse = Warehouse(":memory:")
    fill(warehouse, pool)
    with warehouse.read() as session:
        found = session.rows(
            "SELECT sample_id, category, f, q, p, tokens FROM sample_scores ORDER BY sample_id"
        )
    warehouse.close()
    for row, want in zip(found, oracle.sample_scores(pool), strict=True):
        assert row[0] == want["id"]
        assert row[1] == want["category"]
        assert row[5] == want["tokens"]
        for value, name in zip(row[2:5], "fqp", strict=True):
            assert close(value, want[name]), (name, row, want)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    pool=st.lists(samples, min_size=1, max_size=25),
    m=st.integers(1, 30),
    gamma=st.sampled_from([0, 50, 80, 100]),
    redistribute=st.booleans(),
)
def test_laser_chooses_what_the_oracle_chooses(pool, m, gamma, redistribute):
    # At least one candidate for each scorer: a pool without any is refused, not selected from.
    pool = [*pool, FakeSample()]
    # Vectors that nobody has make no table, and so no coverage.
    database = Database(Warehouse(":memory:"))
    fill(database.warehouse, pool)
    summary = database.select("laser", m, seed=3, params={"gamma": gamma, "redistribute": redistribute})
    with database.warehouse.read() as session:
        found = session.rows("SELECT sample_id, reason FROM selected ORDER BY rank")
    database.close()
    want = oracle.laser(pool, m, labels, gamma=gamma, redistribute=redistribute)
    assert found == want
    assert (summary.selected, summary.shortfall) == (len(want), m - len(want))


def test_the_same_seed_gives_the_same_rows_on_any_number_of_threads():
    rng = np.random.default_rng(0)
    pool = [
        FakeSample(
            [
                FakeTurn(str(rng.choice(CATEGORIES)), rng.random(), rng.random())
                for _ in range(rng.integers(1, 4))
            ],
            rng.random(4).tolist(),
        )
        for _ in range(200)
    ]
    database = Database(Warehouse(":memory:"))
    fill(database.warehouse, pool)
    hashes = set()
    for threads in (1, 2, 4):
        with database.warehouse.write() as session:
            session.run(f"SET GLOBAL threads = {threads}")
        for strategy in ("laser", "random", "longest"):
            database.select(strategy, 50, seed=7, name=f"{strategy}-{threads}")
        with database.warehouse.read() as session:
            found = session.rows(
                "SELECT strategy, result_hash FROM selections WHERE name LIKE ? ORDER BY strategy",
                [f"%-{threads}"],
            )
        hashes.add(tuple(found))
    database.close()
    assert len(hashes) == 1
