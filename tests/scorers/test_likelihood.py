"""ifd and perplexity against sums made by hand from the model's own logits."""

import math

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from laserdb.backends.base import TextLogprobs
from laserdb.errors import UsageError
from laserdb.scorers.base import Batch, ScorerOptions, Turn
from laserdb.scorers.likelihood import Ifd, Perplexity, difficulty, perplexity
from tests.backends import tiny

TURNS = [Turn("say", "hello there"), Turn("a longer question?", "no"), Turn("x", "abc " * 20)]


@pytest.fixture(scope="module", params=[True, False], ids=["bos", "no-bos"])
def model(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lm")
    tiny.save(folder, "Llama", bos=request.param, padding_side="left")
    return str(folder), request.param


def losses(model, turn):
    """Mean losses of a response after the chat prompt and after nothing, over the same tokens."""
    folder, bos = model
    network = AutoModelForCausalLM.from_pretrained(folder).eval()
    tokenizer = tiny.tokenizer(bos=False, padding_side="left")

    def nll(before):
        own = tokenizer.encode(turn.response)
        with torch.no_grad():
            logits = network(torch.tensor([before + own])).logits[0].log_softmax(-1)
        first = max(len(before) - 1, 0)
        known = own if before else own[1:]
        return -logits[first : first + len(known)].gather(1, torch.tensor(known)[:, None])[:, 0].numpy()

    prompt = f"<|user|>{turn.instruction}<|end|><|assistant|>"
    given, alone = nll(tokenizer.encode(prompt)), nll([0] if bos else [])
    return given, alone


def test_by_hand(model):
    params = {"dtype": "float32"}
    ifd = Ifd(ScorerOptions(model[0], params=params)).score(Batch(TURNS))
    ppl = Perplexity(ScorerOptions(model[0], params=params)).score(Batch(TURNS))
    for turn, one, other in zip(TURNS, ifd, ppl, strict=True):
        given, alone = losses(model, turn)
        assert other.score == pytest.approx(math.exp(given.mean()), rel=1e-4)
        assert other.values["tokens"] == len(given)
        shared = given[len(given) - len(alone) :]
        assert one.score == pytest.approx(shared.mean() / alone.mean(), rel=1e-4)
        assert one.values["loss_alone"] == pytest.approx(alone.mean(), rel=1e-4)
        assert one.values["tokens"] == len(alone)
        assert one.values["truncated"] is False


def test_plain_prompts(model):
    options = {"dtype": "float32", "format": "plain"}
    scorer = Perplexity(ScorerOptions(model[0], params=options))
    assert scorer.before("Q") == "Q\n\n"
    assert scorer.score(Batch([TURNS[0]]))[0].score > 1
    assert scorer.identity.params["format"] == "plain"


def test_typed_failures(model):
    ifd = Ifd(ScorerOptions(model[0], params={"dtype": "float32"}))
    told = ifd.score(Batch([Turn("a", ""), Turn("a", " \n"), Turn("a", "ok then")]))
    assert [one.kind for one in told[:2]] == ["empty_response"] * 2
    assert told[2].score > 0
    with pytest.raises(UsageError, match="format=prose: give chat or plain"):
        Ifd(ScorerOptions(model[0], params={"format": "prose"})).check()


def logprobs(*values):
    return TextLogprobs(np.arange(len(values), dtype=np.int32), np.array(values, dtype=np.float32))


def test_only_tokens_that_both_know_are_compared():
    told = difficulty(logprobs(-9.0, -1.0, -3.0, -100.0), logprobs(float("nan"), -4.0, -4.0))
    assert (told.score, told.values["tokens"]) == (0.5, 2)
    assert difficulty(logprobs(-1.0), logprobs(float("nan"))).kind == "no_logprobs"
    assert difficulty(logprobs(-1.0), logprobs(0.0)).kind == "no_loss"
    assert perplexity(logprobs(float("nan"))).kind == "no_logprobs"
    assert perplexity(logprobs(-2000.0)).kind == "out_of_range"
