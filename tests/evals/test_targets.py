"""Targets: the templates against plain Python, and the item response model against what it was made from."""

from __future__ import annotations

import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit, roots_hermitenorm

from laserdb.cli import run
from laserdb.errors import InputError, UsageError
from laserdb.evals.load import import_logs
from laserdb.evals.rasch import fit, rasch
from laserdb.evals.records import ReadOptions
from laserdb.evals.targets import compute, targets_sql
from laserdb.train.difficulty_data import difficulty_targets
from laserdb.warehouse import Warehouse
from tests.evals.logs import write_lines


def load(warehouse, tmp_path, rows, items=()):
    path = write_lines(tmp_path / "rows.jsonl", [*rows, *items])
    import_logs(warehouse, [path], ReadOptions())


def grid(scores, dataset="d"):
    return [
        {"dataset": dataset, "item_id": str(i), "model": f"m{m}", "score": score}
        for i, row in enumerate(scores)
        for m, score in enumerate(row)
        if score is not None
    ]


def found(warehouse, method="deviation", **params):
    with warehouse.read() as session:
        table = compute(session, method, {k: json.dumps(v) for k, v in params.items()})
    return {(row["dataset"], row["item_id"]): row["target"] for row in table.to_pylist()}


@given(
    st.lists(
        st.lists(st.sampled_from([None, 0.0, 0.25, 0.5, 1.0]), min_size=3, max_size=3), min_size=1, max_size=6
    )
)
def test_deviation_equals_plain_python(tmp_path_factory, scores):
    rows = grid(scores) + grid(scores[::-1], "other")
    if not rows:
        return
    warehouse = Warehouse(":memory:")
    load(warehouse, tmp_path_factory.mktemp("t"), rows)
    assert found(warehouse) == {k: pytest.approx(v, abs=1e-12) for k, v in difficulty_targets(rows).items()}
    warehouse.close()


def test_parameters(warehouse, tmp_path):
    load(warehouse, tmp_path, grid([[0, 0], [1, 0], [1, None]]))
    assert found(warehouse, drop_unsolved=False) == {
        ("d", "0"): pytest.approx(((2 / 3) + 0) / 2), ("d", "1"): pytest.approx(((2 / 3 - 1) + 0) / 2),
        ("d", "2"): pytest.approx(2 / 3 - 1),
    }  # fmt: skip
    assert found(warehouse, center=False) == {("d", "1"): 0.5, ("d", "2"): 0.0}
    assert set(found(warehouse, least_models=2)) == {("d", "1")}
    with pytest.raises(UsageError, match="unknown parameter"):
        found(warehouse, centre=False)
    with pytest.raises(UsageError, match="unknown method"):
        targets_sql("2pl")


def simulated(items=300, models=8, seed=0):
    rng = np.random.default_rng(seed)
    beta, theta = rng.normal(0, 1.5, items), rng.normal(0.5, 1, models)
    solved = rng.random((items, models)) < expit(theta[None, :] - beta[:, None])
    i, m = np.indices(solved.shape)
    return (
        beta,
        theta,
        (i.ravel() + 1).tolist(),
        (m.ravel() + 1).tolist(),
        solved.astype(float).ravel().tolist(),
    )


def test_rasch_recovers_what_was_planted():
    beta, theta, items, models, scores = simulated(items=2000, models=30)
    estimated, abilities, spread = fit(items, models, scores)
    assert np.corrcoef(beta, estimated)[0, 1] > 0.93
    assert np.abs(abilities - theta).max() < 0.25
    assert spread == pytest.approx(1.5, abs=0.1)


def test_rasch_maximises_the_marginal_likelihood():
    _, _, items, models, scores = simulated(items=60, models=4, seed=3)
    right = np.array(scores).reshape(60, 4)
    nodes, weights = roots_hermitenorm(60)

    def loss(x):
        p = expit(x[:4, None] - np.exp(x[4]) * nodes[None, :]).clip(1e-12, 1 - 1e-12)
        likelihood = np.exp(right @ np.log(p) + (1 - right) @ np.log1p(-p)) @ weights
        return -np.log(likelihood).sum()

    best = minimize(loss, np.zeros(5), bounds=[(-5, 5)] * 4 + [(-2, 2)])
    _, abilities, spread = fit(items, models, scores)
    assert abilities == pytest.approx(best.x[:4], abs=5e-3)
    assert spread == pytest.approx(np.exp(best.x[4]), abs=5e-3)


def test_rasch_with_fractions_and_extremes():
    # all, some, none solved; the last model took only two items
    items = [1, 1, 1, 2, 2, 3, 3, 4, 4, 4]
    models = [1, 2, 3, 1, 2, 1, 2, 1, 2, 3]
    beta = rasch(items, models, [1, 1, 1, 1, 0.5, 0.5, 0.25, 0, 0, 0])
    assert np.isfinite(beta).all()
    assert list(np.argsort(beta)) == [0, 1, 2, 3]


def test_irt_template(warehouse, tmp_path):
    load(warehouse, tmp_path, grid([[1, 1, 1], [1, 0, 0.5], [0, 0, 0]]) + grid([[1, 0], [0, 1]], "e"))
    assert set(found(warehouse, "irt")) == {("d", "0"), ("d", "1"), ("e", "0"), ("e", "1")}
    every = found(warehouse, "irt", drop_unsolved=False)
    expected = rasch([1, 1, 1, 2, 2, 2, 3, 3, 3], [1, 2, 3] * 3, [1, 1, 1, 1, 0, 0.5, 0, 0, 0])
    assert [every["d", str(i)] for i in range(3)] == pytest.approx(expected.tolist(), abs=1e-9)


def test_no_results(warehouse):
    with warehouse.read() as session, pytest.raises(InputError, match="laserdb eval import"):
        compute(session)


def test_command(tmp_path, capsys):
    db = str(tmp_path / "e.duckdb")
    item = {"dataset": "d", "item_id": "0", "instruction": "Add.", "category": "Math", "level": 1}
    load(Warehouse(db, create=True), tmp_path, grid([[1, 1], [0, 1]]), [item])
    out = tmp_path / "targets.parquet"
    assert run(["eval", "targets", db, "-o", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["distribution"][0] == {
        "category": "Math", "dataset": "d", "items": 1, "least_models": 2, "mean": -0.25, "sd": 0.0,
        "p10": -0.25, "median": -0.25, "p90": -0.25,
    }  # fmt: skip
    rows = pq.read_table(out).to_pylist()
    assert [(r["category"], r["level"], r["target"], r["instruction"]) for r in rows] == [
        ("Math", 1.0, -0.25, "Add."), (None, None, 0.25, None),
    ]  # fmt: skip
    for suffix in (".csv", ".jsonl"):
        assert run(["eval", "targets", db, "-o", str(tmp_path / f"t{suffix}")]) == 0
        assert len((tmp_path / f"t{suffix}").read_text().splitlines()) == 2 + (suffix == ".csv")
    capsys.readouterr()
    assert run(["eval", "targets", db, "--sql"]) == 0
    with Warehouse(db).read() as session:
        assert len(session.rows(capsys.readouterr().out)) == 2
    assert run(["eval", "targets", db, "-o", "x.txt"]) == 2
