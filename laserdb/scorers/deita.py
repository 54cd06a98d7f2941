"""DEITA's two scorers (Liu et al., 2024): quality of a response, complexity of an instruction.

LASER §3.2.2. The models are fine-tuned to write one digit, 1 to 6, after the texts below, which are part of
what they learned and are kept to the letter, odd spaces included (hkust-nlp/deita, selection/scorer).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import ClassVar

import numpy as np

from laserdb.backends.base import FirstToken, Part, PermanentError, Tokenizes, TransientError
from laserdb.scorers.base import Answer, Batch, Failed, Scored, Turn, Unit
from laserdb.scorers.first_token import known, probabilities, tokens_of
from laserdb.scorers.lm import ModelScorer

RATINGS = tuple("123456")
LLAMA = (29896, 29906, 29941, 29946, 29945, 29953)
MISTRAL = (28740, 28750, 28770, 28781, 28782, 28784)
"""The published tokens of "1" to "6" with the two tokenizers that such scorers were trained with."""
PUBLISHED = frozenset({"hkust-nlp/deita-quality-scorer", "hkust-nlp/deita-complexity-scorer"})

QUALITY = (
    "You are a helpful assistant. Please identify the quality score of the Response corresponding to the "
    "Question. \n #Question#:\n",
    "\n#Response#:\n",
    " \n##Quality: ",
)
COMPLEXITY = (
    "You are a helpful assistant. Please identify the complexity score of the following user query. \n"
    "##Query: ",
    "  \n##Complexity: ",
)


class _Deita(ModelScorer):
    """Σ k·softmax(logits of "1" … "6")_k at the first generated position (DESIGN §4.11).

    Failure: `no_logprobs`, of a server that tells too few probabilities.
    """

    around: ClassVar[tuple[str, ...]]
    """The fixed text before, between and behind the texts of a turn."""

    @property
    def columns(self) -> Mapping[str, str]:
        """Log probabilities of the six ratings, over the whole vocabulary."""
        return {"logprobs": "DOUBLE[]"}

    @property
    def prompt(self) -> str:
        return "…".join(self.around)

    @abstractmethod
    def texts(self, turn: Turn) -> tuple[str, ...]:
        """What stands between the pieces of fixed text."""

    def input(self, turn: Turn) -> tuple[Part, ...]:
        """The model's input; of a turn that is too long, the longer text loses its middle."""
        parts = [Part(self.around[0])]
        for text, fixed in zip(self.texts(turn), self.around[1:], strict=True):
            parts += [Part(text, cuttable=True), Part(fixed)]
        return tuple(parts)

    @cached_property
    def ratings(self) -> Sequence[int | str]:
        """The tokens of the ratings. Raises ScoringError if a published model's tokenizer is another's."""
        published = self.model.partition("@")[0] in PUBLISHED
        if not isinstance(self.backend, Tokenizes):
            return LLAMA if published else RATINGS
        tokens = tokens_of(self.backend, RATINGS)
        if published:
            known(tokens, (LLAMA, MISTRAL), self.model)
        return tokens

    def score(self, batch: Batch) -> Sequence[Answer]:
        told = self.asked(FirstToken).first_token_logprobs(
            [self.input(turn) for turn in batch.turns], self.ratings
        )
        return [one if isinstance(one, PermanentError | TransientError) else expected(one) for one in told]


def expected(logprobs: np.ndarray) -> Answer:
    """The expected rating, 1 to 6."""
    shares = probabilities(logprobs)
    if isinstance(shares, Failed):
        return shares
    return Scored(float(shares @ np.arange(1, len(shares) + 1)), {"logprobs": logprobs.tolist()})


class DeitaQuality(_Deita):
    """How good a response is, 1 to 6; the scorer of Reasoning, Factual QA and Extraction."""

    name = "deita_quality"
    summary = "quality of a response, 1 to 6, by DEITA's fine-tuned LLaMA-13B"
    paper = "§3.2.2"
    default_model = "hkust-nlp/deita-quality-scorer"
    unit = Unit.TURN
    routed = True
    around = QUALITY

    def texts(self, turn: Turn) -> tuple[str, ...]:
        return turn.instruction, turn.response or ""


class DeitaComplexity(_Deita):
    """How complex an instruction is, 1 to 6."""

    name = "deita_complexity"
    summary = "complexity of an instruction, 1 to 6, by DEITA's fine-tuned LLaMA-13B"
    paper = "§4.1"
    default_model = "hkust-nlp/deita-complexity-scorer"
    unit = Unit.INSTRUCTION
    around = COMPLEXITY

    def texts(self, turn: Turn) -> tuple[str, ...]:
        return (turn.instruction,)
