"""Generation, step by step: each row is kept to its grammar, and rows that are done leave the batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from laserdb.backends.base import GenerateOptions
from laserdb.backends.hf import joining
from laserdb.backends.hf.forward import Prefix, State, select, step
from laserdb.backends.hf.grammar import allowed
from laserdb.backends.hf.loading import Loaded


@dataclass(slots=True)
class Row:
    """One generation under way."""

    ids: Sequence[int]
    matcher: Any = None
    random: Any = None
    limit: int = 0
    made: list[int] = field(default_factory=list)
    finish: Literal["stop", "length"] | None = None


def decode(loaded: Loaded, rows: list[Row], prefix: Prefix, options: GenerateOptions, enough: int) -> None:
    """Fill `made` and `finish` of the rows; the token that ends a text isn't kept.

    `enough`: tokens that keep the device busy while it reads.
    """
    import torch

    state = joining.read(loaded, [row.ids for row in rows], prefix, enough)
    active = list(rows)
    while True:
        tokens = _choose(state, active, options)
        for row, token in zip(active, tokens, strict=True):
            _append(loaded, row, token, options)
        going = [i for i, row in enumerate(active) if row.finish is None]
        if not going:
            return
        if len(going) < len(active):
            active, state = [active[i] for i in going], select(state, going)
        state = step(loaded, state, torch.tensor([tokens[i] for i in going], device=loaded.device))


def _choose(state: State, rows: Sequence[Row], options: GenerateOptions) -> list[int]:
    import torch

    logits = state.logits[:, -1].float()
    if rows[0].matcher is not None:
        mask = torch.from_numpy(allowed([row.matcher for row in rows], logits.shape[-1])).to(logits.device)
        logits = logits.masked_fill(~mask, -torch.inf)
    if options.temperature <= 0:
        chosen: list[int] = logits.argmax(-1).tolist()
        return chosen
    weights = (logits / options.temperature).softmax(-1).cpu()
    ordered, order = weights.sort(-1, descending=True)
    ordered[ordered.cumsum(-1) - ordered >= options.top_p] = 0
    picks = [torch.multinomial(w, 1, generator=r.random).item() for w, r in zip(ordered, rows, strict=True)]
    return [int(order[i, pick]) for i, pick in enumerate(picks)]


def _append(loaded: Loaded, row: Row, token: int, options: GenerateOptions) -> None:
    if token in loaded.ends:
        row.finish = "stop"
        return
    row.made.append(token)
    if row.matcher is not None:
        row.matcher.consume_token(token)
        if row.matcher.is_stopped():
            row.finish = "stop"
            return
    if options.stop and stopped(text_of(loaded, row), options.stop) is not None:
        row.finish = "stop"
    elif len(row.made) >= row.limit:
        row.finish = "length"


def text_of(loaded: Loaded, row: Row) -> str:
    """The row's text so far."""
    text: str = loaded.tokenizer.decode(
        row.made, skip_special_tokens=True, clean_up_tokenization_spaces=False
    )
    return text


def stopped(text: str, stop: Sequence[str]) -> int | None:
    """Where the first stop string begins."""
    return min((at for s in stop if (at := text.find(s)) >= 0), default=None)
