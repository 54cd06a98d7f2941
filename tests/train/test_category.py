"""Training of the classifiers on tiny encoders: few steps, what is written, what goes on after a kill."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from laserdb.errors import UsageError
from laserdb.labelled import Labelled
from laserdb.progress import Silent
from laserdb.scorers.base import Batch, ScorerOptions, Turn
from laserdb.scorers.category import Category
from laserdb.scorers.heads import load_head
from laserdb.train.settings import with_settings
from laserdb.train.validation import split_off
from tests.backends import tiny_bert
from tests.train.categories import LETTERS, WORDS, Counted, Killed, asked, data, train_adapter

pytest.importorskip("torch")
pytest.importorskip("transformers")

pytestmark = pytest.mark.usefixtures("one_thread")


def test_split():
    by_source = split_off(data(), None, 0.3, 0)
    assert by_source.how == "whole sources"
    assert not set(by_source.train.sources) & set(by_source.valid.sources)
    assert by_source.train.classes == tuple(WORDS)
    whole = data()
    plain = Labelled(whole.texts, whole.labels, ("",) * len(whole))
    at_random = split_off(plain, None, 0.25, 0)
    assert (at_random.how, len(at_random.valid)) == ("at random", 18)
    assert split_off(plain, None, 0, 0).valid is None


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    return tiny_bert.save(tmp_path_factory.mktemp("tiny") / "bert")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"rnk": "4"}, "no such setting"),
        ({"rank": "many"}, "give a value like 16"),
        ({"rank": "0"}, "at least 1"),
        ({"refit": "perhaps"}, "give a value like False"),
    ],
)
def test_settings(given, message):
    from laserdb.train.category_adapter import AdapterSettings

    with pytest.raises(UsageError, match=message):
        with_settings(AdapterSettings(), given)


def test_the_papers_hyperparameters():
    from laserdb.train.setfit_phases import SetFitSettings

    paper = SetFitSettings()
    assert (paper.batch_size, paper.epochs, paper.end_to_end) == ((16, 2), (1, 15), True)
    assert (paper.body_learning_rate, paper.head_learning_rate) == ((2e-5, 1e-5), 1e-4)
    assert paper.max_steps == 500
    assert with_settings(paper, {"batch_size": "8,4"}).batch_size == (8, 4)
    with pytest.raises(UsageError, match="give a value like 16,2"):
        with_settings(paper, {"batch_size": "8"})


def test_every_setting_is_in_the_help():
    from dataclasses import fields

    from laserdb.commands.train_category import category
    from laserdb.train.category_adapter import AdapterSettings
    from laserdb.train.category_cascade import CascadeSettings
    from laserdb.train.category_fast import FastSettings
    from laserdb.train.setfit_phases import SetFitSettings

    for settings in (SetFitSettings, AdapterSettings, FastSettings, CascadeSettings):
        for field in fields(settings):
            assert field.name in category.help, field.name


def test_fast_learns_from_a_teacher(bert, tmp_path):
    from laserdb.train.category_fast import FastSettings, Teaching, train_fast

    train_adapter(bert, tmp_path / "teacher.npz")
    split = split_off(data(6), None, 0.3, 0)
    settings = with_settings(FastSettings(), {"bits": "10", "iterations": "60"})
    teaching = Teaching(str(tmp_path / "teacher.npz"), [f"sum {c} {i}" for c in LETTERS for i in range(5)])
    result = train_fast(split, [], tmp_path / "f.npz", settings, teaching=teaching, progress=Silent())
    assert json.loads(json.dumps(result)) == result
    assert (result["unlabelled"], result["bytes"]) == (40, (tmp_path / "f.npz").stat().st_size)
    assert asked(tmp_path / "f.npz")[0] == list(WORDS)
    with pytest.raises(UsageError, match="needs --teacher"):
        train_fast(split, [], tmp_path / "g.npz", settings, teaching=Teaching("", ["x"]), progress=Silent())


@pytest.fixture(scope="module")
def body(tmp_path_factory):
    pytest.importorskip("setfit")
    return tiny_bert.save(tmp_path_factory.mktemp("tiny") / "body", sentence=True)


FEW = {
    "max_steps": "6", "epochs": "1,8", "batch_size": "8,4", "body_learning_rate": "1e-3,1e-3",
    "head_learning_rate": "0.05",
}  # fmt: skip


def train_setfit(body, out, progress=None, **more):
    from laserdb.train.category_setfit import train_setfit
    from laserdb.train.setfit_phases import SetFitSettings

    settings = with_settings(SetFitSettings(), FEW | more)
    split = split_off(data(), None, 0.3, 0)
    return train_setfit(split, [], out, settings, body=str(body), progress=progress or Silent())


def test_setfit_is_trained_saved_and_used(body, tmp_path):
    counted = Counted()
    result = train_setfit(body, tmp_path / "m", counted)
    assert json.loads(json.dumps(result))["settings"]["batch_size"] == [8, 4]
    assert [name for name, _ in counted.begun] == ["pairs (first phase)", "categories (second phase)"]
    assert counted.begun[0][1] == result["steps"][0] == 6
    assert result["evaluation"]["accuracy"] > 0.9
    head = load_head(tmp_path / "m" / "head.npz")
    assert (head.classes, head.temperature) == (tuple(WORDS), pytest.approx(result["temperature"], abs=1e-4))
    card = (tmp_path / "m" / "README.md").read_text()
    assert "Rows are the true categories" in card
    assert "--set max_steps=6" in card
    found, sure = asked(tmp_path / "m")
    assert found == list(WORDS)

    # The library reads it too, and gives the same probabilities but for the temperature.
    from setfit import SetFitModel

    theirs = SetFitModel.from_pretrained(str(tmp_path / "m"))
    assert theirs.predict(["add sum b", "code loop c"]) == list(WORDS)[:2]
    logits = np.log(theirs.predict_proba(["add sum b"], as_numpy=True)[0]) / head.temperature
    probability = np.exp(logits).max() / np.exp(logits).sum()
    assert probability == pytest.approx(sure[0], abs=0.02)

    # What it is belongs to the run, and a text longer than it reads doesn't break it.
    scorer = Category(ScorerOptions(model=str(tmp_path / "m")))
    assert scorer.identity.params["kind"] == "setfit"
    (long,) = scorer.score(Batch([Turn("write poem " * 500)]))
    assert long.values["category"] in WORDS


def test_a_pickled_head_is_not_read_unasked(body, tmp_path):
    from laserdb.errors import ModelNotFound

    train_setfit(body, tmp_path / "m")
    (tmp_path / "m" / "head.npz").unlink()
    with pytest.raises(ModelNotFound, match="--trust-remote-code"):
        asked(tmp_path / "m")
    assert asked(tmp_path / "m", trust_remote_code=True)[0] == list(WORDS)
    (tmp_path / "m" / "model_head.pkl").unlink()
    with pytest.raises(ModelNotFound, match="no SetFit model"):
        asked(tmp_path / "m")


def test_setfit_goes_on_after_a_kill(body, tmp_path):
    train_setfit(body, tmp_path / "whole", epochs="1,3")
    steps = 6 + 12 + 6  # in the second epoch of the second phase
    with pytest.raises(KeyboardInterrupt):
        train_setfit(body, tmp_path / "m", Killed(steps), epochs="1,3")
    assert (tmp_path / "m.partial").exists()
    assert not (tmp_path / "m").exists()
    counted = Counted()
    train_setfit(body, tmp_path / "m", counted, epochs="1,3")
    assert [name for name, _ in counted.begun] == ["categories (second phase)"]
    one, two = load_head(tmp_path / "whole" / "head.npz"), load_head(tmp_path / "m" / "head.npz")
    np.testing.assert_allclose(one.weight, two.weight, atol=1e-5)


def test_setfit_overwrites_only_models(body, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="no SetFit model"):
        train_setfit(body, tmp_path / "mine")


def test_commands(tmp_path):
    from laserdb.cli import cli

    def run(*call):
        return CliRunner().invoke(cli, call, catch_exceptions=False)

    whole = data()
    path = tmp_path / "train.jsonl"
    rows = zip(whole.texts, whole.labels, whole.sources, strict=True)
    keys = ("text", "label", "source")
    path.write_text("".join(json.dumps(dict(zip(keys, row, strict=True))) + "\n" for row in rows))
    out = str(tmp_path / "f.npz")
    few = ("--set", "iterations=40", "--set", "bits=10")
    done = run("train", "category", "--method", "fast", "--data", str(path), "--out", out, *few)
    assert "validation texts: accuracy 1.000" in done.stdout
    done = run("eval", "category", "--data", str(path), "--model", out)
    assert "accuracy 1.000, macro-F1 1.000, Cohen's kappa 1.000" in done.stdout
    done = run("eval", "category", "--data", str(path), "--model", out, "--json")
    told = json.loads(done.stdout)
    assert (told["accuracy"], told["failures"], told["texts"]) == (1.0, {}, 72)
    assert told["confusion"]["rows"]["Math"] == [24, 0, 0, 0, 0, 0, 0]
    for wrong in (
        ["--out", str(tmp_path / "f.npz")],
        ["--out", str(tmp_path / "f"), "--method", "fast"],
        ["--out", str(tmp_path / "f"), "--teacher", "x"],
        ["--out", str(tmp_path / "f.npz"), "--method", "head", "--set", "a=b"],
    ):
        with pytest.raises(UsageError):
            run("train", "category", "--data", str(path), *wrong)
