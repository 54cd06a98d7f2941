"""Forward passes over rows of different lengths: padding, positions, and a prefix that is read only once."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from laserdb.backends.hf.loading import Loaded

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WORTH_SHARING = 16  # tokens


@dataclass(slots=True)
class Prefix:
    """The tokens that all rows begin with, and the model's cache after reading them, if any."""

    length: int = 0
    cache: Any = None


@dataclass(slots=True)
class State:
    """A batch after reading its prompts: logits float (rows, kept, vocab) and what the next step needs."""

    logits: Any
    cache: Any
    mask: Any
    lengths: Any


def read_prefix(loaded: Loaded, rows: Sequence[list[int]], most: int) -> Prefix:
    """Read what all rows begin with, `most` tokens at most; nothing is shared where it isn't worth it."""
    import torch

    if len(rows) < 2 or not attends_by_mask(loaded.model):
        return Prefix()
    first, last = min(rows), max(rows)
    length = next((i for i in range(max(most, 0)) if first[i] != last[i]), most)  # the extremes differ first
    if length < _WORTH_SHARING:
        return Prefix()
    ids = torch.tensor([list(rows[0][:length])], device=loaded.device)
    return Prefix(
        length, loaded.model(input_ids=ids, use_cache=True, **_keep(loaded.model, 1)).past_key_values
    )


def prefill(
    loaded: Loaded, rows: Sequence[Sequence[int]], prefix: Prefix, keep: int = 1, generate: bool = False
) -> State:
    """Read rows, padded on the left behind their common prefix; logits of the last `keep` places are kept."""
    import torch

    rest = [list(row[prefix.length :]) for row in rows]
    width = max(map(len, rest))
    ids = torch.tensor([[loaded.pad] * (width - len(r)) + r for r in rest], device=loaded.device)
    mask = torch.tensor(
        [[1] * prefix.length + [0] * (width - len(r)) + [1] * len(r) for r in rest], device=loaded.device
    )
    positions = (mask.cumsum(1) - 1).clamp(min=0)[:, prefix.length :]
    cache = copy.deepcopy(prefix.cache)
    if cache is not None:
        cache.reorder_cache(torch.zeros(len(rows), dtype=torch.long, device=loaded.device))
    out = loaded.model(
        input_ids=ids, attention_mask=mask, position_ids=positions, past_key_values=cache,
        use_cache=generate or cache is not None, **_keep(loaded.model, keep),
    )  # fmt: skip
    return State(out.logits[:, -keep:], out.past_key_values if generate else None, mask, mask.sum(1))


def step(loaded: Loaded, state: State, tokens: Any) -> State:
    """Append one token per row, int64 (rows,); logits of the next one."""
    import torch

    mask = torch.cat([state.mask, state.mask.new_ones(len(tokens), 1)], 1)
    out = loaded.model(
        input_ids=tokens[:, None], attention_mask=mask, position_ids=state.lengths[:, None],
        past_key_values=state.cache, use_cache=True,
    )  # fmt: skip
    return State(out.logits[:, -1:], out.past_key_values, mask, state.lengths + 1)


def select(state: State, rows: Sequence[int]) -> State:
    """Only these rows of a batch."""
    import torch

    index = torch.tensor(list(rows), device=state.mask.device)
    state.cache.reorder_cache(index)
    return State(state.logits[index], state.cache, state.mask[index], state.lengths[index])


def token_logprobs(state: State, tokens: Sequence[int]) -> NDArray[np.float32]:
    """Log probabilities of tokens at the last place: (rows, k)."""
    logits = state.logits[:, -1].float()
    values: NDArray[np.float32] = (logits[:, list(tokens)] - logits.logsumexp(-1, keepdim=True)).cpu().numpy()
    return values


def tail_logprobs(state: State, tails: Sequence[Sequence[int]]) -> list[NDArray[np.float32]]:
    """Log probabilities of each row's last tokens, each given all before it."""
    import torch

    out = []
    for logits, tail in zip(state.logits, tails, strict=True):
        told = logits[logits.shape[0] - 1 - len(tail) : -1].float()
        index = torch.tensor(list(tail), device=logits.device)[:, None]
        out.append((told.gather(1, index)[:, 0] - told.logsumexp(-1)).cpu().numpy())
    return out


def pad_by(loaded: Loaded, rows: Sequence[Sequence[int]]) -> int:
    """The token to pad these rows with: one that ends none of them, for heads that look for the end by it."""
    ends = {row[-1] for row in rows if row}
    pad: int = next(i for i in (loaded.pad, *range(len(ends) + 1)) if i not in ends)
    loaded.model.config.get_text_config().pad_token_id = pad
    return pad


def head_outputs(
    loaded: Loaded, rows: Sequence[Sequence[int]], places: Sequence[Sequence[int]], pad: int
) -> list[NDArray[np.float32]]:
    """Raw outputs of a classification head at places of each row: (len(places), labels).

    Rows are padded on the right, which bidirectional models need and causal ones don't mind.
    """
    import torch

    width = max(map(len, rows))
    ids = torch.tensor([[*row, *[pad] * (width - len(row))] for row in rows], device=loaded.device)
    mask = torch.tensor([[1] * len(r) + [0] * (width - len(r)) for r in rows], device=loaded.device)
    out = loaded.model(input_ids=ids, attention_mask=mask)
    logits = (out.logits if hasattr(out, "logits") else out[0]).float().cpu().numpy()
    if logits.ndim == 2:
        return list(logits[:, None, :])
    return [logits[i, list(at)].reshape(len(at), logits.shape[-1]) for i, at in enumerate(places)]


def attends_by_mask(model: Any) -> bool:
    """Whether padding behind a prefix goes unseen: sliding windows count it, recurrent states read it."""
    config = model.config.get_text_config()
    slides = getattr(config, "sliding_window", None) and getattr(config, "use_sliding_window", True)
    kinds = set(getattr(config, "layer_types", None) or ["full_attention"])
    return not slides and not getattr(model, "_is_stateful", False) and kinds == {"full_attention"}


def _keep(model: Any, keep: int) -> dict[str, int]:
    """Spare the vocabulary's logits at all other places, where the model knows how."""
    known = "logits_to_keep" in inspect.signature(model.forward).parameters
    return {"logits_to_keep": keep} if known else {}
