"""The scorer `category`: a classifier's answer for each instruction, and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from laserdb.categories import CATEGORIES
from laserdb.scorers.base import Batch, Failed, Identity, Result, Scored, Scorer, ScorerOptions, Unit
from laserdb.scorers.category.find import find_classifier
from laserdb.scorers.category.head import HeadClassifier

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from laserdb.scorers.category.classifier import Classifier


_FAST_BATCH = 4096


class Category(Scorer):
    """The most probable category; the score, and the confidence, is its calibrated probability.

    `--model` takes a `.npz` or `.json` of `laserdb train category`, or the folder or hub id of a SetFit
    model; `--fast` the shipped model that needs no torch. With `--backend` and `--model` a language model is
    asked instead (`variant`). Failures: `empty_instruction`, `no_vector`, `bad_vector`.
    """

    name = "category"
    summary = "task category of each instruction (seven kinds), with its confidence"
    paper = "§3.1"
    modules = ("torch", "transformers")
    unit = Unit.INSTRUCTION
    batch_size = 1024
    has_fast = True
    parameters: ClassVar[Mapping[str, str]] = {
        "above": "confidence above which a cascade's quick model is believed; 1: the careful one reads all"
    }

    def __init__(self, options: ScorerOptions | None = None) -> None:
        super().__init__(options)
        self._classifier: Classifier | None = None
        if self.options.fast:
            # So fast that small batches would cost more than their texts.
            self.batch_size = _FAST_BATCH

    @classmethod
    def variant(cls, options: ScorerOptions) -> type[Scorer]:
        """The judge where a language model is named and what runs it.

        A backend alone is not enough: in `--preset laser --backend vllm` it is meant for the other scorers.
        """
        if options.backend is None or options.model is None:
            return cls
        from laserdb.scorers.category_llm import CategoryJudge

        return CategoryJudge

    @property
    def classifier(self) -> Classifier:
        """The classifier that the options ask for, not loaded yet. Raises UsageError, ModelNotFound."""
        if self._classifier is None:
            self._classifier = find_classifier(self.options)
        return self._classifier

    @property
    def embedder(self) -> str | None:  # type: ignore[override]
        """Whose vectors it wants: only heads read those that the engine keeps."""
        return self.classifier.embedder

    @property
    def columns(self) -> Mapping[str, str]:
        """The category and its probability."""
        return {"category": "VARCHAR", "confidence": "DOUBLE"}

    @property
    def identity(self) -> Identity:
        """The classifier's name and revision, and what else changes its numbers."""
        found = self.classifier
        return Identity(self.name, found.model, found.revision, found.params)

    def needs(self) -> tuple[str, ...]:
        """What this classifier needs."""
        return self.classifier.modules

    def check(self) -> None:
        """See that there is such a classifier. Raises UsageError and ModelNotFound."""
        _ = self.classifier.revision

    def load(self) -> None:
        """Get the classifier ready. Raises ModelNotFound."""
        self.classifier.load()

    def close(self) -> None:
        """Give its memory back."""
        if self._classifier is not None:
            self._classifier.close()

    def score(self, batch: Batch) -> Sequence[Result]:
        """One result per turn; blank instructions fail, and for a head missing or non-finite vectors."""
        texts = [turn.instruction for turn in batch.turns]
        given = batch.vectors if self.embedder is not None else None
        bad: dict[int, Failed] = {}
        if isinstance(self.classifier, HeadClassifier):
            if given is None:
                return [Failed("no_vector", f"no {self.embedder} vectors given") for _ in texts]
            if given.shape != (len(texts), self.classifier.width):
                detail = f"vectors {given.shape}, head for {self.classifier.width} dimensions"
                return [Failed("bad_vector", detail) for _ in texts]
            usable = np.isfinite(given).all(axis=1)
            bad = {i: Failed("bad_vector", "not finite") for i in np.flatnonzero(~usable).tolist()}
        bad |= {i: Failed("empty_instruction") for i, text in enumerate(texts) if not text.strip()}
        good = [i for i in range(len(texts)) if i not in bad]
        found: dict[int, Result] = dict(bad)
        if good:
            vectors = None if given is None else given[good]
            probabilities = self.classifier.predict([texts[i] for i in good], vectors)
            found |= zip(good, results(probabilities), strict=True)
        return [found[i] for i in range(len(texts))]


def results(probabilities: NDArray[np.float32]) -> list[Result]:
    """The most probable category of each row of (n, 7) probabilities; the first one in a tie."""
    best = probabilities.argmax(axis=1).tolist()
    sure = probabilities.max(axis=1).tolist()
    return [Scored(p, {"category": CATEGORIES[i], "confidence": p}) for i, p in zip(best, sure, strict=True)]
