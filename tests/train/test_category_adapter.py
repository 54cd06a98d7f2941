"""Training of the adapter classifier on a tiny encoder."""

import json

import numpy as np
import pytest

from laserdb.errors import UsageError
from tests.backends import tiny_bert
from tests.train.categories import WORDS, Counted, Killed, asked, train_adapter

pytest.importorskip("torch")
pytest.importorskip("transformers")

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    return tiny_bert.save(tmp_path_factory.mktemp("tiny") / "bert")


def test_adapter(bert, tmp_path):
    result = train_adapter(bert, tmp_path / "a.npz", refit="true")
    assert json.loads(json.dumps(result)) == result
    assert result["evaluation"]["accuracy"] > 0.9
    with np.load(tmp_path / "a.npz") as file:
        assert {name for name in file.files if name.startswith("lora.")} == {
            f"lora.encoder.layer.0.{module}.{side}"
            for module in (
                *(f"attention.self.{name}" for name in ("query", "key", "value")),
                *("attention.output.dense", "intermediate.dense", "output.dense"),
            )
            for side in "AB"
        }
        assert file["head.weights"].shape == (32, 3)
        meta = json.loads(str(file["meta"]))
    assert (meta["layers"], meta["max_length"], meta["long_texts"]) == (1, 128, "head+tail")
    found, sure = asked(tmp_path / "a.npz")
    assert found == list(WORDS)
    assert all(1 / 3 < p <= 1 for p in sure)
    assert "--set rank=4" in (tmp_path / "a.md").read_text()
    assert not (tmp_path / "a.npz.partial").exists()


def test_adapter_goes_on_after_a_kill(bert, tmp_path):
    counted = Counted()
    train_adapter(bert, tmp_path / "whole.npz", counted)
    (steps,) = (done for _, done in counted.begun)
    with pytest.raises(KeyboardInterrupt):
        train_adapter(bert, tmp_path / "b.npz", Killed(steps // 2))
    assert (tmp_path / "b.npz.partial").exists()
    assert not (tmp_path / "b.npz").exists()
    train_adapter(bert, tmp_path / "b.npz")
    with np.load(tmp_path / "whole.npz") as one, np.load(tmp_path / "b.npz") as two:
        for name in one.files:
            if one[name].dtype.kind == "f":
                np.testing.assert_allclose(one[name], two[name], atol=2e-3, err_msg=name)


def test_adapter_begins_with_an_earlier_one(bert, tmp_path):
    first = train_adapter(bert, tmp_path / "first.npz")
    start = {"start": str(tmp_path / "first.npz"), "learning_rate": "1e-9", "head_learning_rate": "1e-9"}
    again = train_adapter(bert, tmp_path / "again.npz", epochs="1", **start)
    assert again["evaluation"]["accuracy"] == first["evaluation"]["accuracy"]
    with np.load(tmp_path / "first.npz") as one, np.load(tmp_path / "again.npz") as two:
        for name in one.files:
            if name.startswith(("lora.", "head.")):
                np.testing.assert_allclose(one[name], two[name], atol=1e-3, err_msg=name)
    card = (tmp_path / "again.md").read_text()
    assert "--set start=first.npz (sha256 " in card
    assert str(tmp_path) not in card
    for other in ({"rank": "2"}, {"scale": "1"}, {"modules": "query"}):
        with pytest.raises(UsageError, match=r"--set start=.*first\.npz: of another rank"):
            train_adapter(bert, tmp_path / "no.npz", **start, **other)


def test_adapter_modules(bert, tmp_path):
    train_adapter(bert, tmp_path / "few.npz", modules="query+value", epochs="1")
    with np.load(tmp_path / "few.npz") as file:
        assert sum(name.startswith("lora.") for name in file.files) == 4
    with pytest.raises(UsageError, match="none of the layers ends so"):
        train_adapter(bert, tmp_path / "a.npz", modules="nothing")


@pytest.mark.parametrize("share", ["0.25", "0.5"])
def test_adapter_keeps_a_share_of_what_it_began_with(bert, tmp_path, share):
    start = str(tmp_path / "first.npz")
    train_adapter(bert, tmp_path / "first.npz")
    train_adapter(bert, tmp_path / "whole.npz", epochs="2", start=start)
    train_adapter(bert, tmp_path / "part.npz", epochs="2", start=start, keep=share)
    moved = 0.0
    with (
        np.load(start) as old,
        np.load(tmp_path / "whole.npz") as new,
        np.load(tmp_path / "part.npz") as part,
    ):
        for name in (n for n in old.files if n.startswith(("lora.", "head."))):
            a, b = old[name].astype(float), new[name].astype(float)
            moved = max(moved, float(np.abs(a - b).max()))
            expected = float(share) * a + (1 - float(share)) * b
            np.testing.assert_allclose(part[name], expected, atol=4e-3, err_msg=name)
    assert moved > 0.05
    assert f"--set keep={share}" in (tmp_path / "part.md").read_text()


def test_adapter_keeps_only_what_it_began_with(bert, tmp_path):
    for given in ({"keep": "0.5"}, {"keep": "1", "start": "a.npz"}, {"keep": "-0.1", "start": "a.npz"}):
        with pytest.raises(UsageError, match=r"keep=.*give a share in \[0, 1\) of what `start` names"):
            train_adapter(bert, tmp_path / "no.npz", **given)
