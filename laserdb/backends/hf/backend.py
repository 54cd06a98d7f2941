"""The backend itself: prompts to tokens, tokens to batches, batches to answers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from laserdb.backends import chat
from laserdb.backends.base import (
    Answers,
    Backend,
    BackendOptions,
    GenerateOptions,
    Generation,
    OutOfMemory,
    Passage,
    PermanentError,
    Prompt,
    TextLogprobs,
)
from laserdb.backends.devices import in_threads
from laserdb.backends.encoder import packs
from laserdb.backends.hf import decode, forward, loading
from laserdb.backends.hf.grammar import Grammars
from laserdb.backends.models import find_model
from laserdb.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TOKENS_PER_BATCH = {"cpu": 4096, "mps": 8192, "cuda": 16_384}
# Tokens of a forward pass that keep the device busy; a decoding step has one per row, never enough.
_ENOUGH = {"cpu": 256, "mps": 2048, "cuda": 8192}
_LOGITS_AT_ONCE = 1 << 28  # numbers; 1 GiB in float32
_MOST_ROWS = 256

Request = TypeVar("Request")
Item = TypeVar("Item")
Answer = TypeVar("Answer")


class HfBackend(Backend):
    """Any transformers model: generates, reads logits, and reads the heads of reward models.

    Prompts are sorted by length and packed into batches of about `tokens_per_batch` tokens; what all
    prompts of a call begin with (a judge's instructions) is read once. In float32 an answer doesn't
    depend on its neighbours beyond rounding; in bfloat16 close calls may.

    Raises MissingExtra and ModelNotFound on construction, before anything is loaded.
    """

    name = "hf"

    def __init__(self, options: BackendOptions) -> None:
        super().__init__(options)
        self._source = find_model(options.model)
        loading.require(self._source)
        self._loaded: loading.Loaded | None = None
        self._grammars: Grammars | None = None

    @property
    def identity(self) -> Mapping[str, str]:
        """Backend, model, revision and the dtype that was asked for."""
        source = self._source
        return {
            "backend": self.name, "model": source.name, "revision": source.revision,
            "dtype": self.options.dtype,
        }  # fmt: skip

    def load(self) -> None:
        """Get the model onto its device."""
        self._ready()

    def close(self) -> None:
        """Give the memory back."""
        self._loaded = self._grammars = None

    def token_ids(self, text: str) -> list[int]:
        """The text's tokens, without special tokens in front or behind."""
        ids: list[int] = self._ready().tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
        return ids

    def prompt_length(self, prompt: Prompt) -> int:
        """Tokens of a whole prompt, special ones included; nothing is cut."""
        return len(chat.encode(self._ready().tokenizer, prompt))

    @property
    def context(self) -> int:
        """The most tokens of a prompt (and its answer) that the model is given."""
        return self._ready().max_len

    def generate(self, prompts: Sequence[Prompt], options: GenerateOptions) -> Answers[Generation]:
        """One generation per prompt; an answer may be shorter than `max_tokens` where the context ends."""
        loaded = self._ready("generate")
        room = max(1, min(options.max_tokens, loaded.max_len // 2))
        seed = self.options.seed if options.seed is None else options.seed
        matcher = None if options.schema is None else self._matcher(options.schema)

        def encode(prompt: Prompt) -> tuple[list[int], bool]:
            return self._encode(prompt, loaded.max_len - room, options.template)

        def run(items: list[tuple[list[int], bool]], prefix: forward.Prefix) -> list[Generation]:
            rows = [self._row(ids, options, matcher, seed) for ids, _ in items]
            decode.decode(loaded, rows, prefix, options, self._enough)
            return [self._generation(r, options, cut) for r, (_, cut) in zip(rows, items, strict=True)]

        return self._batched(prompts, encode, run, lambda item: item[0], steps=True)

    def first_token_logprobs(
        self, prompts: Sequence[Prompt], tokens: Sequence[int | str]
    ) -> Answers[NDArray[np.float32]]:
        """Log probabilities of `tokens` right after each prompt: float32 (k,)."""
        loaded = self._ready("generate")
        wanted = [self._one_token(token) for token in tokens]

        def run(items: list[list[int]], prefix: forward.Prefix) -> list[NDArray[np.float32]]:
            return list(forward.token_logprobs(forward.prefill(loaded, items, prefix), wanted))

        return self._batched(prompts, lambda p: self._encode(p, loaded.max_len)[0], run, lambda ids: ids)

    def text_logprobs(self, passages: Sequence[Passage]) -> Answers[TextLogprobs]:
        """Log probabilities of each text's tokens; a prefix may take up half of the context."""
        loaded = self._ready("generate")

        def encode(passage: Passage) -> _Tail:
            prefix, cut = self._encode(passage.prefix, loaded.max_len // 2)
            tail = self.token_ids(passage.text)
            room = loaded.max_len - len(prefix)
            return _Tail([*prefix, *tail[:room]], tail[:room], cut or len(tail) > room)

        def run(items: list[_Tail], prefix: forward.Prefix) -> list[TextLogprobs]:
            keep = max(len(item.known) for item in items) + 1
            state = forward.prefill(loaded, [item.ids for item in items], prefix, keep=keep)
            told = forward.tail_logprobs(state, [item.known for item in items])
            return [item.answer(logprobs) for item, logprobs in zip(items, told, strict=True)]

        budget = _LOGITS_AT_ONCE // loaded.vocab
        return self._batched(passages, encode, run, lambda item: item.ids, lambda i: len(i.known), budget)

    def pooled(self, prompts: Sequence[Prompt], at: int | str | None) -> Answers[NDArray[np.float32]]:
        """Raw outputs of a reward model's head at the token `at`, or at the last token."""
        loaded = self._ready("pool")
        wanted = None if at is None else self._one_token(at)

        encoded = [chat.encode(loaded.tokenizer, prompt) for prompt in prompts]
        pad = forward.pad_by(loaded, encoded)

        def checked(ids: list[int]) -> list[int]:
            if len(ids) > loaded.max_len:
                raise PermanentError("too_long", f"{len(ids)} tokens")
            return ids

        def run(items: list[list[int]], _: forward.Prefix) -> list[NDArray[np.float32]]:
            places = [
                [len(ids) - 1] if wanted is None else [i for i, token in enumerate(ids) if token == wanted]
                for ids in items
            ]
            return forward.head_outputs(loaded, items, places, pad)

        return self._batched(encoded, checked, run, lambda ids: ids, shared=False)

    def _ready(self, task: str | None = None) -> loading.Loaded:
        if task not in (None, self.options.task):
            raise UsageError(f"{self.options.model} was opened to {self.options.task}, not to {task}")
        if self._loaded is None:
            self._loaded = loading.load(self._source, self.options)
        return self._loaded

    def _encode(
        self, prompt: Prompt, limit: int, template: Mapping[str, Any] | None = None
    ) -> tuple[list[int], bool]:
        """Token ids of a prompt, cut to `limit`, and whether it was cut."""
        tokenizer = self._ready().tokenizer
        ids = chat.encode(tokenizer, prompt, template)
        if len(ids) <= limit:
            return ids, False
        fitted, cut = chat.fit(prompt, limit, lambda p: len(chat.encode(tokenizer, p, template)))
        return chat.encode(tokenizer, fitted, template), cut

    def _one_token(self, token: int | str) -> int:
        ids = [token] if isinstance(token, int) else self.token_ids(token)
        if len(ids) != 1:
            raise UsageError(f"{token!r} is {len(ids)} tokens of {self.options.model}, not one")
        return ids[0]

    def _matcher(self, schema: Mapping[str, Any]) -> Any:
        loaded = self._ready()
        self._grammars = self._grammars or Grammars(loaded.tokenizer, loaded.vocab, loaded.ends)
        return self._grammars.matcher(schema)

    def _row(self, ids: list[int], options: GenerateOptions, matcher: Any, seed: int) -> decode.Row:
        import torch

        own = matcher and matcher.deep_copy()
        limit = min(options.max_tokens, self._ready().max_len - len(ids))
        return decode.Row(ids, own, torch.Generator().manual_seed(seed), limit)

    def _generation(self, row: decode.Row, options: GenerateOptions, cut: bool) -> Generation:
        text = decode.text_of(self._ready(), row)
        text = text[: decode.stopped(text, options.stop)]
        return Generation(text, row.finish or "length", len(row.ids), len(row.made), cut)

    def _batched(
        self,
        requests: Sequence[Request],
        encode: Callable[[Request], Item],
        run: Callable[[list[Item], forward.Prefix], Sequence[Answer]],
        ids_of: Callable[[Item], list[int]],
        own: Callable[[Item], int] = lambda _: 0,
        budget: int = _LOGITS_AT_ONCE,
        shared: bool = True,
        steps: bool = False,
    ) -> Answers[Answer]:
        """Encode, sort, pack and run. `own`: tokens at an item's end that the shared prefix leaves alone;
        `steps`: most of the work is steps of one token a row, which many rows share."""
        import torch

        answers: list[Any] = [None] * len(requests)
        items: list[tuple[int, Item]] = []
        for place, request in enumerate(requests):
            try:
                item = encode(request)
                if not ids_of(item):
                    raise PermanentError("empty", "no token to read")
                items.append((place, item))
            except PermanentError as error:
                answers[place] = error
        if not items:
            return answers
        loaded = self._ready()
        rows = [ids_of(item) for _, item in items]
        with torch.inference_mode(), _out_of_memory(loaded.device):
            most = min(len(row) - own(item) for row, (_, item) in zip(rows, items, strict=True)) - 1
            prefix = forward.read_prefix(loaded, rows, most if shared else 0)

            def run_pack(pack: list[int]) -> None:
                with torch.inference_mode():  # each thread for itself
                    told = run([items[i][1] for i in pack], prefix)
                for i, answer in zip(pack, told, strict=True):
                    answers[items[i][0]] = answer

            self._run_packs(run_pack, [len(row) - prefix.length for row in rows], budget, steps)
        return answers

    @property
    def _enough(self) -> int:
        return _ENOUGH.get(self._ready().device.partition(":")[0], 256)

    def _run_packs(
        self, run: Callable[[list[int]], None], lengths: list[int], budget: int, steps: bool
    ) -> None:
        """Run groups of rows of about equal length: one after the other, or on a CPU one per core."""
        import torch

        kind = self._ready().device.partition(":")[0]
        tokens = self.options.tokens_per_batch or _TOKENS_PER_BATCH.get(kind, _TOKENS_PER_BATCH["cpu"])
        cores = torch.get_num_threads() if kind == "cpu" else 1
        enough = None if steps else self._enough
        whole = packs(lengths, min(tokens, max(budget // cores, 1), -(-sum(lengths) // cores)), enough)
        cut = (pack[i : i + _MOST_ROWS] for pack in whole for i in range(0, len(pack), _MOST_ROWS))
        if cores > 1:
            in_threads(run, cut)
            return
        for pack in cut:
            run(pack)


@dataclass(frozen=True, slots=True)
class _Tail:
    """A passage's tokens with those before it, its own, and whether any were cut off."""

    ids: list[int]
    tail: list[int]
    cut: bool

    @property
    def known(self) -> list[int]:
        """Its tokens that follow something."""
        return self.tail if len(self.ids) > len(self.tail) else self.tail[1:]

    def answer(self, logprobs: NDArray[np.float32]) -> TextLogprobs:
        """The answer, with NaN for the token that follows nothing."""
        padded = np.full(len(self.tail), np.nan, dtype=np.float32)
        padded[len(self.tail) - len(logprobs) :] = logprobs
        return TextLogprobs(np.asarray(self.tail, dtype=np.int32), padded, self.cut)


@contextlib.contextmanager
def _out_of_memory(device: str) -> Iterator[None]:
    """Turn the device's own error into one that the engine answers with half the batch."""
    import torch

    try:
        yield
    except torch.OutOfMemoryError as error:
        if device.startswith("cuda"):
            torch.cuda.empty_cache()
        raise OutOfMemory(detail=str(error).partition("\n")[0]) from None
