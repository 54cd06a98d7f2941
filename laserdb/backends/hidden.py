"""Vectors from inside a causal language model: the mean of its hidden states at three quarters of its depth.

What a language model knows of a text's matter shows in its middle layers more than in a sentence vector; the
last layers are about the next token.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from laserdb.backends.adapter import need_transformers
from laserdb.backends.devices import best_device, best_dtype, quiet, run_batches
from laserdb.backends.encoder import (
    DEFAULT_MAX_LENGTH,
    TOKENS_PER_BATCH,
    both_ends,
    head_and_tail,
    normalised,
    packs,
)
from laserdb.backends.models import ModelSource, fetch, find_model
from laserdb.errors import ModelNotFound

if TYPE_CHECKING:
    from numpy.typing import NDArray


class HiddenEncoder:
    """A causal language model's hidden states after ¾ of its layers, averaged over a text's tokens.

    Unit vectors, float32. A text is read behind the model's first special token, whose own state is left
    out; of more than `max_length` tokens the first and the last half. The layers above aren't loaded onto
    the device. Precision, batches and cores are as in `SentenceEncoder`. A text without tokens has the zero
    vector.

    Raises MissingExtra without torch, transformers or tokenizers, and ModelNotFound if the model isn't to be
    had or is none.
    """

    def __init__(
        self, source: ModelSource | str, *, max_length: int = DEFAULT_MAX_LENGTH, device: str | None = None
    ) -> None:
        need_transformers()
        import torch

        self.source = find_model(source) if isinstance(source, str) else source
        self.device = device or best_device(torch)
        model, self._tokenizer = _load(self.source, best_dtype(torch, self.device))
        config = model.config
        self.layer = max(1, 3 * int(config.num_hidden_layers) // 4)
        layers = getattr(model, "layers", None)
        if layers is not None:  # one more than is read: the states behind the last one are normalised
            model.layers = layers[: self.layer + 1]
        self._model = model.to(self.device).eval()
        self.dimension = int(config.hidden_size)
        limit = int(getattr(config, "max_position_embeddings", None) or max_length + 1)
        self.max_length = min(max_length, limit - 1)
        first = self._tokenizer.bos_token_id
        self._first = self._tokenizer.eos_token_id if first is None else first
        self._budget = TOKENS_PER_BATCH.get(self.device.partition(":")[0], 1536)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of the texts, float32 (n, dimension), in order."""
        out = np.zeros((len(texts), self.dimension), dtype=np.float32)
        if not texts:
            return out
        ids = self._tokenizer(both_ends(texts, self.max_length), add_special_tokens=False, verbose=False)
        tokens = [head_and_tail(one, self.max_length) for one in ids["input_ids"]]
        there = [i for i, one in enumerate(tokens) if one]

        def run(rows: list[int]) -> None:
            chosen = [there[i] for i in rows]
            out[chosen] = self._forward([tokens[i] for i in chosen])

        batches = packs([len(tokens[i]) + 1 for i in there], self._budget)
        run_batches(self.device, run, batches)
        return normalised(out)

    def _forward(self, tokens: list[list[int]]) -> NDArray[np.float32]:
        import torch

        longest = max(map(len, tokens))
        rows = [[self._first, *one, *[self._first] * (longest - len(one))] for one in tokens]
        lengths = torch.tensor([len(one) for one in tokens])
        # Padding stands behind the text, where a causal model's tokens don't see it: no mask is needed.
        with torch.inference_mode():
            found = self._model(
                input_ids=torch.tensor(rows, device=self.device), use_cache=False, output_hidden_states=True
            )
            states = found.hidden_states[self.layer][:, 1:].float()
            mask = (torch.arange(longest)[None] < lengths[:, None]).to(self.device)[..., None]
            mean = (states * mask).sum(1) / lengths.to(self.device)[:, None]
        vectors: NDArray[np.float32] = mean.cpu().numpy()
        return vectors


def _load(source: ModelSource, dtype: Any) -> tuple[Any, Any]:
    """The model without its language modelling head, and its tokenizer."""
    folder = str(fetch(source))
    with quiet():
        from transformers import AutoModel, AutoTokenizer

        try:
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            model = AutoModel.from_pretrained(folder, local_files_only=True, dtype=dtype)
        except (OSError, ValueError, KeyError) as error:
            reason = (str(error).strip().splitlines() or [""])[0]
            raise ModelNotFound(f"{source.name}: not a language model: {reason}") from error
    if getattr(model.config, "num_hidden_layers", None) is None or tokenizer.eos_token_id is None:
        raise ModelNotFound(f"{source.name}: a {type(model).__name__}, but a causal language model is wanted")
    return model, tokenizer
