"""The difficulty of an instruction for language models (LASER §3.2.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from laserdb.scorers.base import Result, Scored
from laserdb.scorers.linear import LinearScorer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from laserdb.scorers.heads import Head


class Difficulty(LinearScorer):
    """Ridge regression on MiniLM vectors; the score is higher for harder instructions.

    Its unit is the loss of score against a model's mean on the data set: 0.1 = models score 10 points
    less than usual. A weak predictor: see the card beside the weights. Failures: `empty_instruction`,
    `no_vector`, `bad_vector`.
    """

    name = "difficulty"
    summary = "how hard an instruction is for language models (higher = harder)"
    paper = "§3.2.1"
    shipped = "difficulty-minilm.npz"
    classifies = False

    @property
    def columns(self) -> Mapping[str, str]:
        """None of its own."""
        return {}

    def results(self, head: Head, vectors: NDArray[np.float32]) -> Sequence[Result]:
        """The predicted difficulty of each vector."""
        return [Scored(value) for value in head.values(vectors).tolist()]
