"""The backend hf on tiny random models: what it tells against plain transformers, one row at a time."""

import json
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from laserdb.backends.base import (
    BackendOptions,
    FirstToken,
    GenerateOptions,
    Generator,
    Message,
    OutOfMemory,
    Part,
    Passage,
    PermanentError,
    Pooler,
    TextScorer,
    Tokenizes,
    open_backend,
)
from laserdb.backends.hf import HfBackend
from laserdb.errors import MissingExtra, ModelNotFound, UsageError
from tests.backends import tiny

KINDS = {
    "llama-right": ("Llama", {"bos": True, "padding_side": "right"}),
    "qwen-left": ("Qwen2", {"bos": False, "padding_side": "left"}),
}
TEXTS = ["a", "Is two plus two four?", "x" * 100, "Is two plus three five? " * 3, "é"]
SCHEMA = {
    "type": "object",
    "properties": {"verdict": {"enum": ["correct", "incorrect"]}, "score": {"type": "integer", "maximum": 9}},
    "required": ["verdict", "score"],
    "additionalProperties": False,
}
SHARED = "You judge answers, and you are strict but fair. "


@pytest.fixture(scope="module", params=KINDS)
def folder(request, tmp_path_factory):
    kind, settings = KINDS[request.param]
    path = tmp_path_factory.mktemp(request.param)
    tiny.save(path, kind, **settings)
    return path


@pytest.fixture(scope="module")
def backend(folder):
    opened = HfBackend(BackendOptions(str(folder), dtype="float32", tokens_per_batch=300))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def plain(folder):
    return AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)


def test_it_is_what_it_says(backend, folder):
    assert isinstance(open_backend("hf", BackendOptions(str(folder))), HfBackend)
    for interface in (Generator, FirstToken, TextScorer, Pooler, Tokenizes):
        assert isinstance(backend, interface)
    identity = backend.identity
    assert (identity["backend"], identity["model"], identity["dtype"]) == ("hf", str(folder), "float32")
    assert len(identity["revision"]) == 16


@pytest.mark.parametrize("shared", ["", SHARED])
def test_first_token_logprobs_are_those_of_plain_transformers(backend, plain, shared):
    model, tokenizer = plain
    told = backend.first_token_logprobs([shared + t for t in TEXTS], ["1", "2", 40])
    ids = [*backend.token_ids("12"), 40]
    for text, got in zip(TEXTS, told, strict=True):
        row = torch.tensor([tokenizer(shared + text)["input_ids"]])
        with torch.no_grad():
            expected = model(row).logits[0, -1].log_softmax(-1)[ids]
        np.testing.assert_allclose(got, expected, atol=1e-4)


@pytest.mark.parametrize("prefix", ["", SHARED, (Message("user", SHARED),)])
def test_text_logprobs_are_those_of_plain_transformers(backend, plain, prefix):
    model, tokenizer = plain
    told = backend.text_logprobs([Passage(prefix, text) for text in TEXTS])
    if isinstance(prefix, str):
        before = tokenizer(prefix)["input_ids"]
    else:
        before = tokenizer(f"<|user|>{SHARED}<|end|><|assistant|>", add_special_tokens=False)["input_ids"]
    for text, got in zip(TEXTS, told, strict=True):
        tail = tokenizer(text, add_special_tokens=False)["input_ids"]
        row = torch.tensor([[*before, *tail]])
        with torch.no_grad():
            steps = model(row).logits[0].log_softmax(-1)
        expected = [steps[i - 1, token].item() if i else np.nan for i, token in enumerate(tail, len(before))]
        assert got.tokens.tolist() == tail
        assert not got.truncated
        np.testing.assert_allclose(got.logprobs, expected, atol=1e-4)


@pytest.mark.parametrize("shared", ["", SHARED])
@pytest.mark.parametrize("enough", [1, 10_000])
def test_greedy_generation_is_that_of_plain_transformers(backend, plain, shared, enough, monkeypatch):
    # With 1, prompts are read in groups of about equal length whose caches are joined.
    monkeypatch.setattr("laserdb.backends.hf.backend._ENOUGH", {"cpu": enough})
    model, tokenizer = plain
    told = backend.generate([shared + t for t in TEXTS], GenerateOptions(max_tokens=12))
    for text, got in zip(TEXTS, told, strict=True):
        row = torch.tensor([tokenizer(shared + text)["input_ids"]])
        made = model.generate(row, attention_mask=torch.ones_like(row), max_new_tokens=12, do_sample=False)[
            0, row.shape[1] :
        ].tolist()
        kept = made[: made.index(1)] if 1 in made else made
        assert got.text == tokenizer.decode(kept, skip_special_tokens=True)
        assert (got.tokens, got.prompt_tokens) == (len(kept), row.shape[1])
        assert got.finish == ("stop" if 1 in made else "length")


def test_batched_generation_keeps_the_schema_and_equals_one_at_a_time(backend):
    prompts = [(Message("system", SHARED), Message("user", text)) for text in TEXTS]
    options = GenerateOptions(schema=SCHEMA, max_tokens=80)
    together = backend.generate(prompts, options)
    alone = [backend.generate([p], options)[0] for p in prompts]
    assert together == alone
    for answer in together:
        assert answer.finish == "stop"
        parsed = answer.json()
        assert list(parsed) == ["verdict", "score"]
        assert parsed["verdict"] in ("correct", "incorrect")
        assert parsed["score"] <= 9
        assert answer.text == json.dumps(parsed)


def test_sampling_repeats_by_seed_whatever_stands_beside_it(backend):
    options = GenerateOptions(temperature=1.5, top_p=0.9, seed=3, max_tokens=16)
    first = backend.generate(TEXTS, options)
    assert backend.generate(TEXTS[::-1], options)[::-1] == first
    other = GenerateOptions(temperature=1.5, top_p=0.9, seed=4, max_tokens=16)
    assert [g.text for g in backend.generate(TEXTS, other)] != [g.text for g in first]


def test_stop_strings_and_cut_off_json(backend):
    full = backend.generate(["abc"], GenerateOptions(max_tokens=12))[0]
    stop = full.text[2:4]
    cut = backend.generate(["abc"], GenerateOptions(max_tokens=12, stop=(stop,)))[0]
    assert (cut.text, cut.finish) == (full.text[: full.text.index(stop)], "stop")
    short = backend.generate(["abc"], GenerateOptions(schema=SCHEMA, max_tokens=5))[0]
    assert short.finish == "length"
    with pytest.raises(PermanentError) as caught:
        short.json()
    assert caught.value.kind == "cut_off"


def test_a_request_that_fails_leaves_the_others(backend):
    hopeless = (Part("x" * 600), Part("y", cuttable=True))
    first, second, third = backend.first_token_logprobs(["a", hopeless, "b"], ["1"])
    assert isinstance(second, PermanentError)
    assert second.kind == "too_long"
    assert first.shape == third.shape == (1,)


def test_long_prompts_lose_their_middle_and_say_so(backend):
    prompt = (Message("system", SHARED), Message("user", (Part("Rate: "), Part("z" * 2000, cuttable=True))))
    answer = backend.generate([prompt], GenerateOptions(max_tokens=10))[0]
    assert answer.truncated
    assert 480 < answer.prompt_tokens <= 502
    (told,) = backend.text_logprobs([Passage("q", "r" * 2000)])
    assert told.truncated
    assert len(told.tokens) == 512 - (
        len(backend.token_ids("q")) + (backend._loaded.tokenizer("")["input_ids"] != [])
    )


def test_user_errors(backend, folder, tmp_path):
    with pytest.raises(UsageError, match="is 2 tokens"):
        backend.first_token_logprobs(["a"], ["10"])
    with pytest.raises(UsageError, match="not"):
        backend.generate(["a"], GenerateOptions(schema={"type": "object", "not": {"type": "string"}}))
    with pytest.raises(UsageError, match="opened to generate"):
        backend.pooled(["a"], None)
    with pytest.raises(ModelNotFound, match="no reward or classification head"):
        HfBackend(BackendOptions(str(folder), task="pool")).load()
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelNotFound, match="can't load"):
        HfBackend(BackendOptions(str(tmp_path))).load()


def test_missing_extra_is_told_on_construction(monkeypatch, folder):
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name, *a: None if name == "llguidance" else find_spec(name, *a)
    )
    with pytest.raises(MissingExtra, match=r"pip install 'laserdb\[score\]'"):
        HfBackend(BackendOptions(str(folder)))


def test_out_of_memory_says_halve_the_batch(backend, monkeypatch):
    def full(*args, **kwargs):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB\nmore")

    monkeypatch.setattr("laserdb.backends.hf.forward.prefill", full)
    with pytest.raises(OutOfMemory) as caught:
        backend.first_token_logprobs(["a"], ["1"])
    assert caught.value.detail == "CUDA out of memory. Tried to allocate 2 GiB"


def test_gguf_file_without_the_model(tmp_path):
    (tmp_path / "broken.gguf").write_bytes(b"GGUF")
    with pytest.raises(ModelNotFound, match="can't read this GGUF file"):
        HfBackend(BackendOptions(str(tmp_path / "broken.gguf"))).load()
