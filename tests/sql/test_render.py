"""Rendered SQL: one snapshot per built-in strategy, and each snapshot also runs."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from laserdb.database import Database
from laserdb.errors import StrategyError, UsageError
from laserdb.sql.header import parse_header, resolve_params
from laserdb.sql.render import Strategy, builtin_strategies, load_strategy, render
from laserdb.warehouse import Warehouse
from tests.pools import FakeSample, FakeTurn, fill

SNAPSHOTS = Path(__file__).parent / "snapshots"


def strategy(text: str) -> Strategy:
    return Strategy("mine", "mine.sql", text, parse_header(text, "mine.sql"))


@pytest.mark.parametrize("name", builtin_strategies())
def test_snapshot(name):
    """UPDATE_SNAPSHOTS=1 writes them anew."""
    loaded = load_strategy(name)
    found = render(loaded, resolve_params(loaded.header, {}, name), m=10, seed=0)
    path = SNAPSHOTS / f"{name}.sql"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(found, encoding="utf-8")
    assert found == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", builtin_strategies())
def test_every_strategy_runs(name):
    database = Database(Warehouse(":memory:"))
    more = {"deita_quality": 3, "deita_complexity": 2, "ifd": 0.5, "alpagasus": 5, "tags": ["a"]}
    turns = [FakeTurn(quality=i / 7, **more) for i in range(12)]
    vectors = [(np.cos(i / 2), np.sin(i / 2)) for i in range(12)]
    fill(
        database.warehouse, [FakeSample([turn], vector) for turn, vector in zip(turns, vectors, strict=True)]
    )
    assert database.select(name, 10).selected == 10
    database.close()


@pytest.mark.parametrize("name", builtin_strategies())
def test_every_strategy_says_what_it_is(name):
    header = load_strategy(name).header
    assert header.purpose
    assert header.source
    assert all(param.help for param in header.params.values())


def test_values_are_escaped_wherever_they_come_from():
    given = {"x": "o'hara; --", "y": [1, 0.5], "z": None}
    found = render(strategy("SELECT {{ x }}, {{ y }}, {{ z }}"), given, m=1, seed=0)
    assert found == "SELECT 'o''hara; --', [1, 0.5::DOUBLE], NULL\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT {{ seeed }}", "mine.sql:1: 'seeed' is undefined; did you mean seed?"),
        ("\n\nSELECT {{ m", "mine.sql:3:"),
        ("SELECT {{ ''.__class__.__mro__ }}", "mine.sql:1:"),
        ('{% import "nope.sql" as x %}', "nope.sql"),
        ("SELECT\n{{ m.x }}", "mine.sql:2:"),
    ],
)
def test_a_wrong_template_is_named_with_its_line(text, message):
    with pytest.raises(StrategyError) as error:
        render(strategy(text), {}, m=1, seed=0)
    assert message in str(error.value)


def test_candidates_have_all_that_the_header_needs():
    head = "-- needs: category, quality, embedding\n-- param max_tokens = 7: at most\n"
    text = f"{head}SELECT 1 WHERE {{{{ candidate }}}}"
    found = render(strategy(text), {"max_tokens": 7}, m=1, seed=0)
    assert found == "SELECT 1 WHERE category IS NOT NULL AND q IS NOT NULL AND embedded AND tokens <= 7\n"
    assert render(strategy("SELECT 1 WHERE {{ candidate }}"), {}, m=1, seed=0) == "SELECT 1 WHERE true\n"


def test_identifiers_are_allow_listed():
    assert render(strategy("SELECT {{ c | ident }}"), {"c": "q"}, m=1, seed=0) == 'SELECT "q"\n'
    with pytest.raises(UsageError, match="unknown column"):
        render(strategy("SELECT {{ c | ident }}"), {"c": "q; DROP TABLE samples"}, m=1, seed=0)


def test_unknown_strategies(tmp_path):
    with pytest.raises(UsageError, match="did you mean laser"):
        load_strategy("lazer")
    with pytest.raises(UsageError, match="no strategy file at"):
        load_strategy(str(tmp_path / "none.sql"))
