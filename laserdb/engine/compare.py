"""Comparing two selections: what they share, how they drift, how diverse each is."""

from __future__ import annotations

from typing import Any

import numpy as np

from laserdb.clustering import kmeans
from laserdb.progress import Progress, Silent
from laserdb.subset import nearest_distance, vendi_score
from laserdb.subset.common import unit_rows
from laserdb.warehouse import Session, Warehouse, selections, statistics
from laserdb.warehouse.functions import common_embedder, vectors_of

NUMBERS = ("f", "q", "p", "mean_tokens", "mean_turns", "tokens")


def compare(warehouse: Warehouse, one: str, other: str, progress: Progress | None = None) -> dict[str, Any]:
    """Two selections side by side; JSON-able. Raises UsageError for an unknown name.

    `overlap` is in samples and `jaccard` in shares; `drift` is other minus one, of shares for categories
    and sources (`distance`: half the sum of absolute differences) and of means for numbers. Diversity is by
    the embeddings of both, None without any: `nearest`, the mean cosine distance of a sample to its nearest
    neighbour in the selection; `coverage`, the share of the ⌊√n⌋ k-means clusters of both selections together
    in which it has a sample; `vendi`, the effective number of different samples (Friedman and Dieng 2023).
    """
    with warehouse.read() as session:
        for name in (one, other):
            selections.load(session, name)
        left, right = (statistics.of_selection(session, name) for name in (one, other))
        ids = [selections.chosen_ids(session, name) for name in (one, other)]
        diversity = measure(session, ids, progress or Silent())
    both = len(set(ids[0]) & set(ids[1]))
    union = len(set(ids[0]) | set(ids[1]))
    left["diversity"], right["diversity"] = diversity
    return {
        "names": [one, other],
        "overlap": both,
        "jaccard": both / union if union else 1.0,
        "selections": [left, right],
        "drift": {name: difference(left[name], right[name]) for name in NUMBERS}
        | {name: shares(left[f"by_{name}"], right[f"by_{name}"]) for name in ("category", "source")},
    }


def difference(one: float | None, other: float | None) -> float | None:
    """other − one; None if either is missing."""
    return None if one is None or other is None else other - one


def shares(one: dict[str, int], other: dict[str, int]) -> dict[str, Any]:
    """By how much each share grows, and the total variation distance."""
    totals = max(sum(one.values()), 1), max(sum(other.values()), 1)
    change = {
        name: other.get(name, 0) / totals[1] - one.get(name, 0) / totals[0] for name in sorted({*one, *other})
    }
    return {"change": change, "distance": sum(map(abs, change.values())) / 2}


def measure(session: Session, ids: list[list[int]], listener: Progress) -> list[dict[str, float] | None]:
    """The diversity of each list of samples."""
    everyone = sorted({*ids[0], *ids[1]})
    embedder = common_embedder(session, everyone)
    if embedder is None:
        return [None, None]
    vectors = unit_rows(vectors_of(session, everyone, embedder, listener))
    clusters = max(1, int(len(everyone) ** 0.5))
    labels = kmeans(vectors, clusters)
    place = {sample_id: row for row, sample_id in enumerate(everyone)}
    found: list[dict[str, float] | None] = []
    for chosen in ids:
        rows = np.array([place[sample_id] for sample_id in chosen], np.int64)
        x = vectors[rows]
        found.append(
            {
                "nearest": nearest_distance(x),
                "coverage": len(set(labels[rows].tolist())) / (int(labels.max()) + 1),
                "vendi": vendi_score(x),
            }
        )
    return found
