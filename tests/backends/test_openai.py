"""The backend openai against a small server that answers as told: errors, secrets, both interfaces."""

import json
import logging
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec

import numpy as np
import pytest

from laserdb.backends.base import (
    BackendOptions,
    FirstToken,
    GenerateOptions,
    Generation,
    Generator,
    Message,
    Part,
    Passage,
    PermanentError,
    TextScorer,
    TransientError,
    open_backend,
)
from laserdb.backends.http_client import retry_after
from laserdb.backends.openai_api import OpenAIBackend
from laserdb.errors import MissingExtra, UsageError

KEY = "sk-this-must-not-be-seen"


class Server:
    """Answers by `reply(path, body) → (status, headers, body)` and keeps what it was asked."""

    def __init__(self):
        self.asked = []
        self.reply = lambda path, body: (200, {}, {})
        self.running = self.most = 0
        lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length) or "null")
                with lock:
                    outer.asked.append((self.path, body, dict(self.headers)))
                    outer.running += 1
                    outer.most = max(outer.most, outer.running)
                status, headers, answer = outer.reply(self.path, body)
                with lock:
                    outer.running -= 1
                data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(data))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST  # noqa: N815

            def log_message(self, *args):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,))
        self.thread.start()

    def bodies(self, path):
        return [body for p, body, _ in self.asked if p == path]

    def close(self):
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    running = Server()
    yield running
    running.close()


@pytest.fixture
def backend(server):
    opened = OpenAIBackend(
        BackendOptions("m", base_url=server.url, concurrency=3, timeout=5, max_model_len=900)
    )
    yield opened
    opened.close()


def chat_answer(text, finish="stop", **message):
    choice = {"message": {"role": "assistant", "content": text, **message}, "finish_reason": finish}
    return {"choices": [choice], "usage": {"prompt_tokens": 7, "completion_tokens": 2}}


CHAT = (Message("system", "S"), Message("user", (Part("u"), Part("v", True))))


def test_chat_with_a_schema(server, backend):
    server.reply = lambda path, body: (200, {}, chat_answer('{"a": 1}'))
    options = GenerateOptions(schema={"type": "object"}, max_tokens=9, stop=("x",), template={"think": False})
    assert backend.generate([CHAT], options) == [Generation('{"a": 1}', "stop", 7, 2)]
    assert server.bodies("/v1/chat/completions") == [
        {
            "model": "m",
            "temperature": 0.0,
            "max_tokens": 9,
            "stop": ["x"],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": {"type": "object"}, "strict": True},
            },
            "chat_template_kwargs": {"think": False},
            "messages": [{"role": "system", "content": "S"}, {"role": "user", "content": "uv"}],
        }
    ]
    assert server.asked[0][2]["Authorization"] == f"Bearer {KEY}"


def test_bare_text_and_sampling(server, backend):
    answer = {"choices": [{"text": " b", "finish_reason": "length"}]}
    server.reply = lambda path, body: (200, {}, answer)
    options = GenerateOptions(temperature=0.5, top_p=0.9, seed=4, max_tokens=1)
    assert backend.generate(["a"], options) == [Generation(" b", "length", 0, 0)]
    body = {"model": "m", "temperature": 0.5, "max_tokens": 1, "top_p": 0.9, "seed": 4, "prompt": "a"}
    assert server.bodies("/v1/completions") == [body]


ERRORS = [
    (429, {"Retry-After": "7"}, {"error": {"message": "slow"}}, TransientError, "rate_limit", 7.0),
    (429, {}, {"error": {"message": "pay", "code": "insufficient_quota"}}, PermanentError, "quota", None),
    (503, {"retry-after-ms": "250"}, b"busy", TransientError, "server", 0.25),
    (500, {}, {"detail": "oops"}, TransientError, "server", None),
    (408, {}, {}, TransientError, "server", None),
    (400, {}, {"error": {"message": "no"}}, PermanentError, "bad_request", None),
    (
        400,
        {},
        {"error": {"message": "n", "code": "context_length_exceeded"}},
        PermanentError,
        "too_long",
        None,
    ),
    (401, {}, {"error": {"message": f"bad key {KEY}"}}, PermanentError, "unauthorized", None),
    (404, {}, {"error": "no such model"}, PermanentError, "not_found", None),
    (501, {}, {}, PermanentError, "bad_request", None),
    (302, {"Location": "http://elsewhere.invalid/"}, {}, PermanentError, "bad_request", None),
    (200, {}, b"<html>", PermanentError, "bad_answer", None),
    (200, {}, {"choices": []}, PermanentError, "bad_answer", None),
    (200, {}, chat_answer("", finish="content_filter"), PermanentError, "refused", None),
    (200, {}, chat_answer(None, refusal="I won't"), PermanentError, "refused", None),
]


@pytest.mark.parametrize(("status", "headers", "body", "kind", "name", "wait"), ERRORS)
def test_errors_are_typed_and_hold_no_key(server, backend, status, headers, body, kind, name, wait, caplog):
    caplog.set_level(logging.DEBUG)
    server.reply = lambda path, _: (status, headers, body)
    (answer,) = backend.generate([CHAT], GenerateOptions())
    assert (type(answer), answer.kind) == (kind, name)
    assert getattr(answer, "retry_after", None) == wait
    seen = f"{answer!s} {answer!r} {backend!r} {backend.options!r} {backend.identity} {caplog.text}"
    assert KEY not in seen


def test_one_bad_request_leaves_the_others_and_order_is_kept(server, backend):
    def reply(path, body):
        text = body["prompt"]
        time.sleep(0.05 if text == "0" else 0)
        return (400, {}, {}) if text == "3" else (200, {}, {"choices": [{"text": text}]})

    server.reply = reply
    answers = backend.generate([str(i) for i in range(8)], GenerateOptions())
    assert isinstance(answers[3], PermanentError)
    assert [a.text for i, a in enumerate(answers) if i != 3] == list("0124567")


def test_concurrency_is_bounded(server, backend):
    def reply(path, body):
        time.sleep(0.03)
        return 200, {}, {"choices": [{"text": ""}]}

    server.reply = reply
    backend.generate(["a"] * 12, GenerateOptions())
    assert server.most == 3


def test_no_server_and_a_silent_one(server):
    silent = OpenAIBackend(BackendOptions("m", base_url=server.url, timeout=0.2, max_model_len=99))
    server.reply = lambda path, body: (time.sleep(0.6), 200, {}, {})[1:]
    (answer,) = silent.generate(["a"], GenerateOptions(max_tokens=1))
    assert (type(answer), answer.kind) == (TransientError, "timeout")
    silent.close()
    gone = OpenAIBackend(BackendOptions("m", base_url="http://127.0.0.1:9/v1"))
    (answer,) = gone.generate(["a"], GenerateOptions(max_tokens=1))
    assert (type(answer), answer.kind) == (TransientError, "connection")
    with pytest.raises(TransientError):  # not "unsupported": nobody knows yet
        gone.text_logprobs([Passage("a", "b")])
    gone.close()


def test_it_works_inside_a_running_event_loop(server, backend):
    import asyncio

    server.reply = lambda path, body: (200, {}, {"choices": [{"text": "b"}]})

    async def caller():
        return backend.generate(["a"], GenerateOptions())

    assert asyncio.run(caller())[0].text == "b"


def test_first_tokens_from_a_server_without_tokenizer(server, backend):
    tops = [{"token": "1", "logprob": -0.5}, {"token": "x", "logprob": -1.0}]
    chat = {"choices": [{"logprobs": {"content": [{"token": "1", "logprob": -0.5, "top_logprobs": tops}]}}]}
    bare = {"choices": [{"logprobs": {"top_logprobs": [{"2": -0.25}]}}]}
    answers = {"/v1/chat/completions": chat, "/v1/completions": bare}
    server.reply = lambda path, body: (200, {}, answers[path]) if path in answers else (404, {}, {})
    first, second = backend.first_token_logprobs([CHAT, "a"], ["1", "2"])
    np.testing.assert_array_equal(first, np.array([-0.5, np.nan], dtype=np.float32))
    np.testing.assert_array_equal(second, np.array([np.nan, -0.25], dtype=np.float32))
    assert server.bodies("/v1/chat/completions")[0]["top_logprobs"] == 20
    (none,) = backend.first_token_logprobs(["a"], ["7"])
    assert none.kind == "no_logprobs"
    (by_id,) = backend.first_token_logprobs(["a"], [7])
    assert by_id.kind == "unsupported"
    (text,) = backend.text_logprobs([Passage("a", "b")])
    assert (type(text), text.kind) == (PermanentError, "unsupported")


def test_the_server_tells_its_context_and_long_prompts_are_cut(server):
    def reply(path, body):
        if path == "/v1/models":
            return 200, {}, {"data": [{"id": "m", "max_model_len": 200}]}
        if path == "/tokenize":
            return 200, {}, {"tokens": list(range(len(body.get("prompt") or "x" * 9)))}
        return 200, {}, {"choices": [{"text": "", "finish_reason": "stop"}]}

    server.reply = reply
    backend = OpenAIBackend(BackendOptions("m", base_url=server.url + "/"))
    (answer,) = backend.generate([(Part("Rate: "), Part("z" * 2000, True))], GenerateOptions(max_tokens=50))
    assert answer.truncated
    sent = server.bodies("/v1/completions")[0]["prompt"]
    assert 140 <= len(sent) <= 150
    assert sent.startswith("Rate: z")
    (short,) = backend.generate(["a"], GenerateOptions(max_tokens=5000))
    assert not short.truncated
    assert server.bodies("/v1/completions")[1]["max_tokens"] == 100
    backend.close()


def test_addresses_and_keys(monkeypatch):
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(UsageError, match="set OPENAI_API_KEY"):
        OpenAIBackend(BackendOptions("m"))
    with pytest.raises(UsageError, match="begins with http"):
        OpenAIBackend(BackendOptions("m", base_url="localhost:8000"))
    monkeypatch.setenv("OPENAI_BASE_URL", "http://me:secret@host/v1")
    backend = open_backend("openai", BackendOptions("m"))
    assert isinstance(backend, OpenAIBackend)
    for interface in (Generator, FirstToken, TextScorer):
        assert isinstance(backend, interface)
    assert backend.identity == {"backend": "openai", "model": "m", "revision": "", "dtype": ""}
    assert "secret" not in repr(BackendOptions("m", base_url="http://me:secret@host/v1"))
    backend.close()


def test_missing_extra(monkeypatch):
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name, *a: None if name == "httpx2" else find_spec(name, *a)
    )
    with pytest.raises(MissingExtra, match=r"pip install 'laserdb\[openai\]'"):
        OpenAIBackend(BackendOptions("m", base_url="http://127.0.0.1:9/v1"))


def test_retry_after_dates_and_nonsense():
    soon = retry_after({"retry-after": formatdate(time.time() + 30, usegmt=True)})
    assert 27 <= soon <= 30
    assert retry_after({"retry-after": formatdate(0, usegmt=True)}) == 0.0
    assert retry_after({"retry-after": "soon"}) is None
    assert retry_after({}) is None
