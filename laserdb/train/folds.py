"""Splitting training rows into folds: at random, or by source so that each test source is unseen."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def random_folds(labels: Sequence[str], k: int, seed: int) -> NDArray[np.int64]:
    """A fold in [0, k) for each row, every label spread evenly."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(labels))
    folds = np.empty(len(labels), dtype=np.int64)
    seen: Counter[str] = Counter()
    for row in order.tolist():
        folds[row] = seen[labels[row]] % k
        seen[labels[row]] += 1
    return folds


def source_folds(labels: Sequence[str], sources: Sequence[str], k: int, seed: int) -> NDArray[np.int64]:
    """A fold in [0, k) for each row; all rows of a source share one.

    Sources go by size, largest first (`seed` orders equals), to the fold with the fewest rows of their
    labels, so a label with two sources or more keeps one to train on in every fold.
    """
    members: dict[str, Counter[str]] = defaultdict(Counter)
    for label, source in zip(labels, sources, strict=True):
        members[source][label] += 1
    order = sorted(members)
    np.random.default_rng(seed).shuffle(order)
    order.sort(key=lambda source: -members[source].total())
    held: list[Counter[str]] = [Counter() for _ in range(k)]
    fold_of: dict[str, int] = {}
    for source in order:
        counts = members[source]

        def load(fold: int, counts: Counter[str] = counts) -> tuple[int, int]:
            return sum(held[fold][label] * n for label, n in counts.items()), held[fold].total()

        fold_of[source] = min(range(k), key=load)
        held[fold_of[source]] += counts
    return np.array([fold_of[source] for source in sources], dtype=np.int64)
