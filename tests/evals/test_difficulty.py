"""`laserdb eval difficulty`: correlations against scipy's, intervals that cover, and the whole command."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from laserdb.cli import run
from laserdb.database import connect
from laserdb.errors import InputError, UsageError
from laserdb.evals.agreement import mean_spearman, pearson, spearman
from laserdb.evals.difficulty import Measured, agreement, category_means, sample
from laserdb.evals.figure import correlations
from laserdb.evals.load import import_logs
from laserdb.evals.measure import Request, measure
from laserdb.evals.records import ReadOptions
from laserdb.evals.scoring import stored_scores
from laserdb.progress import Silent
from laserdb.warehouse import Warehouse
from tests.evals.logs import write_lines

NUMBERS = st.lists(st.tuples(st.integers(-4, 4), st.floats(-9, 9, width=16)), min_size=3, max_size=30)


@given(NUMBERS)
def test_coefficients_equal_scipy(pairs):
    a, b = (np.array(side, dtype=float) for side in zip(*pairs, strict=True))
    if a.std() < 1e-6 or b.std() < 1e-6:
        return
    assert spearman(a, b).value == pytest.approx(stats.spearmanr(a, b).statistic, abs=1e-9)
    assert pearson(a, b).value == pytest.approx(stats.pearsonr(a, b).statistic, abs=1e-6)


def test_constants_have_none():
    assert spearman(np.ones(9), np.arange(9.0)).value is None
    assert pearson(np.arange(2.0), np.arange(2.0)).value is None


def test_interval_is_about_the_normal_one():
    rng = np.random.default_rng(0)
    a = rng.standard_normal(400)
    b = 0.5 * a + rng.standard_normal(400)
    found = pearson(a, b, 2000, seed=1)
    expected = stats.pearsonr(a, b).confidence_interval(0.95)
    assert found.low == pytest.approx(expected.low, abs=0.02)
    assert found.high == pytest.approx(expected.high, abs=0.02)
    assert pearson(a, b, 2000, seed=1) == found


def test_mean_over_groups():
    up, down = (np.arange(5.0), np.arange(5.0)), (np.arange(5.0), -np.arange(5.0))
    assert mean_spearman([up, down, (np.ones(5), np.arange(5.0))], 50, 0).value == pytest.approx(0)


def made():
    nan = np.nan
    return Measured(
        dataset=np.array(["a", "a", "a", "b", "b", "b"]),
        category=np.array(["Math", "Math", "Coding", "Math", "Coding", "Coding"]),
        target=np.array([1.0, 2, 3, 1, 2, 4]),
        level=np.array([nan] * 6),
        length=np.array([1.0, 1, 1, 5, 6, 7]),
    )


def test_agreement_leaves_out_what_is_missing():
    found = agreement(made(), np.array([1, 2, np.nan, 3, 4, 5]), made().target, 0, 0)
    assert found["overall"]["items"] == 5
    assert found["by_dataset"]["a"] == {
        "items": 2,
        "spearman": {"value": None, "low": None, "high": None},
        "pearson": {"value": None, "low": None, "high": None},
    }
    assert found["by_dataset"]["b"]["spearman"]["value"] == 1.0
    assert found["by_category"]["Coding"]["items"] == 2


def test_category_means_come_from_other_sets():
    # a: Math elsewhere is 1, Coding elsewhere 3; b: Math elsewhere 1.5, Coding elsewhere 3
    assert category_means(made()).tolist() == [1, 1, 3, 1.5, 3, 3]


def test_sample():
    names = ["a"] * 50 + ["b"] * 3
    chosen = sample(names, 10, seed=0)
    assert sum(names[i] == "a" for i in chosen) == 10
    assert sum(names[i] == "b" for i in chosen) == 3
    assert chosen == sorted(chosen) == sample(names, 10, seed=0)
    assert sample(names, None, seed=0) == list(range(53))


def rows(n=12):
    items = [
        {
            "dataset": "d",
            "item_id": str(i),
            "instruction": "word " * (1 + i),
            "category": "Math",
            "level": n - i,
        }
        for i in range(n)
    ]
    results = [
        {"dataset": "d", "item_id": str(i), "model": m, "score": (n - i) / n * s}
        for i in range(n)
        for m, s in (("x", 1), ("y", 0.5))
    ]
    return items, results


def test_report_from_files(tmp_path):
    pytest.importorskip("tokenizers")
    items, results = rows()
    files = [write_lines(tmp_path / "i.jsonl", items), write_lines(tmp_path / "e.jsonl", results)]
    scores = write_lines(
        tmp_path / "mine.jsonl",
        [{"dataset": "d", "item_id": str(i), "score": -i if i else "failed"} for i in range(12)],
    )
    found = measure(Request(files=files, scores=[scores], times=50), Silent())
    sections = found["scorers"]
    assert found["items"] == 12
    assert (sections["mine"]["scored"], sections["mine"]["unscored"]) == (11, 1)
    assert sections["mine"]["target"]["overall"]["spearman"] == {"value": -1.0, "low": -1.0, "high": -1.0}
    assert sections["mine"]["level"]["overall"]["spearman"]["value"] == 1.0
    assert sections["length"]["target"]["by_category"]["Math"]["spearman"]["value"] == 1.0
    assert sections["length"]["length"]["overall"]["pearson"]["value"] == 1.0
    with pytest.raises(UsageError, match="unknown data set 'e'"):
        measure(Request(files=files, datasets=["e"]), Silent())
    with pytest.raises(InputError, match="has no score of these items"):
        measure(Request(files=files, scores=[files[0]]), Silent())
    with pytest.raises(InputError, match="no item has both results and an instruction"):
        measure(Request(files=files[1:]), Silent())


def test_stored_scores_are_found_by_text(tmp_path):
    path = write_lines(tmp_path / "p.jsonl", [{"instruction": " Cafe\u0301? ", "output": "Yes, in Paris."}])
    with connect() as db:
        db.ingest(path)
        db.score(["checks"])
        with db.warehouse.read() as session:
            expected = session.value("SELECT score FROM score_checks")
            found = stored_scores(session, "checks", ["Caf\u00e9?", "x"])
            with pytest.raises(UsageError, match="laserdb score DB ifd"):
                stored_scores(session, "ifd", ["x"])
    assert found[0] == expected
    assert np.isnan(found[1])


def test_command(tmp_path, capsys):
    pytest.importorskip("tokenizers")
    items, results = rows()
    db, figure = str(tmp_path / "e.duckdb"), tmp_path / "f.svg"
    import_logs(
        Warehouse(db, create=True), [write_lines(tmp_path / "r.jsonl", [*items, *results])], ReadOptions()
    )
    assert run(["eval", "difficulty", db, "--bootstrap", "20", "--figure", str(figure), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told["scorers"]) == {"length", "category mean"}
    assert ElementTree.fromstring(figure.read_text()).tag.endswith("svg")
    assert run(["eval", "difficulty", db]) == 0
    assert "Spearman with people's levels" in capsys.readouterr().out
    assert run(["eval", "difficulty"]) == 2
    assert run(["eval", "difficulty", db, "--scorer", "checks"]) == 2
    assert "reads responses" in capsys.readouterr().err


def test_scorers_of_responses_read_the_reference(tmp_path, capsys):
    """`checks` finds the wrong sum of a reference, and gives no score where there is none."""
    answers = ["2 + 2 = 5", "2 + 2 = 4", "3 + 3 = 7", None]
    items = [
        {"dataset": "d", "item_id": i, "instruction": "Add the numbers.", "reference": answer}
        for i, answer in enumerate(answers)
    ]
    results = [
        {"dataset": "d", "item_id": i, "model": "m", "score": score}
        for i, score in enumerate([1, 0.2, 0.9, 0.5])
    ]
    path = write_lines(tmp_path / "r.jsonl", [*items, *results])
    assert run(["eval", "difficulty", "--evals", str(path), "--scorer", "checks", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["scorers"]["checks"]
    assert (told["scored"], told["unscored"]) == (3, 1)
    expected = stats.spearmanr([0, 1, 0], [1, 3, 2]).statistic
    assert told["target"]["overall"]["spearman"]["value"] == pytest.approx(expected, abs=1e-4)


def test_figure_escapes_names():
    one = {"value": 0.5, "low": 0.1, "high": 0.9}
    sections = {"<s>": {"target": {"by_dataset": {"a&b": {"spearman": one}}, "mean_over_datasets": one}}}
    drawn = correlations(sections, "t")
    root = ElementTree.fromstring(drawn)
    texts = [node.text for node in root.iter() if node.tag.endswith("text")]
    assert "a&b" in texts
    assert "<s>" in texts
    assert sum(node.tag.endswith("circle") for node in root.iter()) == 3
