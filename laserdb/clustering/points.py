"""The rows to cluster: checked, without duplicates, centred, and read block by block."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from laserdb.clustering.workers import Workers, spans

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

BLOCK = 1024  # rows at a time; the shape of every matrix product, so a change of it may change labels


def as_matrix(x: npt.ArrayLike) -> Floats:
    """`x` as a C-contiguous float32 matrix; it is a copy only if it has to be."""
    try:
        array = np.asarray(x)
        if array.dtype.kind not in "biuf":
            raise TypeError
        if array.ndim == 1 and array.size == 0:  # an empty list has no second dimension
            array = array.reshape(0, 0)
        with np.errstate(over="ignore"):  # found below as infinite
            matrix = np.ascontiguousarray(array, dtype=np.float32)
    except (TypeError, ValueError):
        raise ValueError("x must be a matrix of real numbers with rows of equal length") from None
    if array.ndim != 2:
        raise ValueError(f"x must have 2 dimensions (n, d), not {array.ndim}")
    for span in spans(len(matrix), BLOCK):
        good = np.isfinite(matrix[span]).all(axis=1)
        if not good.all():
            row = span.start + int(np.argmin(good))
            raise ValueError(f"x holds NaN, infinity or a number beyond float32 in row {row}")
    return matrix


@dataclass
class Points:
    """The distinct rows of a matrix as points around the origin, with how often each occurs.

    Only indices and per-row numbers are kept: a scaled and centred copy of the matrix could be gigabytes.
    """

    matrix: Floats
    scale: np.float32  # a power of two that keeps squares within float32
    shrink: Floats | None  # per row of `matrix`: 1/length for the cosine, else None
    rows: Ints  # the rows of `matrix` that are the points, ascending
    inverse: Ints | None  # per row of `matrix`: its point; None if all rows are distinct
    weight: Doubles  # per point: how many rows it stands for
    shift: Floats  # what centring takes off: ‖x‖² − 2xc + ‖c‖² cancels badly far from the origin

    @classmethod
    def prepare(cls, matrix: Floats, workers: Workers, *, cosine: bool) -> Self:
        n, d = matrix.shape
        rows, zero = np.arange(n), np.zeros(d, np.float32)
        points = cls(matrix, np.float32(1), None, rows, None, np.ones(n), zero)
        scale = _scale(matrix, workers)
        if cosine:
            points.scale = scale
            points.shrink = points._inverse_lengths(workers)
        points._merge_equal(workers)
        points.scale = scale  # not sooner: scaling down rounds tiny differences away
        parts = workers.map(lambda span: points.take(span).sum(axis=0, dtype=np.float64), points.spans())
        points.shift = (sum(parts, np.zeros(d)) / points.n).astype(np.float32)
        return points

    @property
    def n(self) -> int:
        return len(self.rows)

    @property
    def d(self) -> int:
        return int(self.matrix.shape[1])

    def spans(self) -> list[slice]:
        return spans(self.n, BLOCK)

    def take(self, which: slice | Ints) -> Floats:
        """A new array `(len(which), d)` of the points at `which`, scaled and centred."""
        rows = self.rows[which]
        block: Floats = self.matrix[rows]
        if self.scale != 1:
            block *= self.scale
        if self.shrink is not None:
            block *= self.shrink[rows][:, None]
        block -= self.shift
        return block

    def sample(self, which: Ints) -> Self:
        """Some of the points, with their weights; their labels can't be spread."""
        return replace(self, rows=self.rows[which], weight=self.weight[which])

    def spread(self, labels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Labels of the points as labels of the matrix's rows."""
        return labels if self.inverse is None else labels[self.inverse]

    def _inverse_lengths(self, workers: Workers) -> Floats:
        lengths = np.concatenate(list(workers.map(lambda span: _lengths(self.take(span)), self.spans())))
        # Below this, the inverse leaves float32: such a row is zero beside the largest one.
        tiny = lengths < 1e-37
        return np.where(tiny, 0, 1 / np.where(tiny, 1, lengths)).astype(np.float32)

    def _merge_equal(self, workers: Workers) -> None:
        """Keep the first of equal rows. Rows are hashed, and equal hashes compared to the last bit."""
        for attempt in count():
            factors = np.random.default_rng(attempt).integers(
                2**64, size=self.d, dtype=np.uint64
            ) | np.uint64(1)
            hashes = self._hashes(factors, workers)
            _, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
            if len(first) == self.n:
                return
            original = first[inverse]
            if self._equal(np.flatnonzero(original != self.rows), original, workers):
                break
        order = np.argsort(first)  # number the points as they appear, not by hash
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        self.inverse = place[inverse]
        self.rows = first[order]
        self.weight = np.bincount(self.inverse).astype(np.float64)

    def _hashes(self, factors: npt.NDArray[np.uint64], workers: Workers) -> npt.NDArray[np.uint64]:
        return np.concatenate(list(workers.map(lambda span: _hash(self.take(span), factors), self.spans())))

    def _equal(self, copies: Ints, original: Ints, workers: Workers) -> bool:
        """Whether each of `copies` really equals the row that its hash says."""

        def job(span: slice) -> bool:
            return np.array_equal(self.take(copies[span]), self.take(original[copies[span]]))

        return all(workers.map(job, spans(len(copies), BLOCK)))


def _scale(matrix: Floats, workers: Workers) -> np.float32:
    """1 for ordinary data; else the power of two that brings the largest number to about 1."""
    if matrix.size == 0:
        return np.float32(1)
    parts = workers.map(lambda span: max(matrix[span].max(), -matrix[span].min()), spans(len(matrix), BLOCK))
    exponent = int(np.frexp(max(parts))[1])
    return np.float32(1 if abs(exponent) < 30 else 2.0 ** np.clip(-exponent, -126, 126))


def _lengths(block: Floats) -> Doubles:
    lengths: Doubles = np.sqrt(np.einsum("ij,ij->i", block, block, dtype=np.float64))
    return lengths


def _hash(block: Floats, factors: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    block += 0  # −0.0 equals 0.0 and must hash like it
    bits = block.view(np.uint32)
    bits ^= bits >> np.uint32(15)  # round numbers end in zero bits, which a product would keep
    hashes: npt.NDArray[np.uint64] = (bits * factors).sum(axis=1, dtype=np.uint64)
    return hashes
