"""The commands around selections: several budgets, reproduced, topped up, swept, compared, explained."""

from __future__ import annotations

import json

import pytest

from laserdb.warehouse import Warehouse
from tests.commands.test_cli import call
from tests.pools import FakeSample, FakeTurn, fill


@pytest.fixture
def db(tmp_path) -> str:
    warehouse = Warehouse(tmp_path / "pool.duckdb", create=True)
    pool = [FakeSample([FakeTurn("Math" if i % 2 else "Coding", i, i)], [i, 1]) for i in range(12)]
    fill(warehouse, pool)
    return warehouse.path


def test_several_budgets(capsys, db):
    code, out, _ = call(capsys, "select", db, "preference", "-m", "2,6", "--json")
    assert code == 0
    found = json.loads(out)
    assert (found["name"], found["selected"]) == ("preference-6", 6)
    assert [(one["name"], one["selected"]) for one in found["nested"]] == [("preference-2", 2)]
    code, out, _ = call(capsys, "select", db, "random", "-m", "1,3")
    assert code == 0
    assert "random-3: 3 samples" in out
    assert "random-1: 1 samples" in out


def test_again(capsys, db):
    call(capsys, "select", db, "laser", "-m", "4")
    code, out, _ = call(capsys, "select", db, "--like", "laser-4")
    assert code == 0
    assert out.startswith("laser-4: reproduced, 4 samples, hash ")
    code, out, _ = call(capsys, "select", db, "--extend", "laser-4", "-m", "6", "--name", "six", "--json")
    assert code == 0
    found = json.loads(out)
    assert (found["name"], found["kept"], found["added"]) == ("six", 4, 2)


@pytest.mark.parametrize(
    "arguments",
    [
        ["laser"],
        ["-m", "5"],
        ["laser", "-m", "5", "--like", "x"],
        ["--like", "x", "--extend", "y"],
        ["--extend", "x", "-m", "1,2"],
    ],
)
def test_wrong_ways_to_ask(capsys, db, arguments):
    code, _, err = call(capsys, "select", db, *arguments)
    assert code == 2
    assert len(err.splitlines()) == 1


def test_a_sweep(capsys, db):
    arguments = ["sweep", db, "laser", "-m", "4", "--set", "gamma=0,100", "--set", "max_tokens=99"]
    code, out, _ = call(capsys, *arguments, "--json")
    assert code == 0
    found = json.loads(out)["rows"]
    assert [(row["gamma"], row["selected"]) for row in found] == [("0", 4), ("100", 4)]
    code, out, _ = call(capsys, *arguments)
    assert code == 0
    assert "jaccard" in out


def test_compare_and_explain(capsys, db):
    call(capsys, "select", db, "preference", "-m", "3")
    call(capsys, "select", db, "random", "-m", "3")
    code, out, _ = call(capsys, "compare", db, "preference-3", "random-3", "--json")
    assert code == 0
    assert json.loads(out)["names"] == ["preference-3", "random-3"]
    code, out, _ = call(capsys, "compare", db, "preference-3", "preference-3")
    assert code == 0
    assert "in both: 3 samples, Jaccard 1.000" in out
    code, out, _ = call(capsys, "explain", db, "preference-3", "id-12")
    assert code == 0
    assert out.startswith("src id-12: chosen as number 1")
    code, _, err = call(capsys, "explain", db, "preference-3", "id-99")
    assert (code, err) == (2, "Error: there is no sample 'id-99'\n")


def test_marks(capsys, db, tmp_path):
    pytest.importorskip("rensa")
    file = tmp_path / "eval.txt"
    file.write_text("something else altogether, of more than four words\n")
    code, out, _ = call(capsys, "decontaminate", db, "--against", str(file), "--json")
    assert code == 0
    assert json.loads(out)["marked"] == 0
    code, out, _ = call(capsys, "dedup", db)
    assert code == 0
    assert "0 of 12 samples marked as duplicate" in out
    assert call(capsys, "decontaminate", db)[0] == 2
