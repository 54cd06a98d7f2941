from __future__ import annotations

import numpy as np
import pyarrow as pa

from laserdb.engine.batching import batches, column_array, result_rows
from laserdb.scorers.base import Failed, Scored


def window(texts: list[str], vectors: list | None = None) -> pa.Table:
    data = {
        "row_id": range(len(texts)),
        "key": [f"k{i}" for i in range(len(texts))],
        "instruction": texts,
        "response": pa.array([None] * len(texts), pa.string()),
    }
    if vectors is not None:
        data["vector"] = pa.array(vectors, pa.list_(pa.float32(), 2))
    return pa.table(data)


def test_batches_hold_texts_of_similar_length():
    found = list(batches(window(["ccc", "a", "dddd", "bb"]), 2))
    assert [work.keys.to_pylist() for work in found] == [["k1", "k3"], ["k0", "k2"]]
    assert [work.chars for work in found] == [3, 7]
    assert [[turn.instruction for turn in work.batch.turns] for work in found] == [
        ["a", "bb"],
        ["ccc", "dddd"],
    ]


def test_a_token_budget_counts_the_padding():
    texts = ["a" * n for n in (4, 4, 4, 8, 8, 400)]
    found = list(batches(window(texts), 99, token_budget=4))
    assert [[len(turn.instruction) for turn in work.batch.turns] for work in found] == [
        [4, 4, 4],
        [8, 8],
        [400],
    ]


def test_vectors_follow_their_texts_and_a_missing_one_is_nan():
    (work,) = batches(window(["bb", "a"], [[1.0, 2.0], None]), 9)
    batch = work.batch
    assert work.keys.to_pylist() == ["k1", "k0"]
    assert batch.vectors is not None
    assert np.isnan(batch.vectors[0]).all()
    assert batch.vectors[1].tolist() == [1.0, 2.0]


def test_results_become_rows():
    found = [Scored(0.5, {"tags": ["x"]}), Failed("bad", "why")]
    rows = result_rows(pa.array(["a", "b"]), found, {"tags": "VARCHAR[]"}).to_pylist()
    assert rows == [
        {"key": "a", "score": 0.5, "error": None, "tags": ["x"]},
        {"key": "b", "score": None, "error": "bad: why", "tags": None},
    ]


def test_vector_columns_keep_missing_ones_missing():
    array = column_array([np.array([1.0, 2.0], dtype=np.float32), None])
    assert array.to_pylist() == [[1.0, 2.0], None]
