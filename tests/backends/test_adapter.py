"""Encoders with a merged adapter, on a tiny random BERT."""

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

from laserdb.backends.adapter import AdaptedEncoder, Adapter
from laserdb.errors import ModelNotFound
from tests.backends import tiny_bert

RNG = np.random.default_rng(0)
TEXTS = ["add 1 2", "why?", "write a poem. " * 30, "", "find the list. " * 3]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_bert.save(tmp_path_factory.mktemp("bert"))


def encoder(folder, monkeypatch, **adapter):
    import torch

    monkeypatch.setattr("laserdb.backends.adapter.best_dtype", lambda *_: torch.float32)
    return AdaptedEncoder(str(folder), Adapter(**adapter), device="cpu")


def reference(folder, texts, layers, deltas, scale, max_length):
    """The same by plain means: one text at a time, deltas as matrices of their own."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    model, tokenizer = AutoModel.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    model.encoder.layer = model.encoder.layer[:layers]

    def added(a, b):
        return lambda _, given, out: out + scale * given[0] @ torch.tensor(a).T @ torch.tensor(b).T

    hooks = [model.get_submodule(name).register_forward_hook(added(a, b)) for name, (a, b) in deltas.items()]
    rows = []
    with torch.no_grad():
        for text in texts:
            ids = tokenizer(text, truncation=False, verbose=False)["input_ids"]
            if len(ids) > max_length:
                ids = ids[: max_length - max_length // 2] + ids[-(max_length // 2) :]
            rows.append(model(torch.tensor([ids])).last_hidden_state[0].mean(0).numpy())
    for hook in hooks:
        hook.remove()
    return np.stack(rows)


@pytest.mark.parametrize("layers", [1, 2])
def test_merged_deltas_are_deltas(folder, monkeypatch, layers):
    names = ["encoder.layer.0.attention.self.query", "encoder.layer.0.output.dense"]
    shapes = [(32, 32), (32, 48)]
    deltas = {
        name: (
            RNG.standard_normal((3, wide)).astype(np.float32) / 4,
            RNG.standard_normal((high, 3)).astype(np.float32) / 4,
        )
        for name, (high, wide) in zip(names, shapes, strict=True)
    }
    found = encoder(folder, monkeypatch, deltas=deltas, scale=0.5, layers=layers, max_length=16).encode(TEXTS)
    wanted = reference(folder, TEXTS, layers, deltas, 0.5, 16)
    np.testing.assert_allclose(found, wanted, atol=2e-5)
    plain = encoder(folder, monkeypatch, layers=layers, max_length=16).encode(TEXTS)
    np.testing.assert_allclose(plain, reference(folder, TEXTS, layers, {}, 1, 16), atol=2e-5)
    assert np.abs(found - plain).max() > 0.1


def test_a_text_is_read_from_both_ends(folder, monkeypatch):
    one = encoder(folder, monkeypatch, max_length=16)
    middles = ["write " * 20 + middle + " find" * 20 for middle in ("add", "loop")]
    a, b = one.encode(middles)
    np.testing.assert_array_equal(a, b)
    c, d = one.encode(["write " * 40 + "add", "write " * 40 + "loop"])
    assert np.abs(c - d).max() > 0.01


def test_no_texts_and_bfloat16(folder):
    import torch

    one = AdaptedEncoder(str(folder), Adapter(), device="cpu")
    assert one.encode([]).shape == (0, 32)
    one._model = one._model.to(torch.bfloat16)
    assert one.encode(["add"]).dtype == np.float32


@pytest.mark.parametrize(
    ("adapter", "message"),
    [
        ({"layers": 3}, "has 2 layers, 3 are wanted"),
        (
            {"deltas": {"encoder.nowhere": (np.ones((1, 32)), np.ones((32, 1)))}},
            "no linear layer encoder",
        ),
        (
            {"deltas": {"encoder.layer.0.output.dense": (np.ones((1, 32)), np.ones((32, 1)))}},
            r"of shape \(32, 32\)",
        ),
    ],
)
def test_unfit_adapters(folder, adapter, message):
    with pytest.raises(ModelNotFound, match=message):
        AdaptedEncoder(str(folder), Adapter(**adapter))
