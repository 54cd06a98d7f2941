"""Linear heads on sentence vectors: a few kilobytes of NumPy that turn a vector into a label or a number."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from laserdb.errors import ModelNotFound
from laserdb.scorers import weight_files

if TYPE_CHECKING:
    from numpy.typing import NDArray

WEIGHTS = Path(__file__).parent / "weights"
"""Folder of the heads that laserdb ships, each with a model card beside it."""


@dataclass(frozen=True, slots=True)
class Head:
    """A linear map of unit vectors: with `classes` a classifier, without them a regression.

    `weight` is float32 (d, k), `bias` float32 (k,), k the number of classes or 1. `temperature` divides
    the logits, so that a confidence of 0.8 is right four times in five on unseen sources. `meta` says
    what the head was trained on: `embedder`, `max_length`, …
    """

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    classes: tuple[str, ...] = ()
    temperature: float = 1.0
    meta: Mapping[str, Any] = field(default_factory=dict)

    def probabilities(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """Class probabilities of float32 (n, d) vectors, float64 (n, k); rows sum to 1."""
        return softmax(self._linear(vectors) / self.temperature)

    def values(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """Predicted numbers for float32 (n, d) vectors, float64 (n,)."""
        values: NDArray[np.float64] = self._linear(vectors)[:, 0]
        return values

    def _linear(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        # einsum sums each row on its own, so that a result doesn't depend on the batch as in a BLAS product
        product = np.einsum("nd,dk->nk", vectors.astype(np.float64), self.weight.astype(np.float64))
        result: NDArray[np.float64] = product + self.bias
        return result


def save_head(head: Head, path: Path) -> None:
    """Write a head as `.npz` without pickle; the same head gives the same bytes."""
    arrays = {
        "weight": np.asarray(head.weight, dtype=np.float32),
        "bias": np.asarray(head.bias, dtype=np.float32),
        "classes": np.array(head.classes, dtype=np.str_),
        "temperature": np.float64(head.temperature),
    }
    weight_files.save(path, arrays, head.meta)


def load_head(path: Path) -> Head:
    """Read a head that `save_head` wrote. Raises ModelNotFound if there is none, or a broken one."""
    with weight_files.reading(path, "head", "laserdb train") as file:
        head = Head(
            weight=file["weight"],
            bias=file["bias"],
            classes=tuple(str(c) for c in file["classes"]),
            temperature=float(file["temperature"]),
            meta=weight_files.meta_of(file),
        )
    width = max(1, len(head.classes))
    if head.weight.ndim != 2 or head.weight.shape[1] != width or head.bias.shape != (width,):
        raise ModelNotFound(f"{path}: a head of shape {head.weight.shape} does not fit {width} outputs")
    return head


def head_hash(path: Path) -> str:
    """Short hash of a head's file. Raises ModelNotFound if it can't be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    except OSError as error:
        raise ModelNotFound(f"{path}: {error.strerror}; give a .npz made by laserdb train") from error


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Row-wise softmax of (n, k) logits."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    result: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return result


def fit_temperature(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """The temperature that minimises the log loss of (n, k) logits against class indices (n,).

    Guo et al. 2017, "On Calibration of Modern Neural Networks"; searched on a fine grid of 0.05 to 20.
    Use logits of texts that the head was not trained on.
    """
    grid = np.geomspace(0.05, 20, 400)
    rows = np.arange(len(labels))
    losses = [-np.log(softmax(logits / t)[rows, labels] + 1e-12).mean() for t in grid]
    return float(grid[int(np.argmin(losses))])
