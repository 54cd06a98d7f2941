"""Signals from how likely a small language model finds a response: `ifd` and `perplexity`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from laserdb.backends.base import (
    Message,
    Passage,
    PermanentError,
    Prompt,
    TextLogprobs,
    TextScorer,
    TransientError,
)
from laserdb.backends.models import SMOLLM2
from laserdb.errors import UsageError
from laserdb.scorers.base import Answer, Batch, Failed, Scored, Unit
from laserdb.scorers.lm import MODEL_PARAMETERS, ModelScorer

_FORMAT = "chat puts the instruction through the model's chat template (the default); plain for base models"


class _Likelihood(ModelScorer):
    """Base: the response's tokens after the instruction, or after nothing.

    Failures: `empty_response`, and `no_logprobs` where no token's probability is known.
    """

    default_model = SMOLLM2
    unit = Unit.TURN
    parameters = {**MODEL_PARAMETERS, "format": _FORMAT}  # noqa: RUF012

    def check(self) -> None:
        super().check()
        _ = self.settings

    @property
    def prompt(self) -> str:
        return ""

    @property
    def settings(self) -> Mapping[str, Any]:
        """How the instruction is put before the response. Raises UsageError."""
        given = self.options.params.get("format", "chat")
        if given not in ("chat", "plain"):
            raise UsageError(f"format={given}: give chat or plain")
        return {"format": given}

    def before(self, instruction: str) -> Prompt:
        """What stands before the response."""
        if self.settings["format"] == "plain":
            return f"{instruction}\n\n"
        return (Message("user", instruction),)

    def told(self, passages: Sequence[Passage]) -> list[Any]:
        """Log probabilities of each passage's text, or why there are none."""
        answers: list[Any] = [Failed("empty_response")] * len(passages)
        asked = [i for i, one in enumerate(passages) if one.text.strip()]
        scorer = self.asked(TextScorer)
        for i, told in zip(asked, scorer.text_logprobs([passages[i] for i in asked]), strict=True):
            answers[i] = told
        return answers


class Perplexity(_Likelihood):
    """exp of the mean negative log probability of the response's tokens, given the instruction."""

    name = "perplexity"
    summary = "perplexity of a response given its instruction, by a small language model"

    @property
    def columns(self) -> Mapping[str, str]:
        """Mean negative log probability (nats), tokens of the response, whether its end was cut off."""
        return {"loss": "DOUBLE", "tokens": "INTEGER", "truncated": "BOOLEAN"}

    def score(self, batch: Batch) -> Sequence[Answer]:
        passages = [Passage(self.before(turn.instruction), turn.response or "") for turn in batch.turns]
        return [perplexity(one) for one in self.told(passages)]


class Ifd(_Likelihood):
    """Instruction-following difficulty: the response's loss given the instruction, over its loss alone.

    Li et al., 2024, "From Quantity to Quality". Near or above 1 the instruction hardly helps. Both losses
    are means over the same tokens; a first token that follows nothing counts in neither.
    """

    name = "ifd"
    summary = "instruction-following difficulty: loss of a response with and without its instruction"
    batch_size = 32

    @property
    def columns(self) -> Mapping[str, str]:
        """Both losses (nats), the tokens compared, whether the response's end was cut off."""
        return {
            "loss_given": "DOUBLE", "loss_alone": "DOUBLE", "tokens": "INTEGER", "truncated": "BOOLEAN",
        }  # fmt: skip

    def score(self, batch: Batch) -> Sequence[Answer]:
        given = [Passage(self.before(turn.instruction), turn.response or "") for turn in batch.turns]
        alone = [Passage("", turn.response or "") for turn in batch.turns]
        pairs = zip(self.told(given), self.told(alone), strict=True)
        return [difficulty(one, other) for one, other in pairs]


def perplexity(told: Any) -> Answer:
    """The answer from a response's log probabilities."""
    if not isinstance(told, TextLogprobs):
        return _passed_on(told)
    known = told.logprobs[np.isfinite(told.logprobs)].astype(np.float64)
    if not len(known):
        return Failed("no_logprobs")
    loss = float(-known.mean())
    try:
        score = math.exp(loss)
    except OverflowError:
        return Failed("out_of_range", f"a loss of {loss:.0f}")
    return Scored(score, {"loss": loss, "tokens": len(known), "truncated": told.truncated})


def difficulty(given: Any, alone: Any) -> Answer:
    """The answer from a response's log probabilities with and without the instruction."""
    for told in (given, alone):
        if not isinstance(told, TextLogprobs):
            return _passed_on(told)
    n = min(len(given.logprobs), len(alone.logprobs))  # what is cut off may differ
    with_it, without = (told.logprobs[:n].astype(np.float64) for told in (given, alone))
    known = np.isfinite(with_it) & np.isfinite(without)
    if not known.any():
        return Failed("no_logprobs", "no token of the response follows another")
    losses = float(-with_it[known].mean()), float(-without[known].mean())
    if losses[1] <= 0:
        return Failed("no_loss", "the response alone is certain")
    values = {
        "loss_given": losses[0], "loss_alone": losses[1], "tokens": int(known.sum()),
        "truncated": given.truncated or alone.truncated,
    }  # fmt: skip
    return Scored(losses[0] / losses[1], values)


def _passed_on(told: Any) -> Answer:
    assert isinstance(told, Failed | PermanentError | TransientError)
    return told
