"""The simpler strategies against plain Python, on random small pools."""

from __future__ import annotations

import hashlib
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from laserdb import kmeans
from laserdb.database import Database
from laserdb.warehouse import Warehouse
from tests.engine import oracle
from tests.engine.test_select_laser import samples
from tests.pools import FakeSample, fill

SEED = 5


def shuffled(sample_id: int) -> tuple[str, int]:
    return hashlib.md5(f"{SEED}:{sample_id}".encode()).hexdigest(), sample_id


def candidates(pool, *wanted: str) -> list[dict]:
    """Samples with every wanted score; a strategy of candidates also wants them short enough."""
    rows = oracle.sample_scores(pool)
    return [
        row
        for row in rows
        if all(row[name] is not None for name in (*wanted, "tokens")) and row["tokens"] <= 4096
    ]


def ids(rows: list[dict]) -> list[int]:
    return [row["id"] for row in rows]


def best(pool, m: int, score: str, *wanted: str) -> list[int]:
    rows = sorted(candidates(pool, score, *wanted), key=lambda row: (-row[score], row["id"]))
    return ids(rows[:m])


def within_quotas(rows: list[dict], m: int, order) -> list[dict]:
    by_category = {
        name: sorted((r for r in rows if r["category"] == name), key=order) for name in oracle.PROPORTIONS
    }
    quota = oracle.quotas(m, {name: len(found) for name, found in by_category.items()})
    return [row for name, found in by_category.items() for row in found[: quota[name]]]


def random(pool, m):
    return sorted(range(1, len(pool) + 1), key=shuffled)[:m]


def random_stratified(pool, m):
    chosen = within_quotas(candidates(pool, "category"), m, lambda row: shuffled(row["id"]))
    return sorted(ids(chosen), key=shuffled)


def preference_stratified(pool, m):
    def order(row):
        return -row["p"], row["id"]

    return ids(sorted(within_quotas(candidates(pool, "category", "p"), m, order), key=order))


def random_clustered(pool, m):
    rows = [row for row in candidates(pool, "category") if row["vector"] is not None]
    drawn: set[int] = set()
    supply = {name: [row for row in rows if row["category"] == name] for name in oracle.PROPORTIONS}
    quota = oracle.quotas(m, {name: len(found) for name, found in supply.items()})
    for name, found in supply.items():
        if quota[name]:
            drawn |= draw_of_each_cluster(found, quota[name])
    order = {row["id"]: (row["id"] not in drawn, *shuffled(row["id"])) for row in rows}
    return sorted(ids(within_quotas(rows, m, lambda row: order[row["id"]])), key=shuffled)


def draw_of_each_cluster(rows: list[dict], k: int) -> set[int]:
    vectors = np.asarray([row["vector"] for row in rows], dtype=np.float32)
    clusters = defaultdict(list)
    for row, label in zip(rows, kmeans(vectors, k, seed=SEED).tolist(), strict=True):
        clusters[label].append(row["id"])
    return {min(members, key=shuffled) for members in clusters.values()}


def laser_all(pool, m):
    rows = [row for row in candidates(pool, "category", "p") if row["vector"] is not None]
    if not rows:
        return []
    vectors = np.asarray([row["vector"] for row in rows], dtype=np.float32)
    floor = oracle.percentile([row["p"] for row in rows], 80)
    clusters = defaultdict(list)
    for row, label in zip(rows, kmeans(vectors, min(m, len(rows)), seed=SEED).tolist(), strict=True):
        clusters[label].append(row)
    tops = [min(members, key=lambda row: (-row["p"], row["id"])) for members in clusters.values()]
    kept = {row["id"] for row in tops if row["p"] >= floor}
    chosen = sorted(rows, key=lambda row: (row["id"] not in kept, -row["p"], row["id"]))[:m]
    return ids(sorted(chosen, key=lambda row: (-row["p"], row["id"])))


def lengths(pool, choose) -> dict[int, int]:
    answered = {
        n: [len(t.response) for t in s.turns if t.response is not None] for n, s in enumerate(pool, 1)
    }
    return {number: choose(found) for number, found in answered.items() if found}


def by_length(pool, m, choose):
    found = lengths(pool, choose)
    return sorted(found, key=lambda number: (-found[number], number))[:m]


ORACLES = {
    "random": random,
    "longest": lambda pool, m: by_length(pool, m, lambda found: found[-1]),
    "longest_total": lambda pool, m: by_length(pool, m, sum),
    "difficulty": lambda pool, m: best(pool, m, "f"),
    "quality": lambda pool, m: best(pool, m, "q", "category"),
    "preference": lambda pool, m: best(pool, m, "p", "category"),
    "preference_stratified": preference_stratified,
    "random_stratified": random_stratified,
    "random_clustered": random_clustered,
    "laser_all": laser_all,
}


@pytest.mark.parametrize("name", ORACLES)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    pool=st.lists(samples, min_size=1, max_size=18),
    m=st.integers(1, 20),
    answers=st.lists(st.sampled_from(["", "a", "bb", "ccc", None]), min_size=4, max_size=4),
)
def test_a_strategy_chooses_what_the_oracle_chooses(name, pool, m, answers):
    # The last one has every score: a pool where a scorer has nothing at all is refused.
    pool = [*pool, FakeSample()]
    for sample in pool:
        for turn, answer in zip(sample.turns, answers, strict=False):
            turn.response = answer
            # Nobody judges the quality of an answer that isn't there.
            turn.quality = turn.quality if answer is not None else None
    pool[-1].turns[0].response, pool[-1].turns[0].quality = "x", 1.0
    database = Database(Warehouse(":memory:"))
    fill(database.warehouse, pool)
    database.select(name, m, seed=SEED)
    with database.warehouse.read() as session:
        found = [sample_id for (sample_id,) in session.rows("SELECT sample_id FROM selected ORDER BY rank")]
    database.close()
    assert found == ORACLES[name](pool, m)
