"""Which labelled texts a training doesn't see, and what it says of them afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from laserdb.categories import CATEGORIES
from laserdb.errors import InputError
from laserdb.labelled import Labelled
from laserdb.scorers.category.measures import measures
from laserdb.scorers.heads import fit_temperature, softmax
from laserdb.train.cards import table
from laserdb.train.folds import random_folds, source_folds

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Split:
    """Texts to train on and texts to validate on (None if none are kept back), and how they were chosen."""

    train: Labelled
    valid: Labelled | None
    how: str

    @property
    def classes(self) -> tuple[str, ...]:
        """The categories to learn."""
        return self.train.classes

    def targets(self, part: Labelled) -> NDArray[np.int64]:
        """The class index of each text of a part, (n,)."""
        return np.array([self.classes.index(label) for label in part.labels], dtype=np.int64)


def split_off(data: Labelled, valid: Labelled | None, share: float, seed: int) -> Split:
    """Keep back the validation texts: those given, else about `share` of the data.

    Whole sources are kept back where every category has two or more, else texts at random. A category
    of the given validation texts that isn't trained is an InputError.
    """
    if valid is not None:
        unknown = sorted(set(valid.labels) - set(data.labels))
        if unknown:
            raise InputError(f"validation texts of {', '.join(unknown)}, but none to train on")
        return Split(data, valid, "a file of their own")
    if share <= 0:
        return Split(data, None, "none")
    k = max(2, round(1 / share))
    pairs = set(zip(data.labels, data.sources, strict=True))
    sources = min(sum(label == c for label, _ in pairs) for c in data.classes)
    if sources > 1:
        folds, how = source_folds(data.labels, data.sources, k, seed), "whole sources"
    else:
        folds, how = random_folds(data.labels, k, seed), "at random"
    # The fold with the most categories, and the most texts, tells most.
    best = max(range(k), key=lambda f: (_kinds(data, folds == f), int((folds == f).sum()), -f))
    held = np.flatnonzero(folds == best).tolist()
    kept = data.part(np.flatnonzero(folds != best).tolist())
    if kept.classes != data.classes:
        raise InputError("too few texts to keep some back for validation: give more, or --valid FILE")
    return Split(kept, data.part(held), how)


def _kinds(data: Labelled, members: NDArray[np.bool_]) -> int:
    return len({data.labels[i] for i in np.flatnonzero(members).tolist()})


def figures(split: Split, logits: NDArray[np.float64]) -> tuple[float, dict[str, Any]]:
    """The temperature that fits the validation texts' logits (n, k), and the measures at it."""
    assert split.valid is not None
    temperature = fit_temperature(logits, split.targets(split.valid))
    probabilities = softmax(logits / temperature)
    found = [split.classes[i] for i in logits.argmax(axis=1).tolist()]
    told = measures(split.valid.labels, found, CATEGORIES, probabilities.max(axis=1).tolist())
    return temperature, told


def figures_text(told: dict[str, Any]) -> str:
    """Measures as Markdown: a line, the table by class, the confusion matrix."""
    rows = [[name, *one.values()] for name, one in told["per_class"].items()]
    confusion: dict[str, Any] = told["confusion"]
    ece = "" if told.get("ece") is None else f", calibration error {told['ece']:.3f}"
    kappa = "–" if told["kappa"] is None else f"{told['kappa']:.3f}"
    return f"""Accuracy {told["accuracy"]:.3f}, macro-F1 {told["macro_f1"]:.3f}, Cohen's kappa {kappa}{ece}.

{table(["", "precision", "recall", "F1", "texts"], [["–" if c is None else c for c in r] for r in rows])}

Rows are the true categories, columns what was found:

{table(["", *confusion["columns"]], [[name, *counts] for name, counts in confusion["rows"].items()])}"""


def counts_text(split: Split, files: Sequence[str]) -> str:
    """Which data, how much of it, and what was kept back, as Markdown."""
    valid = 0 if split.valid is None else len(split.valid)
    sources = len(set(split.train.sources))
    return (
        "\n".join(files)
        + f"\n\nTrained on {len(split.train)} texts of {sources} sources; {valid} kept back ({split.how})."
    )
