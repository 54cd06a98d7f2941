"""Reading prompts in groups of about equal length, and going on with all of them at once.

Reading costs by the token, padding included, while a step of generation costs about as much for many rows
as for one. So the groups are read apart, and their caches joined.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from laserdb.backends.encoder import packs
from laserdb.backends.hf import forward
from laserdb.backends.hf.loading import Loaded


def read(loaded: Loaded, rows: Sequence[Sequence[int]], prefix: forward.Prefix, enough: int) -> forward.State:
    """The state after all prompts, to generate from, in the rows' order.

    A group of `enough` tokens takes no row much shorter than its longest.
    """
    lengths = [len(row) - prefix.length for row in rows]
    groups = list(packs(lengths, max(lengths) * len(rows), enough))
    if len(groups) > 1 and forward.attends_by_mask(loaded.model):
        states = [
            forward.prefill(loaded, [rows[i] for i in group], prefix, generate=True) for group in groups
        ]
        if all(_plain(state.cache) for state in states):
            joined = _join(states, prefix.length)
            order = sorted(range(len(rows)), key=[i for group in groups for i in group].__getitem__)
            return joined if order == list(range(len(rows))) else forward.select(joined, order)
    return forward.prefill(loaded, rows, prefix, generate=True)


def _plain(cache: Any) -> bool:
    """Whether the cache is keys and values by place, and nothing else."""
    from transformers.cache_utils import DynamicLayer

    return all(type(layer) is DynamicLayer for layer in getattr(cache, "layers", [None]))


def _join(states: list[forward.State], shared: int) -> forward.State:
    """One state of all rows; the padding of narrower ones is widened, behind the shared prefix."""
    import torch

    width = max(state.mask.shape[1] for state in states)
    cache = states[0].cache
    for place, layer in enumerate(cache.layers):
        for name in ("keys", "values"):
            parts = [_widened(getattr(s.cache.layers[place], name), width, shared) for s in states]
            setattr(layer, name, torch.cat(parts))
    mask = torch.cat([_widened(s.mask[:, None, :, None], width, shared)[:, 0, :, 0] for s in states])
    return forward.State(
        torch.cat([s.logits for s in states]), cache, mask, torch.cat([s.lengths for s in states])
    )


def _widened(values: Any, width: int, shared: int) -> Any:
    """Values (rows, heads, places, size) with zeros behind the first `shared` places, up to `width`."""
    import torch

    rows, heads, places, size = values.shape
    if places == width:
        return values
    gap = values.new_zeros(rows, heads, width - places, size)
    return torch.cat([values[:, :, :shared], gap, values[:, :, shared:]], dim=2)
