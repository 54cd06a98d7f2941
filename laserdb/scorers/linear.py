"""What the scorers with a linear head have in common: finding the head, checking vectors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from laserdb.backends.encoder import DEFAULT_MAX_LENGTH, LONG_TEXTS
from laserdb.backends.models import MINILM
from laserdb.errors import ModelNotFound
from laserdb.scorers.base import Batch, Failed, Identity, Result, Scorer, ScorerOptions, Unit
from laserdb.scorers.heads import WEIGHTS, Head, head_hash, load_head

if TYPE_CHECKING:
    from numpy.typing import NDArray


class LinearScorer(Scorer):
    """A head over the engine's vectors of the instruction; `--model` takes another `.npz` head, by its path
    or the name of one that laserdb ships.

    A subclass names the shipped head and turns a row of valid vectors into results.
    """

    modules = ("sentence_transformers",)
    unit = Unit.INSTRUCTION
    embedder = MINILM
    batch_size = 512
    shipped: ClassVar[str]
    """File name of the head in the folder of shipped weights."""
    classifies: ClassVar[bool]

    def __init__(self, options: ScorerOptions | None = None) -> None:
        super().__init__(options)
        model = self.options.model
        self.path = _head_path(model) if model else WEIGHTS / self.shipped
        self._head: Head | None = None

    @property
    def identity(self) -> Identity:
        """The head's file, and what the vectors that it reads were made with."""
        params = {"embedder": self.embedder, "max_length": DEFAULT_MAX_LENGTH, "long_texts": LONG_TEXTS}
        model = self.options.model or "minilm-linear"
        return Identity(self.name, model, head_hash(self.path), params)

    def load(self) -> None:
        """Read the head. Raises ModelNotFound if there is none or it doesn't fit this scorer."""
        head = load_head(self.path)
        if bool(head.classes) != self.classifies:
            wanted = "classifier" if self.classifies else "regression"
            raise ModelNotFound(f"{self.path}: not a {wanted} head, which {self.name} needs")
        wants = (head.meta.get("embedder", self.embedder), head.meta.get("max_length", DEFAULT_MAX_LENGTH))
        if wants != (self.embedder, DEFAULT_MAX_LENGTH):
            raise ModelNotFound(
                f"{self.path}: trained on vectors of {wants[0]} at {wants[1]} tokens, "
                f"but {self.name} gets those of {self.embedder} at {DEFAULT_MAX_LENGTH}; train it anew"
            )
        self._head = head

    def close(self) -> None:
        """Forget the head."""
        self._head = None

    def score(self, batch: Batch) -> Sequence[Result]:
        """One result per turn; blank instructions and missing or non-finite vectors fail."""
        if self._head is None:
            self.load()
        assert self._head is not None
        vectors = batch.vectors
        if vectors is None:
            return [Failed("no_vector", f"no {self.embedder} vectors given") for _ in batch.turns]
        if vectors.shape != (len(batch), self._head.weight.shape[0]):
            detail = f"vectors {vectors.shape}, head for {self._head.weight.shape[0]} dimensions"
            return [Failed("bad_vector", detail) for _ in batch.turns]
        usable: NDArray[np.bool_] = np.atleast_1d(np.isfinite(vectors).all(axis=1))
        given = self.results(self._head, np.where(usable[:, None], vectors, np.float32(0)))
        return [
            Failed("empty_instruction")
            if not turn.instruction.strip()
            else result if ok else Failed("bad_vector", "not finite")
            for turn, result, ok in zip(batch.turns, given, usable, strict=True)
        ]  # fmt: skip

    def results(self, head: Head, vectors: NDArray[np.float32]) -> Sequence[Result]:
        """Results for finite float32 (n, d) vectors."""
        raise NotImplementedError


def _head_path(model: str) -> Path:
    path = Path(model).expanduser()
    shipped = WEIGHTS / model
    return shipped if path.name == model and shipped.is_file() and not path.exists() else path
