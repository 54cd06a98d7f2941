"""Cascades: who answers, what changes a run's identity, their file, and how the threshold is chosen."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

pytest.importorskip("scipy")

from laserdb.categories import CATEGORIES
from laserdb.errors import ModelNotFound, UsageError
from laserdb.labelled import Labelled
from laserdb.scorers.base import ScorerOptions
from laserdb.scorers.category import Category
from laserdb.scorers.category.cascade import CascadeClassifier, CascadeFile, load_cascade, save_cascade
from laserdb.scorers.category.classifier import Classifier
from laserdb.scorers.category.fast import FastClassifier, FastModel, save_fast_model
from laserdb.scorers.category.find import find_classifier
from laserdb.scorers.category.ngrams import FORMAT
from laserdb.scorers.heads import WEIGHTS, Head, save_head
from laserdb.train.category_cascade import CascadeSettings, train_cascade

RNG = np.random.default_rng(0)
BUCKETS = 256


class Told(Classifier):
    """Reads its answer in the text: "k p" is class k with confidence p; keeps what it was asked."""

    modules = ("scipy",)

    def __init__(self, model, change=0):
        self.model, self.change, self.asked = model, change, []

    @property
    def revision(self):
        return f"{self.model}-1"

    def load(self):
        self.asked.append("load")

    def predict(self, texts, vectors=None):
        self.asked.append(tuple(texts))
        out = np.zeros((len(texts), 7), dtype=np.float32)
        for row, text in enumerate(texts):
            place, sure = int(text.split()[0]), float(text.split()[1])
            out[row] = (1 - sure) / 6
            out[row, (place + self.change) % 7] = sure
        return out


def test_the_careful_one_reads_what_the_quick_one_is_not_sure_of():
    quick, careful = Told("q"), Told("c", change=1)
    both = CascadeClassifier(quick, careful, 0.75, "both")
    texts = ["0 0.9", "1 0.5", "2 0.75", "3 0.76"]
    found = both.predict(texts)
    assert found.argmax(axis=1).tolist() == [0, 2, 3, 3]  # 0.75 isn't more than 0.75
    assert found.dtype == np.float32
    assert careful.asked == [("1 0.5", "2 0.75")]
    assert both.predict([]).shape == (0, 7)
    careful.asked.clear()
    both.predict(["0 0.9"])
    assert careful.asked == []
    assert both.modules == ("scipy",)


def fast_file(path, seed=0):
    rng = np.random.default_rng(seed)
    model = FastModel(
        rng.normal(size=(BUCKETS, 7)).astype(np.float32),
        rng.normal(size=(len(FORMAT), 7)).astype(np.float32),
        np.zeros(7, dtype=np.float32), CATEGORIES, 2.0,
    )  # fmt: skip
    save_fast_model(model, path)
    return path


def cascade(folder, above=0.6, name="both.json"):
    for seed, part in enumerate(("quick.npz", "careful.npz")):
        fast_file(folder / part, seed)
    save_cascade(CascadeFile(folder / "quick.npz", folder / "careful.npz", above), folder / name)
    return folder / name


def texts(count=60):
    words = [*"{}?:", "the", "sum", "of", "a", "poem", "code", "why", "list", "who", "extract", "12", "print"]
    return [" ".join(RNG.choice(words, size=int(RNG.integers(1, 60)))) for _ in range(count)]


def test_a_text_gets_the_same_answer_in_every_batch(tmp_path):
    classifier = find_classifier(ScorerOptions(model=str(cascade(tmp_path))))
    some = texts()
    whole = classifier.predict(some)
    assert {bool(one) for one in (classifier.quick.predict(some).max(axis=1) > 0.6)} == {True, False}
    for size in (1, 7):
        parts = [classifier.predict(some[at : at + size]) for at in range(0, len(some), size)]
        np.testing.assert_array_equal(np.vstack(parts), whole)
    np.testing.assert_array_equal(classifier.predict(some[::-1])[::-1], whole)


def test_the_files_are_named_relative_and_read_back(tmp_path):
    path = cascade(tmp_path, 0.8)
    assert json.loads(path.read_text()) == {"quick": "quick.npz", "careful": "careful.npz", "above": 0.8}
    assert load_cascade(path) == CascadeFile(tmp_path / "quick.npz", tmp_path / "careful.npz", 0.8)
    elsewhere = tmp_path / "sub" / "x.json"
    save_cascade(CascadeFile(path.parent / "quick.npz", path.parent / "careful.npz", 0.5), elsewhere)
    assert Path(load_cascade(elsewhere).quick).is_file()


def identity(model, **params):
    return Category(ScorerOptions(model=str(model), params=params)).identity


def test_identity_holds_both_models_and_the_threshold(tmp_path):
    path = cascade(tmp_path)
    one = identity(path)
    assert dict(one.params) == {"above": 0.6}
    assert identity(path) == one
    other = identity(path, above="0.7")
    assert (dict(other.params), other.revision == one.revision) == ({"above": 0.7}, False)
    for part in ("quick.npz", "careful.npz"):
        fast_file(tmp_path / part, 9)
        assert identity(path).revision != one.revision
        cascade(tmp_path)


def test_at_the_threshold_1_it_is_the_careful_one_alone(tmp_path):
    path = cascade(tmp_path)
    alone = find_classifier(ScorerOptions(model=str(path), params={"above": "1"}))
    assert isinstance(alone, FastClassifier)
    assert (alone.path, dict(alone.params)) == (tmp_path / "careful.npz", {})
    shipped = Category(ScorerOptions(params={"above": "1"})).identity
    assert (shipped.model, dict(shipped.params)) == ("minilm-adapter", {})


def test_what_ships():
    told = load_cascade(WEIGHTS / "category-default.json")
    assert (told.quick.name, told.careful.name) == ("category-fast.npz", "category-adapter.npz")
    assert 0.5 <= told.above < 1
    shipped = Category().identity
    assert (shipped.model, dict(shipped.params)) == ("minilm-cascade", {"above": told.above})
    assert "torch" in Category().needs()
    card = (WEIGHTS / "category-default.md").read_text(encoding="utf-8")
    assert f"**{told.above}**" in card
    assert "(name the data" not in card


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"params": {"above": "2"}}, "from 0 to 1"),
        ({"params": {"above": "nan"}}, "from 0 to 1"),
        ({"params": {"above": "high"}}, "from 0 to 1"),
        ({"params": {"above": "0.5"}, "fast": True}, "for a cascade only"),
        ({"params": {"above": "0.5"}, "model": "x.npz"}, "for a cascade only"),
    ],
)
def test_thresholds_that_make_no_sense(options, message):
    with pytest.raises(UsageError, match=message):
        find_classifier(ScorerOptions(**options))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not a cascade"),
        ("[]", "not a cascade"),
        ('{"quick": "a.npz"}', "not a cascade"),
        ('{"quick": 1, "careful": 2, "above": 0.5}', "not a cascade"),
        ('{"quick": "a.npz", "careful": "b.npz", "above": 7}', "not a confidence"),
        ('{"quick": "a.npz", "careful": "b.npz", "above": 0.5}', "no such file"),
    ],
)
def test_broken_files(tmp_path, text, message):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(ModelNotFound, match=message):
        find_classifier(ScorerOptions(model=str(tmp_path / "x.json")))
    with pytest.raises(ModelNotFound, match="no such file"):
        load_cascade(tmp_path / "none.json")


def test_a_head_on_stored_vectors_is_no_part_of_one(tmp_path):
    path = cascade(tmp_path)
    head = Head(np.eye(384, 2, dtype=np.float32), np.zeros(2, dtype=np.float32), ("Math", "Coding"))
    save_head(head, tmp_path / "quick.npz")
    with pytest.raises(ModelNotFound, match=r"quick\.npz reads stored vectors"):
        find_classifier(ScorerOptions(model=str(path)))


def labelled(some, careful):
    """Texts whose labels are the careful one's answers: the cascade can only lose."""
    found = [CATEGORIES[i] for i in careful.predict(some).argmax(axis=1)]
    return Labelled(tuple(some), tuple(found), ("x",) * len(some))


def test_the_threshold_is_the_lowest_that_loses_little(tmp_path):
    cascade(tmp_path)
    quick, careful = tmp_path / "quick.npz", tmp_path / "careful.npz"
    data = labelled(texts(200), FastClassifier(careful, "c"))
    out = tmp_path / "made.json"
    result = train_cascade(data, [], out, CascadeSettings(loss=0.1), quick=quick, careful=careful)
    assert json.loads(json.dumps(result)) == result
    above = load_cascade(out).above
    assert (result["above"], 0.5 < above < 1) == (above, True)
    assert result["evaluation"]["accuracy"] >= 0.9

    def accuracy(threshold):
        found = find_classifier(ScorerOptions(model=str(out), params={"above": str(threshold)}))
        return np.mean(
            [CATEGORIES[i] for i in found.predict(data.texts).argmax(axis=1)] == np.array(data.labels)
        )

    assert accuracy(above) == pytest.approx(result["evaluation"]["accuracy"])
    assert accuracy(round(above - 0.01, 2)) < 0.9
    assert f"**{above}**" in out.with_suffix(".md").read_text()
    strict = train_cascade(data, [], out, CascadeSettings(loss=0), quick=quick, careful=careful)
    assert strict["evaluation"]["accuracy"] == 1
    assert strict["above"] > above
    given = train_cascade(data, [], out, CascadeSettings(above=0.7), quick=quick, careful=careful)
    assert (given["above"], load_cascade(out).above) == (0.7, 0.7)


def test_commands(tmp_path):
    from laserdb.cli import cli

    cascade(tmp_path)
    parts = ("--quick", str(tmp_path / "quick.npz"), "--careful", str(tmp_path / "careful.npz"))
    some = texts(30)
    rows = zip(some, labelled(some, FastClassifier(tmp_path / "careful.npz", "c")).labels, strict=True)
    path = tmp_path / "data.jsonl"
    path.write_text("".join(json.dumps({"text": t, "label": label}) + "\n" for t, label in rows))

    def run(*call):
        return CliRunner().invoke(cli, call, catch_exceptions=False)

    begin = ("train", "category", "--method", "cascade", "--data", str(path))
    made = run(*begin, "--out", str(tmp_path / "m.json"), *parts, "--set", "loss=0", "--json")
    assert json.loads(made.stdout)["evaluation"]["accuracy"] == 1
    told = run("eval", "category", "--data", str(path), "--model", str(tmp_path / "m.json"), "--json")
    assert json.loads(told.stdout)["accuracy"] == 1
    for wrong in (
        ("--out", str(tmp_path / "m.npz"), *parts),
        ("--out", str(tmp_path / "m.json"), *parts[:2]),
        ("--out", str(tmp_path / "m.json"), *parts, "--set", "loss=many"),
        ("--out", str(tmp_path / "m.json"), *parts, "--set", "above=3"),
    ):
        with pytest.raises(UsageError):
            run(*begin, *wrong)
    with pytest.raises(UsageError, match="for --method cascade"):
        run("train", "category", "--method", "fast", "--data", str(path), "--out", "x.npz", *parts[:2])
