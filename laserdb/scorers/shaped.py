"""A linear head over what can be counted in a text (`laserdb.scorers.shape`), beside one over its vector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from laserdb.errors import ModelNotFound
from laserdb.scorers.shape import NAMES, VERSION, shapes

if TYPE_CHECKING:
    from numpy.typing import NDArray

KEY = "shape"
"""Where a head's `meta` has it."""
_FARTHEST = 4.0  # standard deviations: an odd text isn't to be scored by one feature alone


@dataclass(frozen=True, slots=True)
class ShapeHead:
    """Σ weight · clip((feature − mean) / scale, ±4): float64 (k,) each, in the order of `NAMES`."""

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weight: NDArray[np.float64]

    def standardised(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Features (n, k) as the weights want them."""
        limited: NDArray[np.float64] = np.clip((features - self.mean) / self.scale, -_FARTHEST, _FARTHEST)
        return limited

    def values(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """What the head adds for each text, (n,); a text's value doesn't depend on its neighbours."""
        product: NDArray[np.float64] = np.einsum("nk,k->n", self.standardised(shapes(texts)), self.weight)
        return product

    def as_meta(self) -> dict[str, Any]:
        """For a head's `meta`, JSON-able."""
        rows = zip(NAMES, self.mean, self.scale, self.weight, strict=True)
        numbers = {name: [float(f"{v:.6g}") for v in values] for name, *values in rows}
        return {"version": VERSION, "features": numbers}


def standardiser(features: NDArray[np.float64]) -> ShapeHead:
    """A head without weights that standardises like the given features."""
    scale = features.std(axis=0)
    scale[scale < 1e-6] = 1.0  # a constant feature is 0 everywhere and gets no weight
    return ShapeHead(features.mean(axis=0), scale, np.zeros(features.shape[1]))


def from_meta(meta: Mapping[str, Any], where: str) -> ShapeHead | None:
    """The head in a head's `meta`, if there is one. Raises ModelNotFound for one of other features."""
    told = meta.get(KEY)
    if told is None:
        return None
    if told.get("version") != VERSION or set(told["features"]) != set(NAMES):
        raise ModelNotFound(f"{where}: trained on other features than this laserdb counts; train it anew")
    numbers = np.array([told["features"][name] for name in NAMES], dtype=np.float64)
    return ShapeHead(numbers[:, 0], numbers[:, 1], numbers[:, 2])
