"""The difficulty of an instruction for language models (LASER §3.2.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from laserdb.backends.models import MINILM
from laserdb.errors import UsageError
from laserdb.scorers.base import Batch, Identity, Result, Scored, ScorerOptions
from laserdb.scorers.difficulty_model import DifficultyModel
from laserdb.scorers.heads import load_head
from laserdb.scorers.linear import LinearScorer
from laserdb.scorers.shape import VERSION
from laserdb.scorers.shaped import ShapeHead, from_meta

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from laserdb.scorers.heads import Head


class Difficulty(LinearScorer):
    """A linear head on vectors and on what can be counted in the text; higher = harder.

    Its unit is the loss of score against a model's mean on the data set: 0.1 = models score 10 points
    less than usual. A weak predictor: see the card beside the weights. The vectors are MiniLM's, or of the
    encoder that the `.npz` of `--model` was trained with: `difficulty-smollm2.npz`, shipped too, reads
    a small language model's hidden states, agrees better with the targets and takes ten times as long. With
    `--model` of anything but a `.npz` head it is a `DifficultyModel`. Failures: `empty_instruction`,
    `no_vector`, `bad_vector`.
    """

    name = "difficulty"
    summary = "how hard an instruction is for language models (higher = harder)"
    paper = "§3.2.1"
    shipped = "difficulty-minilm.npz"
    classifies = False
    asks_backend = True  # with --model of a fine-tuned one
    parameters = DifficultyModel.parameters
    _shape: ShapeHead | None = None
    _embedder: str | None = None

    def __new__(cls, options: ScorerOptions | None = None) -> Any:
        """A `.npz` head is this class's; any other `--model` is a fine-tuned language model."""
        if options is not None and options.model is not None and not options.model.endswith(".npz"):
            return DifficultyModel(options)
        return super().__new__(cls)

    def __init__(self, options: ScorerOptions | None = None) -> None:
        super().__init__(options)
        if self.options.backend is not None or self.options.params:
            given = (
                "--backend"
                if self.options.backend is not None
                else f"--set {next(iter(self.options.params))}"
            )
            raise UsageError(f"{given} is for a fine-tuned difficulty model; name it with --model")

    @property
    def embedder(self) -> str:  # type: ignore[override]
        """What the head was trained on the vectors of. Raises ModelNotFound if there is no head."""
        if self._embedder is None:
            told = load_head(self.path).meta if self.options.model else {}
            self._embedder = str(told.get("embedder", MINILM))
        return self._embedder

    @property
    def columns(self) -> Mapping[str, str]:
        """None of its own."""
        return {}

    @property
    def identity(self) -> Identity:
        """The head's file, its vectors, and which features are counted."""
        return replace(super().identity, code_version=f"2-{VERSION}")

    def load(self) -> None:
        """Read the head. Raises ModelNotFound if there is none or it doesn't fit this scorer."""
        super().load()
        assert self._head is not None
        self._shape = from_meta(self._head.meta, str(self.path))

    def score(self, batch: Batch) -> Sequence[Result]:
        """One result per turn; blank instructions and missing or non-finite vectors fail."""
        found = super().score(batch)
        if self._shape is None or not found:
            return found
        added = self._shape.values([turn.instruction for turn in batch.turns]).tolist()
        return [
            Scored(one.score + more) if isinstance(one, Scored) and one.score is not None else one
            for one, more in zip(found, added, strict=True)
        ]

    def results(self, head: Head, vectors: NDArray[np.float32]) -> Sequence[Result]:
        """The predicted difficulty of each vector, without what its text adds."""
        return [Scored(value) for value in head.values(vectors).tolist()]
