"""Sentence encoders: texts in, unit vectors out, at the speed that the machine allows."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from laserdb.backends.devices import best_device, best_dtype, quiet, run_batches
from laserdb.backends.models import MINILM, SMOLLM2, ModelSource, fetch, find_model
from laserdb.errors import MissingExtra, ModelNotFound

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEFAULT_MAX_LENGTH = 128
"""Tokens of a text that an encoder reads, special tokens included; shared by all built-in scorers."""
LONG_TEXTS = "head+tail"
"""How longer texts are cut: half of the tokens from the start, half from the end. Task and question
often stand last, after a long passage."""
STATIC = "static:"
"""Prefix of a model name that asks for its static distillation (see `laserdb.backends.static`)."""
HIDDEN = "hidden:"
"""Prefix of a language model's name that asks for its hidden states (see `laserdb.backends.hidden`)."""
JOINT = "+"
"""Between the names of encoders whose vectors are to stand one behind the other."""

_DIMENSIONS = {MINILM: 384, f"{STATIC}{MINILM}": 384, f"{HIDDEN}{SMOLLM2}": 576}
_CHARS_PER_TOKEN = 100  # a longer text is cut to this many characters per wanted token before tokenising
_CLOSE = 0.85  # of the longest row: below that, padding costs more than a bigger batch wins
TOKENS_PER_BATCH = {"cpu": 1024, "mps": 16_384, "cuda": 65_536}
"""Tokens of a forward pass by kind of device, padding included."""


class Encoder(Protocol):
    """What turns texts into vectors."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of the texts, float32 (n, dimension), in order."""


def find_encoder(name: str) -> ModelSource:
    """Like `find_model`, but knows `static:NAME`, `hidden:NAME` and `NAME+NAME`; fetches nothing.

    Raises ModelNotFound.
    """
    if JOINT in name and not Path(name.removeprefix(STATIC).removeprefix(HIDDEN)).expanduser().exists():
        parts = [find_encoder(part) for part in name.split(JOINT)]
        joined = JOINT.join(part.name for part in parts)
        return ModelSource(joined, joined, JOINT.join(part.revision for part in parts), "joint")
    if name.startswith(STATIC):
        from laserdb.backends.static import static_source

        return static_source(find_model(name.removeprefix(STATIC)))
    if name.startswith(HIDDEN):
        inner = find_model(name.removeprefix(HIDDEN))
        return replace(inner, name=f"{HIDDEN}{inner.name}")
    return find_model(name)


def load_encoder(
    source: ModelSource | str, *, max_length: int = DEFAULT_MAX_LENGTH, device: str | None = None
) -> Encoder:
    """The encoder for a model name: a `SentenceEncoder`, a `StaticEncoder` for `static:NAME`, a
    `HiddenEncoder` for `hidden:NAME`, or a `JointEncoder` for `NAME+NAME`.

    `max_length` and `device` (default: CUDA, else MPS, else the CPU) do not concern static ones, which
    read whole texts on the CPU. Raises MissingExtra and ModelNotFound.
    """
    source = find_encoder(source) if isinstance(source, str) else source
    name = source.name
    if source.kind == "joint":
        parts = [find_encoder(part) for part in name.split(JOINT)]
        return JointEncoder([load_encoder(part, max_length=max_length, device=device) for part in parts])
    if name.startswith(STATIC):
        from laserdb.backends.static import StaticEncoder

        return StaticEncoder(name.removeprefix(STATIC))
    if name.startswith(HIDDEN):
        from laserdb.backends.hidden import HiddenEncoder

        model = replace(source, name=name.removeprefix(HIDDEN))
        return HiddenEncoder(model, max_length=max_length, device=device)
    return SentenceEncoder(source, max_length=max_length, device=device)


def known_dimension(name: str) -> int | None:
    """Vector length of the models that laserdb knows, without loading them; else None."""
    lengths = [_DIMENSIONS.get(part) for part in name.split(JOINT)]
    return None if None in lengths else sum(filter(None, lengths))


class SentenceEncoder:
    """Any sentence-transformers model, as unit float32 vectors.

    Texts are sorted by length and packed into batches of about as many tokens, padding included, and
    the model runs in bfloat16 where the processor computes in it, else in float32 (float16 on older
    GPUs). A vector thus depends on the texts beside it by rounding alone: cosine distance < 0.001.
    Texts of more than `max_length` tokens keep the first and the last half of them (`LONG_TEXTS`); of
    texts beyond 100 characters per wanted token only the two ends are tokenised at all. The model's own
    default prompt is prepended as sentence-transformers does. The empty text has a vector as well.
    With `unit=False` vectors keep the length that the model gives them. `trust_remote_code` lets a model
    run the Python code that comes with it.

    Raises MissingExtra without sentence-transformers, ModelNotFound if the model can't be got.
    """

    def __init__(
        self,
        source: ModelSource | str,
        *,
        max_length: int = DEFAULT_MAX_LENGTH,
        device: str | None = None,
        unit: bool = True,
        trust_remote_code: bool = False,
    ) -> None:
        if importlib.util.find_spec("sentence_transformers") is None:
            raise MissingExtra("sentence-transformers", "score")
        self.source = find_model(source) if isinstance(source, str) else source
        folder = str(fetch(self.source))
        with quiet():
            import torch
            from sentence_transformers import SentenceTransformer

            self.device = device or best_device(torch)
            kwargs = {"dtype": best_dtype(torch, self.device), "attn_implementation": "eager"}
            try:
                self._model = SentenceTransformer(
                    folder,
                    device=self.device,
                    local_files_only=not trust_remote_code,  # the code may be in a repository of its own
                    trust_remote_code=trust_remote_code,
                    model_kwargs=kwargs,
                    config_kwargs=plain_attention(Path(folder)),
                ).eval()
            except (OSError, ValueError, KeyError) as error:
                reason = (str(error).strip().splitlines() or [""])[0]
                raise ModelNotFound(f"{self.source.name}: not a sentence encoder: {reason}") from error
            self.dimension = int(self._model.get_embedding_dimension())
        self._scaled: Callable[[NDArray[np.float32]], NDArray[np.float32]] = normalised if unit else _as_is
        self._packs = hasattr(self._model[0], "auto_model") or hasattr(self._model[0], "model")
        limit = self._model.max_seq_length
        self.max_length = min(max_length, limit) if limit else max_length
        self._budget = TOKENS_PER_BATCH.get(self.device.partition(":")[0], 1536)
        self._prompt = (self._model.prompts or {}).get(self._model.default_prompt_name or "", "") or ""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of the texts, float32 (n, dimension), in order."""
        out = np.zeros((len(texts), self.dimension), dtype=np.float32)
        if not texts:
            return out
        if not self._packs:
            return self._encode_whole(texts)
        tokens = self._tokens(texts)

        def run(rows: list[int]) -> None:
            out[rows] = self._forward([tokens[i] for i in rows])

        run_batches(self.device, run, packs([len(ids) for ids in tokens], self._budget))
        return self._scaled(out)

    def _forward(self, tokens: list[list[int]]) -> NDArray[np.float32]:
        import torch

        with torch.inference_mode():
            padded = self._model.tokenizer.pad({"input_ids": tokens}, return_tensors="pt")
            features = {key: value.to(self.device) for key, value in padded.items()}
            vectors: NDArray[np.float32] = self._model(features)["sentence_embedding"].float().cpu().numpy()
        return vectors

    def encode_tokens(self, count: int) -> NDArray[np.float32]:
        """The raw vectors of the tokens 0 … count − 1, each alone between the special tokens, (count, d)."""
        empty = self._tokens([""])[0]
        middle = (len(empty) + 1) // 2
        tokens = [[*empty[:middle], i, *empty[middle:]] for i in range(count)]
        out = np.zeros((count, self.dimension), dtype=np.float32)

        def run(rows: list[int]) -> None:
            out[rows] = self._forward([tokens[i] for i in rows])

        run_batches(self.device, run, packs([len(ids) for ids in tokens], 4 * self._budget))
        return out

    def _tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids with the special tokens, cut to head and tail."""
        cut = [self._prompt + text for text in both_ends(texts, self.max_length)]
        encoded = self._model.tokenizer(
            cut, truncation=False, padding=False, verbose=False,
            return_attention_mask=False, return_token_type_ids=False,
        )  # fmt: skip
        ids: list[list[int]] = encoded["input_ids"]
        return [head_and_tail(i, self.max_length) for i in ids]

    def _encode_whole(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """For models that aren't transformers (static embeddings): the library's own way."""
        vectors = self._model.encode(list(texts), show_progress_bar=False, convert_to_numpy=True)
        return self._scaled(np.asarray(vectors, dtype=np.float32))


class JointEncoder:
    """The vectors of several encoders one behind the other, together of length 1; `sizes` are their own."""

    def __init__(self, encoders: Sequence[Encoder]) -> None:
        self.encoders = list(encoders)
        self.sizes = tuple(one.dimension for one in self.encoders)
        self.dimension = sum(self.sizes)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of the texts, float32 (n, dimension), in order."""
        return normalised(np.hstack([one.encode(texts) for one in self.encoders]))


def both_ends(texts: Sequence[str], max_length: int) -> list[str]:
    """Texts without middles that surely lie beyond `max_length` tokens: they need no tokenising."""
    chars = max_length * _CHARS_PER_TOKEN // 2
    return [t if len(t) <= 2 * chars else f"{t[:chars]} {t[-chars:]}" for t in texts]


def head_and_tail(ids: list[int], max_length: int) -> list[int]:
    """The first and the last half of too many tokens (`LONG_TEXTS`)."""
    tail = max_length // 2
    return ids if len(ids) <= max_length else ids[: max_length - tail] + ids[-tail:]


def plain_attention(folder: Path) -> dict[str, Any]:
    """Settings for models whose own code wants xformers (stella), where there is none."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    wanted = ("use_memory_efficient_attention", "unpad_inputs")
    if importlib.util.find_spec("xformers") is not None:
        return {}
    return {name: False for name in wanted if config.get(name)}


def packs(lengths: Sequence[int], budget: int, enough: int | None = None) -> Iterator[list[int]]:
    """Group indices, longest first, so that rows × longest row stays within `budget` (at least one row).

    With `enough`, a group of that many tokens takes no row shorter than `_CLOSE` of its longest: a bigger
    batch would win less than the padding costs.
    """
    order = np.argsort(-np.asarray(lengths), kind="stable").tolist()
    start = 0
    while start < len(order):
        longest = max(1, lengths[order[start]])
        end = min(start + max(1, budget // longest), len(order))
        if enough is not None:
            full = start + -(-enough // longest)
            end = next((i for i in range(full, end) if lengths[order[i]] < _CLOSE * longest), end)
        yield order[start:end]
        start = end


def _as_is(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return vectors


def normalised(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows scaled to length 1; zero rows stay zero."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    result: NDArray[np.float32] = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)
    return result
