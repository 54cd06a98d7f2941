"""Encoders with low-rank deltas on their weights (LoRA, Hu et al. 2021), merged when loaded.

A tuned encoder then costs a megabyte beside the model that everybody has, and nothing at run time.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from laserdb.backends.devices import best_device, best_dtype, quiet, run_batches
from laserdb.backends.encoder import DEFAULT_MAX_LENGTH, TOKENS_PER_BATCH, both_ends, head_and_tail, packs
from laserdb.backends.models import ModelSource, fetch, fetch_file, find_model
from laserdb.backends.static import plain_tokenizer
from laserdb.errors import MissingExtra, ModelNotFound

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Adapter:
    """What to change in an encoder: W + scale · B·A in the linear layer of each name.

    `deltas` is module name → A float (r, in) and B float (out, r). Only the first `layers` layers of the
    encoder are kept (None: all), and the first and last half of `max_length` tokens are read.
    """

    deltas: Mapping[str, tuple[NDArray[Any], NDArray[Any]]] = field(default_factory=dict)
    scale: float = 1.0
    layers: int | None = None
    max_length: int = DEFAULT_MAX_LENGTH


class AdaptedEncoder:
    """A transformer encoder with an adapter merged in: texts to the mean of their last hidden states.

    Vectors are float32 and not scaled to length 1. Precision, batches and cores are as in
    `SentenceEncoder`: they shift a vector by rounding alone.

    Raises MissingExtra, and ModelNotFound if the model isn't to be had or the adapter doesn't fit it.
    """

    def __init__(self, source: ModelSource | str, adapter: Adapter, *, device: str | None = None) -> None:
        need_transformers()
        import torch

        self.source = find_model(source) if isinstance(source, str) else source
        self.device = device or best_device(torch)
        model = load_transformer(self.source, adapter.layers)
        merge(model, adapter, self.source.name)
        self._model = model.to(self.device, best_dtype(torch, self.device)).eval()
        self._tokenizer = plain_tokenizer(fetch_file(self.source, "tokenizer.json"))
        self.dimension = int(model.config.hidden_size)
        limit = getattr(model.config, "max_position_embeddings", None) or adapter.max_length
        self.max_length = min(adapter.max_length, int(limit))
        self._budget = TOKENS_PER_BATCH.get(self.device.partition(":")[0], 1536)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Mean vectors of the texts, float32 (n, dimension), in order."""
        out = np.zeros((len(texts), self.dimension), dtype=np.float32)
        tokens = token_ids(self._tokenizer, texts, self.max_length)

        def run(rows: list[int]) -> None:
            out[rows] = self._forward([tokens[i] for i in rows])

        batches = packs([len(ids) for ids in tokens], self._budget)
        run_batches(self.device, run, batches)
        return out

    def _forward(self, tokens: list[list[int]]) -> NDArray[np.float32]:
        import torch

        with torch.inference_mode():
            vectors: NDArray[np.float32] = pooled(self._model, tokens, self.device).float().cpu().numpy()
        return vectors


def need_transformers() -> None:
    """Raises MissingExtra without torch, transformers or tokenizers."""
    for module in ("torch", "transformers", "tokenizers"):
        if importlib.util.find_spec(module) is None:
            raise MissingExtra(module, "score")


def load_transformer(source: ModelSource, layers: int | None = None) -> Any:
    """A BERT-like encoder in float32 with only its first `layers` layers, and no pooler.

    Raises ModelNotFound if the model isn't one, or has fewer layers.
    """
    folder = str(fetch(source))
    with quiet():
        import torch
        from transformers import AutoModel

        try:
            model = AutoModel.from_pretrained(
                folder, local_files_only=True, dtype=torch.float32, attn_implementation="sdpa"
            )
        except (OSError, ValueError, KeyError) as error:
            reason = (str(error).strip().splitlines() or [""])[0]
            raise ModelNotFound(f"{source.name}: not a transformers model: {reason}") from error
    stack = getattr(getattr(model, "encoder", None), "layer", None)
    if stack is None:
        raise ModelNotFound(
            f"{source.name}: a {type(model).__name__}, but adapters want an encoder like BERT"
        )
    if layers is not None:
        if not 1 <= layers <= len(stack):
            raise ModelNotFound(f"{source.name}: has {len(stack)} layers, {layers} are wanted")
        model.encoder.layer = stack[:layers]
        model.config.num_hidden_layers = layers
    if hasattr(model, "pooler"):
        model.pooler = None
    return model


def merge(model: Any, adapter: Adapter, name: str) -> None:
    """Add the deltas to the weights, in float32. Raises ModelNotFound for one that fits no linear layer."""
    import torch

    modules = dict(model.named_modules())
    for key, (a, b) in adapter.deltas.items():
        linear = modules.get(key)
        shape = (b.shape[0], a.shape[1])
        if not isinstance(linear, torch.nn.Linear) or tuple(linear.weight.shape) != shape:
            raise ModelNotFound(
                f"{name}: has no linear layer {key} of shape {shape}, which the adapter changes"
            )
        delta = b.astype(np.float32) @ a.astype(np.float32) * np.float32(adapter.scale)
        with torch.no_grad():
            linear.weight += torch.from_numpy(delta)


def token_ids(tokenizer: Any, texts: Sequence[str], max_length: int) -> list[list[int]]:
    """Token ids with special tokens, the first and last half of too many."""
    found = tokenizer.encode_batch_fast(both_ends(texts, max_length), add_special_tokens=True)
    return [head_and_tail(one.ids, max_length) for one in found]


def pooled(model: Any, tokens: Sequence[list[int]], device: str) -> Any:
    """The mean of the last hidden states over each text's tokens: a tensor (n, d)."""
    import torch

    lengths = torch.tensor([len(ids) for ids in tokens])
    longest = int(lengths.max())
    padding = model.config.pad_token_id or 0
    ids = torch.tensor([[*one, *[padding] * (longest - len(one))] for one in tokens], device=device)
    mask = (torch.arange(longest)[None] < lengths[:, None]).to(device)
    # Without padding the attention needs no mask, and has a faster path.
    whole = bool((lengths == longest).all())
    states = model(input_ids=ids, attention_mask=None if whole else mask.long()).last_hidden_state
    weights = mask[..., None].to(states.dtype)
    return (states * weights).float().sum(1) / weights.float().sum(1)
