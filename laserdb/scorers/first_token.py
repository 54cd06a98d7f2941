"""Ratings read from the probabilities of the first token: which tokens they are, and what they come to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from laserdb.backends.base import Tokenizes
from laserdb.errors import ScoringError
from laserdb.scorers.base import Failed

if TYPE_CHECKING:
    from numpy.typing import NDArray


def tokens_of(backend: Tokenizes, words: Sequence[str]) -> list[int]:
    """The token that each of these words comes down to after what all of them begin with.

    SentencePiece puts a token for a space before a lone digit, which stands in the prompt already. Raises
    ScoringError if a word is more than one token beyond that.
    """
    ids = [backend.token_ids(word) for word in words]
    if {len(one) for one in ids} - {1, 2} or len({tuple(one[:-1]) for one in ids}) != 1:
        raise ScoringError(f"the model's tokenizer has no single tokens for {', '.join(words)}")
    last = [one[-1] for one in ids]
    if len(set(last)) < len(last):
        raise ScoringError(f"the model's tokenizer doesn't tell {', '.join(words)} apart")
    return last


def probabilities(logprobs: NDArray[np.float32]) -> NDArray[np.float64] | Failed:
    """Softmax over the wanted tokens alone: float64 (k,). A token that a server keeps quiet about fails it."""
    values = logprobs.astype(np.float64)
    if not np.isfinite(values).all():
        return Failed("no_logprobs", "the server doesn't tell the probabilities of all ratings")
    weights = np.exp(values - values.max())
    return np.asarray(weights / weights.sum())


def known(tokens: Sequence[int], published: Sequence[Sequence[int]], model: str) -> None:
    """See that these tokens are those that the model was trained with. Raises ScoringError."""
    if tuple(tokens) not in {tuple(one) for one in published}:
        raise ScoringError(
            f"{model}: its tokenizer gives the ratings the tokens {list(tokens)}, the published scorer was "
            f"trained with {' or '.join(str(list(one)) for one in published)}; is the tokenizer another model's?"
        )
