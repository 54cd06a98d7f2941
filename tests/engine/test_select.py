"""What `select` does around a strategy: checking, recording, refusing."""

from __future__ import annotations

import json

import pytest

from laserdb.database import Database
from laserdb.errors import LaserdbError, StrategyError, UsageError
from laserdb.warehouse import Warehouse
from tests.pools import FakeSample, FakeTurn, fill


@pytest.fixture
def database(warehouse: Warehouse) -> Database:
    pool = [
        FakeSample([FakeTurn("Math", difficulty=i, quality=i % 3)], [i, 0], source="a" if i < 5 else "b")
        for i in range(10)
    ]
    fill(warehouse, pool)
    return Database(warehouse)


def rows(database: Database, sql: str) -> list:
    with database.warehouse.read() as session:
        return session.rows(sql)


def template(tmp_path, text: str) -> str:
    path = tmp_path / "mine.sql"
    path.write_text(text)
    return str(path)


def test_a_selection_is_recorded_with_all_that_made_it(database):
    summary = database.select("laser", 4, seed=5, where="source = 'a'", params={"gamma": 50})
    assert (summary.name, summary.selected, summary.shortfall) == ("laser-4", 4, 0)
    assert summary.by_category == {"Math": 4}
    ((name, strategy, params, sql, seed, m, created, result_hash, runs),) = rows(database, "FROM selections")
    assert (name, strategy, seed, m) == ("laser-4", "laser", 5, 4)
    assert json.loads(params)["gamma"] == 50
    assert json.loads(params)["where"] == "source = 'a'"
    assert "CREATE OR REPLACE TEMP TABLE pool" in sql
    assert "source = 'a'" in sql
    assert created.year >= 2026
    assert len(result_hash) == 64
    assert len(runs) == 5
    chosen = rows(database, "SELECT sample_id, rank, reason, category, f, q, p FROM selected ORDER BY rank")
    assert [row[1] for row in chosen] == [1, 2, 3, 4]
    assert {row[0] for row in chosen} <= {1, 2, 3, 4, 5}
    assert all(abs(row[4] * row[5] - row[6]) < 1e-12 for row in chosen)


def test_the_same_again_gives_the_same_hash(database):
    for name in ("one", "two"):
        database.select("laser", 4, name=name, seed=5)
    assert rows(database, "SELECT count(DISTINCT result_hash) FROM selections") == [(1,)]
    database.select("random", 4, name="x", seed=1)
    database.select("random", 4, name="y", seed=2)
    assert rows(database, "SELECT count(DISTINCT result_hash) FROM selections WHERE strategy = 'random'") == [
        (2,)
    ]


def test_a_name_is_taken_once_unless_replaced(database):
    database.select("random", 4, name="x", seed=1)
    with pytest.raises(UsageError, match="there is a selection 'x' already"):
        database.select("random", 3, name="x")
    database.select("random", 3, name="x", replace=True)
    assert rows(database, "SELECT m FROM selections") == [(3,)]
    assert rows(database, "SELECT count(*) FROM selected") == [(3,)]


def test_a_budget_above_the_supply_is_a_reported_shortfall(database):
    summary = database.select("laser", 50)
    assert (summary.selected, summary.shortfall) == (10, 40)
    assert database.select("random", 50).shortfall == 40


def test_a_dry_run_tells_the_supply_and_records_nothing(database):
    summary = database.select("laser", 50, dry_run=True)
    lines = {line.category: line for line in summary.plan}
    assert (lines["Math"].quota, lines["Math"].candidates, lines["Math"].planned) == (13, 10, 10)
    assert lines["Coding"].shortfall == 13
    assert (summary.selected, summary.shortfall) == (10, 40)
    assert "kmeans(ids" in summary.sql
    assert rows(database, "SELECT count(*) FROM selections") == [(0,)]


def test_missing_scores_name_the_scorers_to_run(warehouse):
    database = Database(warehouse)
    with pytest.raises(StrategyError, match="the pool is empty; put something in: laserdb ingest"):
        database.select("random", 1)
    fill(warehouse, [FakeSample([FakeTurn(difficulty=None)], None)], routes=None)
    with pytest.raises(StrategyError) as error:
        database.select("laser", 1)
    assert str(error.value).endswith(f"run: laserdb score {warehouse.path} difficulty prm embedding")


def test_partly_missing_scores_are_a_warning(warehouse):
    fill(
        warehouse,
        [FakeSample(), FakeSample([FakeTurn(difficulty=None)]), FakeSample([FakeTurn(quality=None)])],
    )
    summary = Database(warehouse).select("laser", 3)
    assert summary.selected == 1
    assert [warning.split(":")[0] for warning in summary.warnings] == ["difficulty", "checks"]
    assert "1 of 3 missing" in summary.warnings[0]


def test_routes_decide_which_quality_counts(database):
    with database.warehouse.write() as session:
        session.run("UPDATE routes SET scorer = 'prm' WHERE category = 'Math'")
    with pytest.raises(StrategyError, match=r"laserdb score .* prm$"):
        database.select("laser", 3)


def test_a_users_own_template(database, tmp_path):
    text = (
        "-- purpose: hardest first\n-- needs: difficulty\n-- param least = 0.0: least f\n"
        "SELECT sample_id, 'hard' AS reason FROM pool WHERE f >= {{ least }} "
        "ORDER BY f DESC, sample_id LIMIT {{ m }}"
    )
    path = template(tmp_path, text)
    summary = database.select(path, 2, params={"least": 0.5})
    assert summary.name == "mine-2"
    assert rows(database, "SELECT sample_id, reason, category FROM selected ORDER BY rank") == [
        (10, "hard", "Math"),
        (9, "hard", "Math"),
    ]


def test_a_template_may_forget_the_limit(database, tmp_path):
    assert database.select(template(tmp_path, "SELECT sample_id FROM pool ORDER BY 1"), 3).selected == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT 1 AS x", "must return a column sample_id"),
        ("SELECT sample_id FROM pols", "mine.sql: Catalog Error: Table with name pols does not exist"),
        ("SELECT sample_id FROM pool UNION ALL SELECT sample_id FROM pool", "more than once"),
        ("SELECT 4711 AS sample_id", "1 samples that aren't in the pool"),
        ("SELECT sample_id FROM pool; DROP TABLE samples", "must be one SELECT"),
        ("SELEC", "Parser Error"),
        ("SELECT 'x' AS sample_id", "Conversion Error"),
        ("SELECT sample_id FROM pool WHERE len(kmeans([1, 999], 1, 0)) = 2", "1 of 2 samples have no vector"),
    ],
)
def test_what_a_template_may_not_do(database, tmp_path, text, message):
    text = "-- needs: embedding\n" + text
    with pytest.raises(LaserdbError) as error:
        database.select(template(tmp_path, text), 20)
    assert message in str(error.value)
    assert len(str(error.value).splitlines()) == 1
    assert rows(database, "SELECT count(*) FROM samples") == [(10,)]


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("n_turnz = 1", 'column "n_turnz" not found'),
        ("source =", "--where"),
        ("true); DROP TABLE selected; SELECT (1", "one condition"),
    ],
)
def test_a_wrong_condition(database, where, message):
    with pytest.raises(LaserdbError) as error:
        database.select("random", 1, where=where)
    assert message.lower() in str(error.value).lower()


def test_a_condition_that_nothing_meets(database):
    assert database.select("laser", 3, where="source = 'none'").shortfall == 3


def test_wrong_calls(database):
    with pytest.raises(UsageError, match="at least 1"):
        database.select("random", 0)
    with pytest.raises(UsageError, match="did you mean gamma"):
        database.select("laser", 1, params={"gama": 1})
