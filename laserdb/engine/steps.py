"""The Python steps that templates call: from ids and scores to clusters, or to ids in the order of choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from laserdb import subset
from laserdb.apportion import apportion
from laserdb.clustering import METRICS, kmeans
from laserdb.errors import UsageError
from laserdb.plugins import unknown
from laserdb.progress import Progress
from laserdb.warehouse import Session
from laserdb.warehouse.functions import SqlFunction, Vectors, vectors_of

Ids = NDArray[np.int64]
Chosen = NDArray[np.int64] | NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps over one session, embedder and metric; each reads the vectors that it needs."""

    session: Session
    embedder: str
    params: Mapping[str, Any]
    progress: Progress

    def functions(self) -> Sequence[SqlFunction]:
        """All of them, as SQL sees them."""
        ids, size, number = "BIGINT[]", "BIGINT", "DOUBLE"
        return (
            SqlFunction("kmeans", self.kmeans, (ids, size, size), "INTEGER[]"),
            SqlFunction("apportion", apportion, (size, "DOUBLE[]", ids, "BOOLEAN"), ids),
            SqlFunction("far_apart", self.far_apart, (ids, size, number), ids),
            SqlFunction("k_center", self.k_center, (ids, size), ids),
            SqlFunction("facility_location", self.facility_location, (ids, size, size, size), ids),
            SqlFunction("dpp", self.dpp, (ids, "DOUBLE[]", size, number, number, size), ids),
            SqlFunction("tag_cover", self.tag_cover, (ids, "VARCHAR[][]", size), ids),
            SqlFunction("information_gain", self.mig, (ids, "VARCHAR[][]", "DOUBLE[]", size, number), ids),
        )

    def vectors(self, ids: Ids) -> Vectors:
        """The vectors of these samples, in this order."""
        return vectors_of(self.session, ids, self.embedder, self.progress)

    def kmeans(self, ids: Ids, k: int, seed: int) -> Chosen:
        """The cluster of each sample."""
        metric = self.params.get("metric", "euclidean")
        if metric not in METRICS:
            raise UsageError(unknown("metric", metric, METRICS))
        size = max(1, min(k, len(ids)))
        return kmeans(self.vectors(ids), size, seed=seed, metric=metric, progress=self.progress)

    def far_apart(self, ids: Ids, m: int, threshold: float) -> Chosen:
        """The first m that have no cosine above the threshold to one before."""
        found = subset.far_apart(
            len(ids), lambda span: self.vectors(ids[span]), m, threshold, progress=self.progress
        )
        return ids[found]

    def k_center(self, ids: Ids, m: int) -> Chosen:
        """The first sample, then always the farthest."""
        return ids[subset.k_center(self.vectors(ids), m, progress=self.progress)]

    def facility_location(self, ids: Ids, m: int, neighbours: int, seed: int) -> Chosen:
        """The m that best stand for all."""
        found = subset.facility_location(self.vectors(ids), m, neighbours, seed=seed, progress=self.progress)
        return ids[found]

    def dpp(self, ids: Ids, score: Any, m: int, trade: float, width: float, seed: int) -> Chosen:
        """The m of the largest determinant, greedily."""
        found = subset.greedy_map(
            self.vectors(ids), score, m, trade, width, seed=seed, progress=self.progress
        )
        return ids[found]

    def tag_cover(self, ids: Ids, tags: Sequence[Sequence[str]], m: int) -> Chosen:
        """Those that bring new tags, pass after pass."""
        return ids[subset.tag_cover(tags, m)]

    def mig(self, ids: Ids, tags: Sequence[Sequence[str]], score: Any, m: int, threshold: float) -> Chosen:
        """The m that bring most information to the graph of tags."""
        names = sorted({name for found in tags for name in found})
        vectors = subset.tag_vectors(tags, self.vectors(ids), names)
        found = subset.information_gain(
            tags, list(score), vectors, names, m, threshold, progress=self.progress
        )
        return ids[found]
