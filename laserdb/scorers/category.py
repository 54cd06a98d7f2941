"""The category of an instruction: one of the seven kinds of task (LASER §3.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from laserdb.scorers.base import Result, Scored
from laserdb.scorers.linear import LinearScorer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from laserdb.scorers.heads import Head


class Category(LinearScorer):
    """Softmax regression on MiniLM vectors; the score is the probability of the chosen category.

    The card beside the weights says how sure to be of it. Failures: `empty_instruction`, `no_vector`,
    `bad_vector`.
    """

    name = "category"
    summary = "task category of each instruction (seven kinds), with its confidence"
    paper = "§3.1"
    shipped = "category-minilm.npz"
    classifies = True

    @property
    def columns(self) -> Mapping[str, str]:
        """The category and its probability."""
        return {"category": "VARCHAR", "confidence": "DOUBLE"}

    def results(self, head: Head, vectors: NDArray[np.float32]) -> Sequence[Result]:
        """The most probable class of each vector; the first one in a tie."""
        probabilities = head.probabilities(vectors)
        best = probabilities.argmax(axis=1).tolist()
        sure = probabilities.max(axis=1).tolist()
        return [
            Scored(p, {"category": head.classes[i], "confidence": p}) for i, p in zip(best, sure, strict=True)
        ]
