"""Between Arrow and scorers: pending texts as batches, results as rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from laserdb.scorers.base import Batch, Failed, Result, Turn

# What a token is taken for before it is known: right for English prose, low for code.
CHARS_PER_TOKEN = 4.0


@dataclass(frozen=True, slots=True)
class Work:
    """A batch with its texts' keys and their characters, all in the same order."""

    keys: pa.Array
    batch: Batch
    chars: int


def batches(window: pa.Table, size: int, token_budget: int | None = None) -> Iterator[Work]:
    """A window's texts in batches of similar length, so that little is padded.

    A batch has at most `size` texts and, with a budget, at most that many tokens if all its texts were
    as long as the longest; a single text may exceed the budget.
    """
    lengths = text_lengths(window)
    # The order of the pool decides between equal lengths, so that batches are the same every time.
    order = np.lexsort((window.column("row_id").to_numpy(), lengths))
    window, lengths = window.take(pa.array(order)), lengths[order]
    vectors = vector_matrix(window)
    keys = window.column("key").combine_chunks()
    columns = [window.column("instruction").to_pylist(), window.column("response").to_pylist()]
    if "category" in window.column_names:
        columns.append(window.column("category").to_pylist())
    budget = None if token_budget is None else token_budget * CHARS_PER_TOKEN
    for start, end in cuts(lengths, size, budget):
        turns = list(map(Turn, *(column[start:end] for column in columns)))
        part = None if vectors is None else vectors[start:end]
        yield Work(keys[start:end], Batch(turns, part), int(lengths[start:end].sum()))


def text_lengths(window: pa.Table) -> NDArray[np.int64]:
    """Characters of each text: instruction and response."""
    instruction = pc.utf8_length(window.column("instruction"))
    response = pc.fill_null(pc.utf8_length(window.column("response")), 0)
    lengths: NDArray[np.int64] = pc.add(instruction, response).to_numpy().astype(np.int64)
    return lengths


def cuts(lengths: NDArray[np.int64], size: int, budget: float | None) -> Iterator[tuple[int, int]]:
    """Where ascending lengths are cut: at `size` texts, or where texts × longest passes the budget."""
    start = 0
    while start < len(lengths):
        end = min(start + size, len(lengths))
        if budget is not None:
            # Padded sizes only grow along ascending lengths.
            padded = lengths[start:end] * np.arange(1, end - start + 1)
            end = start + max(1, int(np.searchsorted(padded, budget, side="right")))
        yield start, end
        start = end


def padded_chars(batch: Batch) -> int:
    """Characters of a batch if all its texts were as long as the longest."""
    longest = max((len(turn.instruction) + len(turn.response or "") for turn in batch.turns), default=0)
    return longest * len(batch)


def part(batch: Batch, chosen: Sequence[int]) -> Batch:
    """Some texts of a batch, with their vectors."""
    vectors = None if batch.vectors is None else batch.vectors[list(chosen)]
    return Batch([batch.turns[i] for i in chosen], vectors)


def vector_matrix(window: pa.Table) -> NDArray[np.float32] | None:
    """The window's vectors as float32 (n, d); NaN rows where a text has none."""
    if "vector" not in window.column_names:
        return None
    column = window.column("vector").combine_chunks()
    width = column.type.list_size
    matrix = np.full((len(column), width), np.nan, dtype=np.float32)
    present = column.is_valid().to_numpy(zero_copy_only=False)
    matrix[present] = column.drop_null().flatten().to_numpy(zero_copy_only=False).reshape(-1, width)
    return matrix


def result_rows(keys: pa.Array, found: Sequence[Result], columns: dict[str, str]) -> pa.Table:
    """Results as an Arrow table: key, score, error, and one column per column of the scorer."""
    failed = [isinstance(one, Failed) for one in found]
    if any(failed):
        scores = [None if isinstance(one, Failed) else one.score for one in found]
        errors = pa.array([str(one) if isinstance(one, Failed) else None for one in found], pa.string())
    else:
        scores = [one.score for one in found]  # type: ignore[union-attr]
        errors = pa.nulls(len(found), pa.string())
    data: dict[str, Any] = {"key": keys, "score": pa.array(scores, pa.float64()), "error": errors}
    for name in columns:
        data[name] = column_array([one.values.get(name) for one in found])
    return pa.table(data)


def column_array(values: list[Any]) -> pa.Array:
    """An Arrow array of one column's values; vectors keep their fixed width."""
    width = next((len(value) for value in values if isinstance(value, np.ndarray)), None)
    if width is None:
        return pa.array(values)
    flat = np.zeros((len(values), width), dtype=np.float32)
    for row, value in enumerate(values):
        if value is not None:
            flat[row] = value
    missing = pa.array([value is None for value in values], pa.bool_())
    return pa.FixedSizeListArray.from_arrays(pa.array(flat.ravel()), width, mask=missing)
