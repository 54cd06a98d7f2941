"""The published baselines and the greedy methods as strategies, against plain Python on small pools."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from laserdb import kmeans
from laserdb.categories import CATEGORIES
from laserdb.database import Database
from laserdb.warehouse import Warehouse
from tests.engine import oracle
from tests.engine.test_strategies import SEED, candidates, shuffled
from tests.pools import FakeSample, FakeTurn, fill
from tests.subset.test_subset import naive_filter

NAN = float("nan")
GRID = st.sampled_from([1.0, 1.5, 2.0, 3.0, 4.5, 5.0])
SOME = st.one_of(GRID, GRID, GRID, st.sampled_from([None, NAN]))
# Directions whose cosines are well off the threshold 0.9.
VECTOR = st.sampled_from([(1.0, 0.0), (2.0, 0.1), (0.0, 1.0), (1.0, 1.0), (0.1, 3.0), (-1.0, 0.5)])
turns = st.builds(
    FakeTurn,
    category=st.sampled_from([*CATEGORIES[:3], "Math", None]),
    difficulty=GRID,
    quality=SOME,
    deita_quality=SOME,
    deita_complexity=SOME,
    ifd=st.sampled_from([0.25, 0.5, 0.75, 1.0, 1.5, None, NAN]),
    alpagasus=SOME,
    tags=st.one_of(st.none(), st.lists(st.sampled_from("abcde"), max_size=4)),
)
samples = st.builds(
    FakeSample,
    turns=st.lists(turns, min_size=1, max_size=3),
    vector=st.one_of(VECTOR, VECTOR, VECTOR, st.none()),
)
LAST = FakeSample(
    [FakeTurn("Math", 1.0, 1.0, deita_quality=1, deita_complexity=1, ifd=0.5, alpagasus=5, tags=["a"])],
    (1.0, 0.0),
)


def means(pool, name):
    found = {}
    for number, sample in enumerate(pool, 1):
        values = [getattr(turn, name) for turn in sample.turns if oracle.usable(getattr(turn, name))]
        if values:
            found[number] = math.fsum(values) / len(values)
    return found


def deita_scores(pool, m):
    total: dict[int, float] = defaultdict(float)
    for number, sample in enumerate(pool, 1):
        for turn in sample.turns:
            if oracle.usable(turn.deita_quality) and oracle.usable(turn.deita_complexity):
                total[number] += turn.deita_quality * turn.deita_complexity
    return sorted(total, key=lambda number: (-total[number], number))[:m]


def deita(pool, m):
    rows = [number for number in deita_scores(pool, len(pool)) if pool[number - 1].vector is not None]
    return [rows[i] for i in naive_filter([pool[number - 1].vector for number in rows], m, 0.9)]


def ifd(pool, m):
    found = {number: value for number, value in means(pool, "ifd").items() if value < 1}
    return sorted(found, key=lambda number: (-found[number], number))[:m]


def alpagasus(pool, m):
    found = {number: value for number, value in means(pool, "alpagasus").items() if value >= 4.5}
    return sorted(found, key=lambda number: (-found[number], shuffled(number)))[:m]


def instag(pool, m):
    tags = {
        number: {tag for turn in sample.turns for tag in turn.tags or ()}
        for number, sample in enumerate(pool, 1)
    }
    left = sorted((n for n in tags if tags[n]), key=lambda number: (-len(tags[number]), number))
    chosen = []
    while left:
        covered: set = set()
        for number in list(left):
            if tags[number] - covered:
                covered |= tags[number]
                chosen.append(number)
                left.remove(number)
    return chosen[:m]


def car(pool, m):
    rows = oracle.sample_scores(pool)
    rows = [row for row in rows if row["category"] and row["q"] is not None and row["vector"] is not None]
    rows.sort(key=lambda row: (-row["q"], row["id"]))
    k = max(1, math.floor(math.sqrt(len(rows) / 2)))
    by_id = sorted(rows, key=lambda row: row["id"])
    labels = kmeans(np.asarray([row["vector"] for row in by_id], np.float32), k, seed=SEED).tolist()
    cluster = {row["id"]: label for row, label in zip(by_id, labels, strict=True)}
    n1 = max(0, m - k)
    chosen, seen = [row["id"] for row in rows[:n1]], set()
    for row in rows[n1:]:
        if cluster[row["id"]] not in seen:
            seen.add(cluster[row["id"]])
            chosen.append(row["id"])
    chosen += [row["id"] for row in rows if row["id"] not in chosen]
    return chosen[:m]


ORACLES = {
    "deita": deita,
    "deita_scores": deita_scores,
    "ifd": ifd,
    "alpagasus": alpagasus,
    "instag": instag,
    "car": car,
}


@pytest.mark.parametrize("name", ORACLES)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(pool=st.lists(samples, min_size=1, max_size=16), m=st.integers(1, 18))
def test_a_strategy_chooses_what_the_oracle_chooses(name, pool, m):
    pool = [*pool, LAST]
    database = Database(Warehouse(":memory:"))
    fill(database.warehouse, pool)
    summary = database.select(name, m, seed=SEED)
    with database.warehouse.read() as session:
        found = [sample_id for (sample_id,) in session.rows("SELECT sample_id FROM selected ORDER BY rank")]
    database.close()
    assert found == ORACLES[name](pool, m)
    assert summary.shortfall == m - len(found)


@pytest.mark.parametrize("name", ["kcenter", "facility_location", "dpp"])
def test_a_greedy_strategy_gives_its_step_the_candidates(name):
    rng = np.random.default_rng(3)
    pool = [
        FakeSample(
            [FakeTurn("Math", rng.random(), rng.random(), tokens=5000 if i == 4 else 10)], rng.random(3)
        )
        for i in range(30)
    ]
    from laserdb import subset

    rows = candidates(pool, "category", "p")
    vectors = np.asarray([row["vector"] for row in rows], np.float32)
    if name == "kcenter":
        rows.sort(key=lambda row: (-row["p"], row["id"]))
        found = subset.k_center(np.asarray([row["vector"] for row in rows], np.float32), 8)
    elif name == "dpp":
        found = subset.greedy_map(vectors, [row["p"] for row in rows], 8, 0.7, 0.3, seed=SEED)
    else:
        found = subset.facility_location(vectors, 8, 32, seed=SEED)
    database = Database(Warehouse(":memory:"))
    fill(database.warehouse, pool)
    database.select(name, 8, seed=SEED)
    with database.warehouse.read() as session:
        chosen = [one for (one,) in session.rows("SELECT sample_id FROM selected ORDER BY rank")]
    database.close()
    assert chosen == [rows[i]["id"] for i in found]


def test_mig_prefers_new_tags_and_good_answers():
    good = {"category": "Math", "difficulty": 1.0}
    pool = [
        FakeSample([FakeTurn(quality=1.0, tags=["a"], **good)], (1.0, 0.0)),
        FakeSample([FakeTurn(quality=0.9, tags=["a"], **good)], (1.0, 0.01)),
        FakeSample([FakeTurn(quality=0.5, tags=["b"], **good)], (0.0, 1.0)),
        FakeSample([FakeTurn(quality=0.0, tags=["b"], **good)], (0.0, 1.0)),
        FakeSample([FakeTurn(quality=1.0, tags=[], **good)], (0.0, 1.0)),
    ]
    database = Database(Warehouse(":memory:"))
    fill(database.warehouse, pool)
    database.select("mig", 3)
    with database.warehouse.read() as session:
        chosen = [one for (one,) in session.rows("SELECT sample_id FROM selected ORDER BY rank")]
    database.close()
    # A second "a" of 0.9 brings 1.9^0.8 − 1 = 0.67, the first "b" of 0.5 brings 0.57.
    assert chosen == [1, 2, 3]
