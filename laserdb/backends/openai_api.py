"""The backend `openai`: any server with OpenAI's HTTP interface: vLLM, llama.cpp, SGLang, hosted ones."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import numpy as np

from laserdb.backends import chat
from laserdb.backends.base import (
    Answers,
    Backend,
    BackendOptions,
    GenerateOptions,
    Generation,
    Passage,
    PermanentError,
    Prompt,
    TextLogprobs,
    TransientError,
)
from laserdb.backends.http_client import HttpClient, require_http
from laserdb.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEFAULT_URL = "https://api.openai.com/v1"
KEY_VARIABLE = "OPENAI_API_KEY"
_MOST_LOGPROBS = 20  # of the next token, as far as servers tell them
_ID = "token_id:"  # how vLLM writes tokens when asked for their ids


class OpenAIBackend(Backend):
    """Generates on any such server; reads logits as far as the server tells them.

    The address is `base_url`, else $OPENAI_BASE_URL, else OpenAI's own; the key comes from
    $OPENAI_API_KEY alone. First tokens need `logprobs`; ids as tokens, and texts, need a server with
    `/tokenize` and `echo` (vLLM). At most `concurrency` requests are under way at a time.

    Raises MissingExtra without httpx2, and UsageError for OpenAI's own address without a key.
    """

    name = "openai"

    def __init__(self, options: BackendOptions) -> None:
        super().__init__(options)
        require_http()
        self._url = options.base_url or os.environ.get("OPENAI_BASE_URL") or DEFAULT_URL
        if urlsplit(self._url).scheme not in ("http", "https"):
            raise UsageError("the base URL of an OpenAI-compatible server begins with http:// or https://")
        self._hosted = urlsplit(self._url).hostname == urlsplit(DEFAULT_URL).hostname
        if self._hosted and not os.environ.get(KEY_VARIABLE):
            raise UsageError(f"set {KEY_VARIABLE}, or give the address of your own server as base URL")
        self._opened: HttpClient | None = None
        self._limit: int | None = options.max_model_len
        self._asked = False
        self._tokenizes: bool | None = None

    @property
    def identity(self) -> Mapping[str, str]:
        """Backend and model. A server says no revision; where it runs changes no score."""
        return {"backend": self.name, "model": self.options.model, "revision": "", "dtype": ""}

    def load(self) -> None:
        """Ask the server for its models: how long a context they have. A silent server is no error yet."""
        if not self._asked and self._limit is None:
            (listed,) = self._client.gather([self._client.send("GET", "models")])
            models = listed.get("data", []) if isinstance(listed, dict) else []
            told = {m.get("id"): m.get("max_model_len") for m in models if isinstance(m, dict)}
            self._limit = told.get(self.options.model) or None
            self._asked = not isinstance(listed, TransientError)

    def close(self) -> None:
        """Close the connections."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def generate(self, prompts: Sequence[Prompt], options: GenerateOptions) -> Answers[Generation]:
        """One generation per prompt, each its own request; answers take half of the context at most."""
        self.load()
        if self._limit and options.max_tokens > self._limit // 2:
            options = replace(options, max_tokens=max(1, self._limit // 2))
        fitted = [self._fitted(prompt, options.max_tokens, options.template) for prompt in prompts]
        return self._client.gather(self._generate(item, options) for item in fitted)

    def first_token_logprobs(
        self, prompts: Sequence[Prompt], tokens: Sequence[int | str]
    ) -> Answers[NDArray[np.float32]]:
        """Log probabilities of `tokens` right after each prompt: float32 (k,); NaN where not told.

        Of a server that doesn't know `logprob_token_ids` (vLLM does) only the 20 likeliest are known.
        """
        self.load()
        wanted: Sequence[int | str] = (
            [self._one_token(t) for t in tokens] if self._has_tokenizer() else tokens
        )
        fitted = [self._fitted(prompt, 1, {}) for prompt in prompts]
        return self._client.gather(self._first(item, wanted) for item in fitted)

    def text_logprobs(self, passages: Sequence[Passage]) -> Answers[TextLogprobs]:
        """Log probabilities of each text's tokens, by echo; a prefix may take up half of the context."""
        self.load()
        if not self._has_tokenizer():
            detail = "the server has no /tokenize, so a text's own tokens can't be told from its prefix"
            return [PermanentError("unsupported", detail) for _ in passages]
        room = (self._limit or 0) // 2
        prefixes = [self._fitted(p.prefix, self._limit - room if self._limit else 0, {}) for p in passages]
        pairs = zip(prefixes, passages, strict=True)
        return self._client.gather(self._echo(prefix, passage.text) for prefix, passage in pairs)

    @property
    def _client(self) -> HttpClient:
        if self._opened is None:
            options = self.options
            self._opened = HttpClient(
                self._url, key_variable=KEY_VARIABLE, concurrency=options.concurrency, timeout=options.timeout
            )
        return self._opened

    async def _generate(self, item: _Fitted, options: GenerateOptions) -> Generation:
        prompt, cut = _checked(item)
        body: dict[str, Any] = {
            "model": self.options.model,
            "temperature": options.temperature,
            "max_completion_tokens" if self._hosted else "max_tokens": options.max_tokens,
        }
        if options.temperature > 0:
            body |= {
                "top_p": options.top_p,
                "seed": self.options.seed if options.seed is None else options.seed,
            }
        if options.stop:
            body["stop"] = list(options.stop)
        if options.schema is not None:
            schema = {"name": "answer", "schema": dict(options.schema), "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        if options.template and not self._hosted:  # OpenAI's own models have no chat templates
            body["chat_template_kwargs"] = dict(options.template)
        answer = await self._complete(prompt, body)
        choice = _choice(answer)
        message = choice.get("message") or {}
        if message.get("refusal") or choice.get("finish_reason") == "content_filter":
            raise PermanentError("refused", str(message.get("refusal") or "content filter"))
        text = message.get("content") if message else choice.get("text")
        usage = answer.get("usage") or {}
        finish = "length" if choice.get("finish_reason") == "length" else "stop"
        counts = usage.get("prompt_tokens") or 0, usage.get("completion_tokens") or 0
        return Generation(text or "", cast(Any, finish), *counts, truncated=cut)

    async def _complete(self, prompt: Prompt, body: Mapping[str, Any]) -> dict[str, Any]:
        """Chats go to the chat interface, bare text to the older one that takes it to the letter."""
        if messages := chat.messages_of(prompt):
            asked = {**body, "messages": chat.as_dicts(messages)}
            if not chat.opens_answer(messages):
                asked |= {"add_generation_prompt": False}
            answer = await self._client.send("POST", "chat/completions", asked)
        else:
            answer = await self._client.send("POST", "completions", {**body, "prompt": chat.plain(prompt)})
        return cast(dict[str, Any], answer)

    async def _first(self, item: _Fitted, wanted: Sequence[int | str]) -> NDArray[np.float32]:
        prompt, _ = _checked(item)
        body: dict[str, Any] = {"model": self.options.model, "temperature": 0.0, "max_tokens": 1}
        ids = [token for token in wanted if isinstance(token, int)]
        if self._tokenizes:
            body |= {
                "prompt": await self._prompt_ids(prompt), "logprobs": _MOST_LOGPROBS,
                "logprob_token_ids": ids, "return_tokens_as_token_ids": True,
            }  # fmt: skip
            answer = await self._client.send("POST", "completions", body)
        elif ids:
            raise PermanentError(
                "unsupported", "this server knows tokens by their text only, not by their ids"
            )
        elif chat.messages_of(prompt):
            answer = await self._complete(prompt, {**body, "logprobs": True, "top_logprobs": _MOST_LOGPROBS})
        else:
            answer = await self._complete(prompt, {**body, "logprobs": _MOST_LOGPROBS})
        told = _top_logprobs(_choice(answer))
        keys = [f"{_ID}{token}" if isinstance(token, int) else token for token in wanted]
        if not any(key in told for key in keys):
            raise PermanentError("no_logprobs", f"none of {list(wanted)} among the {len(told)} tokens told")
        return np.array([told.get(key, np.nan) for key in keys], dtype=np.float32)

    async def _echo(self, item: _Fitted, text: str) -> TextLogprobs:
        prompt, cut = _checked(item)
        before = await self._prompt_ids(prompt)
        own = await self._ids({"prompt": text, "add_special_tokens": False})
        room = max(0, self._limit - 1 - len(before)) if self._limit else len(own)
        cut, own = cut or len(own) > room, own[:room]
        if not before and not own:
            raise PermanentError("empty", "no token to read")
        body = {
            "model": self.options.model, "prompt": [*before, *own], "echo": True, "logprobs": 1,
            "max_tokens": 0, "temperature": 0.0,
        }  # fmt: skip
        answer = await self._client.send("POST", "completions", body)
        told = (_choice(answer).get("logprobs") or {}).get("token_logprobs") or []
        if len(told) < len(before) + len(own):
            raise PermanentError("no_logprobs", "the server doesn't tell log probabilities of the prompt")
        values = [np.nan if value is None else value for value in told[len(before) : len(before) + len(own)]]
        return TextLogprobs(np.array(own, dtype=np.int32), np.array(values, dtype=np.float32), cut)

    async def _prompt_ids(self, prompt: Prompt, template: Mapping[str, Any] | None = None) -> list[int]:
        if messages := chat.messages_of(prompt):
            asked = {
                "messages": chat.as_dicts(messages),
                "add_generation_prompt": chat.opens_answer(messages),
                "chat_template_kwargs": dict(template or {}),
            }
            return await self._ids(asked)
        return await self._ids({"prompt": chat.plain(prompt)})

    async def _ids(self, body: Mapping[str, Any]) -> list[int]:
        # Beside /v1, not below it, with vLLM and SGLang.
        path = "../tokenize" if urlsplit(self._url).path.rstrip("/").endswith("/v1") else "tokenize"
        answer = await self._client.send("POST", path, {"model": self.options.model, **body})
        return list(answer["tokens"])

    def _has_tokenizer(self) -> bool:
        """Whether the server tokenises; asked once. llama.cpp's endpoint of that name wants other words.

        Raises TransientError if the server can't be asked now.
        """
        if self._tokenizes is None:
            (told,) = self._client.gather([self._ids({"prompt": "a b", "add_special_tokens": False})])
            if isinstance(told, TransientError):
                raise told
            self._tokenizes = isinstance(told, list) and bool(told)
        return self._tokenizes

    def _one_token(self, token: int | str) -> int:
        if isinstance(token, int):
            return token
        (ids,) = self._client.gather([self._ids({"prompt": token, "add_special_tokens": False})])
        if not isinstance(ids, list):
            raise ids
        if len(ids) != 1:
            raise UsageError(f"{token!r} is {len(ids)} tokens of {self.options.model}, not one")
        return ids[0]

    def _fitted(self, prompt: Prompt, room: int, template: Mapping[str, Any]) -> _Fitted:
        """The prompt cut to the context less `room`, and whether it was cut, or why it can't be."""
        limit = max(1, self._limit - room) if self._limit else None
        if limit is None or chat.estimated_tokens(prompt) <= limit:
            return prompt, False

        def count(cut: Prompt) -> int:
            if not self._has_tokenizer():
                return chat.estimated_tokens(cut)
            (ids,) = self._client.gather([self._prompt_ids(cut, template)])
            if not isinstance(ids, list):
                raise ids
            return len(ids)

        try:
            return chat.fit(prompt, limit, count)
        except (PermanentError, TransientError) as error:
            return error


_Fitted = tuple[Prompt, bool] | PermanentError | TransientError


def _checked(item: _Fitted) -> tuple[Prompt, bool]:
    if isinstance(item, tuple):
        return item
    raise item


def _choice(answer: Any) -> dict[str, Any]:
    try:
        return cast(dict[str, Any], answer["choices"][0])
    except (KeyError, IndexError, TypeError):
        raise PermanentError("bad_answer", "the server's answer holds no choice") from None


def _top_logprobs(choice: Mapping[str, Any]) -> dict[str, float]:
    """Token → log probability at the first place, from the shape of either interface."""
    logprobs = choice.get("logprobs") or {}
    if content := logprobs.get("content"):
        return {top["token"]: top["logprob"] for top in content[0].get("top_logprobs") or [content[0]]}
    tops = logprobs.get("top_logprobs") or [{}]
    return dict(tops[0] or {})
