"""The classifier with a linear head on frozen sentence vectors: free where vectors are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from laserdb.backends.encoder import DEFAULT_MAX_LENGTH, LONG_TEXTS, load_encoder
from laserdb.backends.models import MINILM
from laserdb.errors import ModelNotFound
from laserdb.scorers.category.classifier import Classifier, in_order, spread
from laserdb.scorers.heads import Head, head_hash, load_head

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from laserdb.backends.encoder import Encoder


class HeadClassifier(Classifier):
    """Softmax regression on MiniLM vectors, as `laserdb train category --method head` makes it."""

    modules = ("sentence_transformers",)
    embedder = MINILM

    def __init__(self, path: Path, model: str) -> None:
        self.path, self.model = path, model
        self._head: Head | None = None
        self._encoder: Encoder | None = None

    @property
    def revision(self) -> str:
        """Hash of the head's file."""
        return head_hash(self.path)

    @property
    def params(self) -> Mapping[str, Any]:
        """What the vectors that it reads were made with."""
        return {"embedder": MINILM, "max_length": DEFAULT_MAX_LENGTH, "long_texts": LONG_TEXTS}

    def load(self) -> None:
        """Read the head. Raises ModelNotFound if there is none or it doesn't fit."""
        head = load_head(self.path)
        if not head.classes:
            raise ModelNotFound(f"{self.path}: not a classifier head, which category needs")
        wants = (head.meta.get("embedder", MINILM), head.meta.get("max_length", DEFAULT_MAX_LENGTH))
        if wants != (MINILM, DEFAULT_MAX_LENGTH):
            raise ModelNotFound(
                f"{self.path}: trained on vectors of {wants[0]} at {wants[1]} tokens, but category gets "
                f"those of {MINILM} at {DEFAULT_MAX_LENGTH}; train it anew"
            )
        self._places = in_order(head.classes, str(self.path))
        self._head = head

    def close(self) -> None:
        """Forget head and encoder."""
        self._head = self._encoder = None

    @property
    def width(self) -> int:
        """Length of the vectors that it reads."""
        if self._head is None:
            self.load()
        assert self._head is not None
        return int(self._head.weight.shape[0])

    def predict(
        self, texts: Sequence[str], vectors: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Probabilities of the texts, or of their vectors if given, float32 (n, 7)."""
        if self._head is None:
            self.load()
        assert self._head is not None
        if vectors is None:
            self._encoder = self._encoder or load_encoder(MINILM)
            vectors = self._encoder.encode(texts)
        return spread(self._head.probabilities(vectors), self._places)
