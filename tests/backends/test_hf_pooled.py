"""Heads of reward models on the backend hf, against the same computed by hand."""

import json

import numpy as np
import pytest
import torch
from transformers import LlamaForSequenceClassification, Qwen2ForTokenClassification, Qwen2Model

from laserdb.backends.base import BackendOptions, PermanentError
from laserdb.backends.hf import HfBackend
from laserdb.backends.hf.prm import process_reward_model
from laserdb.errors import UsageError
from tests.backends import tiny

STEPS = ["one<step>", "two plus two<step>is four<step>" + "so " * 40 + "four<step>", "none", "<step><step>"]
COUNTS = [1, 3, 0, 2]


def opened(folder, **options):
    return HfBackend(BackendOptions(str(folder), task="pool", dtype="float32", **options))


@pytest.mark.parametrize("side", ["left", "right"])
def test_process_rewards_by_hand(tmp_path, side):
    prm = process_reward_model()
    tiny.save(tmp_path, "Qwen2", bos=False, padding_side=side, model_class=prm)
    assert json.loads((tmp_path / "config.json").read_text())["architectures"] == [
        "Qwen2ForProcessRewardModel"
    ]
    model = prm.from_pretrained(tmp_path)
    names = {name.partition(".")[0] for name in model.state_dict()}
    assert names == {"model", "score"}  # as in the published checkpoint
    backbone = Qwen2Model(model.config).eval()
    backbone.load_state_dict(model.model.state_dict())
    weights = model.score.state_dict()
    backend = opened(tmp_path, tokens_per_batch=200)
    told = backend.pooled(STEPS, "<step>")
    for text, got, count in zip(STEPS, told, COUNTS, strict=True):
        ids = backend.token_ids(text)
        with torch.no_grad():
            hidden = backbone(input_ids=torch.tensor([ids]))[0][0]
        hidden = (hidden @ weights["0.weight"].T + weights["0.bias"]).clamp(min=0)
        outputs = hidden @ weights["2.weight"].T + weights["2.bias"]
        expected = outputs[[i for i, token in enumerate(ids) if token == tiny.SPECIAL.index("<step>")]]
        assert got.shape == (count, 2)
        np.testing.assert_allclose(got, expected.numpy(), atol=1e-4)
    alone = [backend.pooled([text], "<step>")[0] for text in STEPS]
    for one, many in zip(alone, told, strict=True):
        np.testing.assert_allclose(one, many, atol=1e-4)


@pytest.mark.parametrize(
    ("kind", "model_class"),
    [("Llama", LlamaForSequenceClassification), ("Qwen2", Qwen2ForTokenClassification)],
)
def test_the_last_token_of_other_heads(tmp_path, kind, model_class):
    tiny.save(tmp_path, kind, bos=False, padding_side="left", model_class=model_class, num_labels=3)
    model = model_class.from_pretrained(tmp_path)
    backend = opened(tmp_path)
    texts = ["a", "b<pad>", "c" * 60, "<pad>d<|end|>"]  # padding tokens within a text are text
    told = backend.pooled(texts, None)
    for text, got in zip(texts, told, strict=True):
        ids = torch.tensor([backend.token_ids(text)])
        model.config.pad_token_id = 299  # in none of the texts
        with torch.no_grad():
            logits = model(ids).logits
        assert got.shape == (1, 3)
        np.testing.assert_allclose(got[0], logits.reshape(-1, 3)[-1], atol=1e-4)


def test_errors(tmp_path):
    tiny.save(tmp_path, "Qwen2", bos=False, padding_side="right", model_class=process_reward_model())
    backend = opened(tmp_path)
    first, second, third = backend.pooled(["a<step>", "x" * 600, ""], "<step>")
    assert first.shape == (1, 2)
    assert (type(second), second.kind) == (PermanentError, "too_long")
    assert third.kind == "empty"
    with pytest.raises(UsageError, match="is 2 tokens"):
        backend.pooled(["a"], "ab")
