"""Between Arrow and scorers: pending texts as batches, results as rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from laserdb.scorers.base import Batch, Failed, Result, Turn


def batches(window: pa.Table, size: int) -> list[tuple[list[str], Batch]]:
    """A window's texts in batches of similar length, so that little is padded."""
    keys = window.column("key").to_pylist()
    instructions = window.column("instruction").to_pylist()
    responses = window.column("response").to_pylist()
    vectors = vector_matrix(window)
    order = sorted(range(len(keys)), key=lambda i: len(instructions[i]) + len(responses[i] or ""))
    return [
        (
            [keys[i] for i in chosen],
            Batch(
                [Turn(instructions[i], responses[i]) for i in chosen],
                None if vectors is None else vectors[chosen],
            ),
        )
        for start in range(0, len(order), size)
        for chosen in (order[start : start + size],)
    ]


def vector_matrix(window: pa.Table) -> np.ndarray[Any, np.dtype[np.float32]] | None:
    """The window's vectors as float32 (n, d); NaN rows where a text has none."""
    if "vector" not in window.column_names:
        return None
    column = window.column("vector").combine_chunks()
    width = column.type.list_size
    matrix = np.full((len(column), width), np.nan, dtype=np.float32)
    present = column.is_valid().to_numpy(zero_copy_only=False)
    matrix[present] = column.drop_null().flatten().to_numpy(zero_copy_only=False).reshape(-1, width)
    return matrix


def result_rows(keys: Sequence[str], found: Sequence[Result], columns: dict[str, str]) -> pa.Table:
    """Results as an Arrow table: key, score, error, and one column per column of the scorer."""
    data: dict[str, Any] = {
        "key": pa.array(keys, pa.string()),
        "score": pa.array([None if isinstance(one, Failed) else one.score for one in found], pa.float64()),
        "error": pa.array([str(one) if isinstance(one, Failed) else None for one in found], pa.string()),
    }
    for name in columns:
        values = [None if isinstance(one, Failed) else one.values.get(name) for one in found]
        data[name] = column_array(values)
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
