"""The classifier of `--fast`: a linear model on hashed n-grams and the look of a text, without torch.

Arrays of its `.npz`: `ngram.weights` int8 (buckets, k) with `ngram.scale` float32 (k,), `format.weights`
float32 (len(FORMAT), k), `bias` float32 (k,), `classes` (k,), and `meta`, JSON with `temperature`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from laserdb.errors import ModelNotFound
from laserdb.scorers import weight_files
from laserdb.scorers.category.classifier import TRAIN, Classifier, in_order, spread
from laserdb.scorers.category.ngrams import FORMAT, GROUPS, groups_of, joined, looks, pieces, sparse
from laserdb.scorers.heads import head_hash, softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FEATURES = 1  # raise it when the features change: older weights don't fit them


@dataclass(frozen=True, slots=True)
class FastModel:
    """Weights of the n-grams' buckets, float32 (buckets, k), and of the look, (len(FORMAT), k)."""

    ngrams: NDArray[np.float32]
    format: NDArray[np.float32]
    bias: NDArray[np.float32]
    classes: tuple[str, ...]
    temperature: float = 1.0
    meta: Mapping[str, Any] = field(default_factory=dict)

    def logits(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Logits of the texts, float32 (n, k), on all cores: NumPy and SciPy let go of the interpreter."""
        ranges = list(pieces(texts))
        if len(ranges) < 2:
            return self._piece(texts)
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            return np.vstack(list(pool.map(lambda r: self._piece(texts[r[0] : r[1]]), ranges)))

    def _piece(self, texts: Sequence[str]) -> NDArray[np.float32]:
        text = joined(texts)
        # einsum sums each row on its own: what a text gets must not depend on the texts beside it.
        out: NDArray[np.float32] = np.einsum("nf,fk->nk", looks(texts, text), self.format) + self.bias
        found = groups_of(text)
        for name in GROUPS:
            out += sparse(found[name], len(texts), len(self.ngrams)) @ self.ngrams
        return out


def save_fast_model(model: FastModel, path: Path) -> None:
    """Write a model as `.npz` without pickle; the n-grams' weights lose all but eight bits."""
    scale = np.maximum(np.abs(model.ngrams).max(axis=0), 1e-12) / 127
    meta = {**model.meta, "temperature": model.temperature, "features": _FEATURES}
    arrays = {
        "ngram.weights": np.rint(model.ngrams / scale).astype(np.int8),
        "ngram.scale": scale.astype(np.float32),
        "format.weights": model.format.astype(np.float32),
        "bias": model.bias.astype(np.float32),
        "classes": np.array(model.classes, dtype=np.str_),
    }
    weight_files.save(path, arrays, meta)


def load_fast_model(path: Path) -> FastModel:
    """Read what `save_fast_model` wrote. Raises ModelNotFound if there is none, or an unfit one."""
    with weight_files.reading(path, "model", TRAIN) as file:
        meta = weight_files.meta_of(file)
        ngrams = file["ngram.weights"].astype(np.float32) * file["ngram.scale"]
        classes = tuple(str(name) for name in file["classes"])
        format_, bias, temperature = file["format.weights"], file["bias"], float(meta["temperature"])
    k = len(classes)
    power = len(ngrams) & (len(ngrams) - 1) == 0
    fits = ngrams.ndim == 2 and ngrams.shape[1] == k and format_.shape == (len(FORMAT), k) and power
    if not fits or bias.shape != (k,) or meta.get("features") != _FEATURES:
        raise ModelNotFound(f"{path}: made for other features than this laserdb's; train it anew")
    return FastModel(ngrams, format_, bias, classes, temperature, meta)


class FastClassifier(Classifier):
    """Thousands of texts a second on a CPU; what it can't see is meaning beyond words."""

    modules = ("scipy",)

    def __init__(self, path: Path, model: str) -> None:
        self.path, self.model = path, model
        self._model: FastModel | None = None

    @property
    def revision(self) -> str:
        """Hash of the file."""
        return head_hash(self.path)

    def load(self) -> None:
        """Read the weights. Raises ModelNotFound."""
        model = load_fast_model(self.path)
        self._places = in_order(model.classes, str(self.path))
        self._model = model

    def close(self) -> None:
        """Forget the weights."""
        self._model = None

    def predict(
        self,
        texts: Sequence[str],
        vectors: NDArray[np.float32] | None = None,  # noqa: ARG002 - it reads texts alone
    ) -> NDArray[np.float32]:
        """Probabilities of the texts, float32 (n, 7)."""
        if self._model is None:
            self.load()
        assert self._model is not None
        logits = self._model.logits(texts).astype(np.float64)
        return spread(softmax(logits / self._model.temperature), self._places)
