"""Least products of rows with all centres: on the processor, or on a GPU by torch where there is one."""

from __future__ import annotations

import os
import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from laserdb.clustering.points import Floats

Best = tuple[npt.NDArray[np.int32], Floats]


def best_per_tile(left: Floats, scored: Floats, tile: int) -> Best:
    """For each row of `left` and each tile of `scored`, the row of `scored` with the least product."""
    starts = range(0, len(scored), tile)
    best = np.empty((len(left), len(starts)), np.int32)
    value = np.empty(best.shape, np.float32)
    each = np.arange(len(left))
    for t, at in enumerate(starts):
        scores = left @ scored[at : at + tile].T
        least = scores.argmin(axis=1)
        best[:, t] = least + at
        value[:, t] = scores[each, least]
    return best, value


class Products:
    """`best_per_tile` for one set of centres and many blocks; the centres go to the device once."""

    def __init__(self, scored: Floats, tile: int, device: str) -> None:
        self.scored, self.tile = scored, tile
        self.tiles: list[Any] = []
        if device != "cpu":
            self.tiles = [tensor(scored[at : at + tile], device).T for at in range(0, len(scored), tile)]
        self.device = device

    def best(self, left: Floats) -> Best:
        """Per row and tile, the centre with the least product, and that product."""
        if not self.tiles:
            return best_per_tile(left, self.scored, self.tile)
        rows = tensor(left, self.device)
        found = [(rows @ tile).min(dim=1) for tile in self.tiles]
        best = np.stack([one.indices.cpu().numpy() for one in found], axis=1)
        best += np.arange(len(found)) * self.tile
        return best.astype(np.int32), np.stack([one.values.cpu().numpy() for one in found], axis=1)


def tensor(array: Floats, device: str) -> Any:
    """A float32 tensor on the device."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(array)).to(device)


def find_device(wanted: str | None) -> str:
    """`wanted`, or "cuda" where torch finds a GPU, else "cpu".

    torch takes seconds to import: without a driver or an import already done it isn't asked.
    """
    if wanted is not None:
        return wanted
    if "torch" not in sys.modules and not os.path.exists("/proc/driver/nvidia/version"):
        return "cpu"
    try:
        import torch
    except ImportError:
        return "cpu"
    return "cuda" if torch.cuda.is_available() else "cpu"
