import json

import numpy as np
import pytest
from click.testing import CliRunner

from laserdb.errors import InputError, MissingExtra
from laserdb.scorers.heads import load_head
from laserdb.train import category_head, difficulty_head
from laserdb.train.category_head import train_category_head
from laserdb.train.difficulty_data import Ratings, difficulty_targets
from laserdb.train.difficulty_head import spearman, train_difficulty_head
from laserdb.train.folds import random_folds, source_folds

pytest.importorskip("sklearn", reason="not installed: scikit-learn (extra score)")


class Fake:
    """Vectors by the first word of a text, with noise."""

    dimension = 16

    def encode(self, texts):
        rng = np.random.default_rng(len(texts))
        vectors = rng.standard_normal((len(texts), 16)) * 0.1
        for i, text in enumerate(texts):
            vectors[i, {"add": 0, "code": 1, "hard": 2}.get(text.split()[0], 3)] += 1
        return vectors.astype(np.float32)


@pytest.fixture
def fake(monkeypatch):
    for module in (category_head, difficulty_head):
        monkeypatch.setattr(module, "load_encoder", lambda source: Fake())
        monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: True)


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def labelled(tmp_path, with_source=True):
    rows = [
        {"text": f"{word} {i}", "label": label, **({"source": f"{label}-{i % 3}"} if with_source else {})}
        for word, label in (("add", "Math"), ("code", "Coding"))
        for i in range(30)
    ]
    return write(tmp_path / "train.jsonl", rows)


def test_category(tmp_path, fake):
    data, out, said = labelled(tmp_path), tmp_path / "head.npz", []
    result = train_category_head([data], out, progress=said.append)
    assert json.loads(json.dumps(result)) == result
    assert set(result["evaluation"]) == {"random folds", "unseen sources"}
    assert result["evaluation"]["unseen sources"]["accuracy"] == 1.0
    head = load_head(out)
    assert head.classes == ("Math", "Coding")
    assert head.probabilities(Fake().encode(["add 1", "code 2"])).argmax(axis=1).tolist() == [0, 1]
    assert said[0] == "embedding 60 texts with all-MiniLM-L6-v2"
    before = out.read_bytes()
    train_category_head([data], out)
    assert out.read_bytes() == before


def test_category_card_keeps_what_people_wrote(tmp_path, fake):
    data, out = labelled(tmp_path), tmp_path / "head.npz"
    train_category_head([data], out, seed=3)
    card = out.with_suffix(".md")
    call = "--method head --data train.jsonl --out head.npz --model all-MiniLM-L6-v2 --seed 3"
    assert f"laserdb train category {call}" in card.read_text()
    assert str(tmp_path) not in card.read_text()
    card.write_text(card.read_text().replace("(what it is bad at)", "Only toys."))
    train_category_head([data], out, seed=4)
    text = card.read_text()
    assert "Only toys." in text
    assert "--seed 4" in text
    assert "--seed 3" not in text


def test_category_without_sources(tmp_path, fake):
    result = train_category_head([labelled(tmp_path, with_source=False)], tmp_path / "head.npz")
    assert set(result["evaluation"]) == {"random folds"}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"text": "a", "label": "Maths"}], "unknown category 'Maths'"),
        ([{"text": "a", "label": "Math"}] * 9, "two categories"),
        ([], "two categories"),
    ],
)
def test_unfit_categories(tmp_path, fake, rows, message):
    with pytest.raises(InputError, match=message):
        train_category_head([write(tmp_path / "bad.jsonl", rows)], tmp_path / "head.npz")


def test_missing_library(tmp_path, monkeypatch):
    monkeypatch.setattr(category_head.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"laserdb\[score\]"):
        train_category_head([tmp_path / "none"], tmp_path / "head.npz")


def test_targets_follow_the_formula():
    rows = [
        {"dataset": "d", "item_id": item, "model": model, "score": score}
        for item, scores in {"easy": (1, 1), "hard": (0.5, 0), "never": (0, 0)}.items()
        for model, score in zip("ab", scores, strict=True)
    ]
    # without "never", the means are a: 0.75 and b: 0.5
    assert difficulty_targets(rows) == {
        ("d", "easy"): pytest.approx(-(0.25 + 0.5) / 2),
        ("d", "hard"): pytest.approx((0.25 + 0.5) / 2),
    }


@pytest.mark.parametrize("score", [1.5, -0.1, "word", None, float("nan")])
def test_scores_outside_the_range(score):
    with pytest.raises(InputError, match="item i of d"):
        difficulty_targets([{"dataset": "d", "item_id": "i", "model": "m", "score": score}])


def test_spearman():
    assert spearman(np.array([1.0, 2, 3]), np.array([10.0, 20, 90])) == pytest.approx(1)
    assert spearman(np.array([1.0, 2, 2, 4]), np.array([4.0, 2, 2, 1])) == pytest.approx(-1)
    assert spearman(np.array([1.0, 1]), np.array([1.0, 2])) == 0


def results(tmp_path):
    items, evals = [], []
    for dataset in ("one", "two"):
        for i in range(20):
            word = "hard" if i % 2 else "easy"
            items.append({"dataset": dataset, "item_id": f"{dataset}{i}", "instruction": f"{word} {i}"})
            for model, right in (("m", 0.9), ("n", 0.5)):
                score = right * (0.3 if i % 2 else 1)
                evals.append({"dataset": dataset, "item_id": f"{dataset}{i}", "model": model, "score": score})
    return write(tmp_path / "items.jsonl", items), write(tmp_path / "evals.jsonl", evals)


def test_difficulty(tmp_path, fake):
    items, evals = results(tmp_path)
    result = train_difficulty_head([items], [evals], tmp_path / "head.npz")
    assert json.loads(json.dumps(result)) == result
    assert result["rows"] == 40
    assert result["spearman_unseen_sets"] > 0.7
    easy, hard = load_head(tmp_path / "head.npz").values(Fake().encode(["easy 1", "hard 2"]))
    assert hard - easy > 0.3
    assert "| one | 20 |" in (tmp_path / "head.md").read_text()


def test_ratings_teach_what_results_do_not(tmp_path, fake):
    """Models do alike on "add" and "code"; people find code harder, and so does the head."""
    items, evals = results(tmp_path)
    rated = [
        {"dataset": "m", "instruction": f"{('add', 'code')[i % 2]} {i}", "difficulty": i % 2}
        for i in range(40)
    ]
    path, held = write(tmp_path / "rated.jsonl", rated), tmp_path / "held.jsonl"
    result = train_difficulty_head(
        [items], [evals], tmp_path / "head.npz", ratings=[Ratings(path, 2.0)], together=[("one", "two")],
        held_out=held,
    )  # fmt: skip
    add, code, hard = load_head(tmp_path / "head.npz").values(Fake().encode(["add 1", "code 2", "hard 3"]))
    assert code - add > 0.1
    assert hard - add > 0.1
    assert result["spearman_unseen_sets"] is None  # there is one family: items are held out instead
    (one,) = result["rated"]
    assert (one["dataset"], one["texts"]) == ("m", 40)
    assert abs(one["spearman"]) < 0.5  # without these ratings nothing tells add from code
    lines = [json.loads(line) for line in held.read_text().splitlines()]
    assert len(lines) == 40
    scores = {line["item_id"]: line["score"] for line in lines}
    assert scores["one1"] > scores["one0"]
    card = (tmp_path / "head.md").read_text()
    assert "--ratings rated.jsonl=2 --together one,two" in card
    assert "| m | 40 |" in card


def test_difficulty_without_items(tmp_path, fake):
    _, evals = results(tmp_path)
    with pytest.raises(InputError, match="only 0 items"):
        train_difficulty_head([write(tmp_path / "none.jsonl", [])], [evals], tmp_path / "head.npz")


def test_folds():
    labels = ["x"] * 10 + ["y"] * 6
    sources = [f"s{i % 3}" for i in range(10)] + ["t0", "t0", "t0", "t1", "t1", "s0"]
    folds = source_folds(labels, sources, 5, seed=1)
    assert all(len({f for f, s in zip(folds, sources, strict=True) if s == one}) == 1 for one in set(sources))
    for label in "xy":
        assert len({f for f, name in zip(folds, labels, strict=True) if name == label}) > 1
    assert sorted(np.bincount(random_folds(labels, 5, seed=1)).tolist()) == [3, 3, 3, 3, 4]


def test_commands(tmp_path, fake):
    from laserdb.cli import cli

    data = str(labelled(tmp_path))
    out = str(tmp_path / "h.npz")
    done = CliRunner().invoke(
        cli, ["train", "category", "--method", "head", "--data", data, "--out", out, "--json"]
    )
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["rows"] == 60
    assert "embedding" in done.stderr
    items, evals = map(str, results(tmp_path))
    done = CliRunner().invoke(cli, ["train", "difficulty", "--items", items, "--evals", evals, "--out", out])
    assert done.exit_code == 0, done.output
    assert "Spearman on unseen data sets" in done.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--ratings", "{rated}=x"], "the weight must be a number above 0"),
        (["--ratings", "{rated}=-1"], "the weight must be a number above 0"),
        (["--ratings", "{rated}", "--backbone", "m"], "go without --backbone"),
        (["--together", "one,three"], "--together three: no such data set"),
        (["--ratings", "nowhere.jsonl=2"], "nowhere.jsonl: No such file"),
    ],
)
def test_wrong_ratings(tmp_path, fake, capsys, options, message):
    from laserdb.cli import run

    items, evals = map(str, results(tmp_path))
    rated = write(tmp_path / "rated.jsonl", [{"dataset": "m", "instruction": "add", "difficulty": 1}])
    given = [option.format(rated=rated) for option in options]
    assert run(["train", "difficulty", "--items", items, "--evals", evals, "--out", "h.npz", *given]) in (
        1,
        2,
    )
    assert message in capsys.readouterr().err
