"""What a classifier is: texts in, a probability for each of the seven categories out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from laserdb.categories import CATEGORIES
from laserdb.errors import ModelNotFound

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from laserdb.backends.encoder import Encoder
    from laserdb.scorers.heads import Head

TRAIN = "laserdb train category"
"""What makes a classifier's file."""


class Classifier(ABC):
    """Base of the classifiers. Constructing one is cheap and needs no optional dependency.

    `model` is its name in a run's identity, `revision` changes whenever its numbers do.
    """

    embedder: str | None = None
    """Encoder whose vectors `predict` takes, if the caller has them; None if it reads texts alone."""
    modules: ClassVar[tuple[str, ...]] = ()
    """Import names of what it needs, all of the extra `score`."""
    model: str

    @property
    @abstractmethod
    def revision(self) -> str:
        """Changes with the weights. Raises ModelNotFound if there are none."""

    @property
    def params(self) -> Mapping[str, Any]:
        """What else changes its numbers; JSON-able."""
        return {}

    @abstractmethod
    def load(self) -> None:
        """Get the weights. Raises ModelNotFound if there are none, or unfit ones."""

    def close(self) -> None:  # noqa: B027
        """Give back what `load` took."""

    @abstractmethod
    def predict(
        self, texts: Sequence[str], vectors: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Calibrated probabilities in the order of CATEGORIES, float32 (n, 7); rows sum to 1.

        `vectors` are those of `embedder` for the texts, float32 (n, d), finite; without them the
        classifier makes its own.
        """


class EncodingClassifier(Classifier):
    """Base of the classifiers that encode texts themselves and read the vectors with a linear head.

    A subclass opens both in `load` and hands them to `use`.
    """

    _encoder: Encoder | None = None
    _head: Head | None = None

    def use(self, encoder: Encoder, head: Head, whose: str) -> None:
        """Take an encoder and a head. Raises ModelNotFound if one doesn't fit the other."""
        self._places = in_order(head.classes, whose)
        if encoder.dimension != len(head.weight):
            raise ModelNotFound(
                f"{whose}: a head for {len(head.weight)} dimensions, its encoder has {encoder.dimension}"
            )
        self._encoder, self._head = encoder, head

    def close(self) -> None:
        """Forget encoder and head."""
        self._encoder = self._head = None

    def predict(
        self,
        texts: Sequence[str],
        vectors: NDArray[np.float32] | None = None,  # noqa: ARG002 - it makes its own
    ) -> NDArray[np.float32]:
        """Probabilities of the texts, float32 (n, 7)."""
        if self._encoder is None or self._head is None:
            self.load()
        assert self._encoder is not None
        assert self._head is not None
        return spread(self._head.probabilities(self._encoder.encode(texts)), self._places)


def in_order(classes: Sequence[str], whose: str) -> NDArray[np.int64]:
    """Where each of a model's classes stands among the categories, (k,). Raises ModelNotFound."""
    unknown = sorted(set(classes) - set(CATEGORIES))
    if unknown or len(set(classes)) != len(classes) or len(classes) < 2:
        told = ", ".join(classes) or "not named"
        raise ModelNotFound(f"{whose}: its classes are {told}; needed: of {', '.join(CATEGORIES)}")
    return np.array([CATEGORIES.index(name) for name in classes], dtype=np.int64)


def spread(probabilities: NDArray[np.floating[Any]], places: NDArray[np.int64]) -> NDArray[np.float32]:
    """Probabilities (n, k) of a model's classes as float32 (n, 7); classes that it lacks get 0."""
    out = np.zeros((len(probabilities), len(CATEGORIES)), dtype=np.float32)
    out[:, places] = probabilities
    return out
