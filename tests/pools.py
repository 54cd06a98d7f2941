"""Small pools with known scores, put into the warehouse the way the engine does it."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from laserdb.warehouse import Warehouse, results
from laserdb.warehouse.results import RunSpec
from laserdb.warehouse.views import ResultTable


@dataclass
class FakeTurn:
    """A turn with the results that scorers are to have for it; None: no result, nan: a failure."""

    category: str | None = "Math"
    difficulty: float | None = 0.5
    quality: float | None = 0.5
    tokens: int | None = 10
    response: str | None = "answer"
    deita_quality: float | None = None
    deita_complexity: float | None = None
    ifd: float | None = None
    alpagasus: float | None = None
    tags: Sequence[str] | None = None


@dataclass
class FakeSample:
    turns: Sequence[FakeTurn] = field(default_factory=lambda: [FakeTurn()])
    vector: Sequence[float] | None = (0.0, 0.0)
    source: str = "src"


TABLES = {
    "tokens": ResultTable(
        "tokens", "tokens", "turn", {"instruction_tokens": "INTEGER", "response_tokens": "INTEGER"}
    ),
    "category": ResultTable(
        "category", "category", "instruction", {"category": "VARCHAR", "confidence": "DOUBLE"}
    ),
    "difficulty": ResultTable("difficulty", "difficulty", "instruction", {}),
    "checks": ResultTable("checks", "checks", "turn", {}),
}

# Scorers that only some strategies want: their tables exist where a turn has a value.
OPTIONAL = {
    "deita_quality": ResultTable("deita_quality", "deita_quality", "turn", {}),
    "deita_complexity": ResultTable("deita_complexity", "deita_complexity", "instruction", {}),
    "ifd": ResultTable("ifd", "ifd", "turn", {}),
    "alpagasus": ResultTable("alpagasus", "alpagasus", "turn", {}),
    "instag": ResultTable("instag", "instag", "instruction", {"tags": "JSON"}),
}


def key_of(*parts: object) -> str:
    return str(uuid.UUID(hashlib.md5(repr(parts).encode()).hexdigest()))


def run_spec(scorer: str, model: str = "fake") -> RunSpec:
    return RunSpec(scorer, model, "1", {}, "", "1", f"{scorer}-{model}")


def fill(warehouse: Warehouse, samples: Sequence[FakeSample], *, routes: str | None = "checks") -> None:
    """Insert samples (ids from 1) and append their results."""
    sample_rows, turn_rows = [], []
    found: dict[str, list[tuple[str, float | None, str | None, dict]]] = {
        name: [] for name in TABLES | OPTIONAL
    }
    vectors: list[tuple[str, Sequence[float]]] = []
    turn_id = 0
    for sample_id, sample in enumerate(samples, start=1):
        prompt_key = key_of("prompt", sample_id)
        sample_rows.append((sample_id, sample.source, f"id-{sample_id}", len(sample.turns), prompt_key))
        if sample.vector is not None:
            vectors.append((prompt_key, sample.vector))
        for index, turn in enumerate(sample.turns):
            turn_id += 1
            instruction_key, turn_key = key_of("i", turn_id), key_of("t", turn_id)
            turn_rows.append(
                (turn_id, sample_id, index, f"question {turn_id}", turn.response, instruction_key, turn_key)
            )
            if turn.category is not None:
                own = {"category": turn.category, "confidence": 0.9}
                found["category"].append((instruction_key, 0.9, None, own))
            for name, key, value in (
                ("difficulty", instruction_key, turn.difficulty),
                ("checks", turn_key, turn.quality),
            ):
                if value is not None:
                    failed = value != value
                    found[name].append((key, None if failed else value, "broken" if failed else None, {}))
            for name, table in OPTIONAL.items():
                value = len(turn.tags or ()) if name == "instag" else getattr(turn, name)
                if value is not None and (name != "instag" or turn.tags is not None):
                    failed = value != value
                    own = {"tags": json.dumps(turn.tags)} if name == "instag" else {}
                    key = instruction_key if table.unit == "instruction" else turn_key
                    found[name].append((key, None if failed else value, "broken" if failed else None, own))
            if turn.tokens is not None:
                own = {"instruction_tokens": turn.tokens, "response_tokens": 0}
                found["tokens"].append((turn_key, float(turn.tokens), None, own))
    with warehouse.write() as session:
        for row in sample_rows:
            session.run(
                "INSERT INTO samples VALUES (?, ?, ?, ?, NULL, '{}', NULL, gen_random_uuid(), ?)", list(row)
            )
        for row in turn_rows:
            session.run("INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?, ?)", list(row))
        if routes is not None:
            session.run("UPDATE routes SET scorer = ?", [routes])
        for name, table in TABLES.items():
            append_results(session, table, found[name])
        for name, table in OPTIONAL.items():
            if found[name]:
                append_results(session, table, found[name])
        if vectors:
            append_vectors(session, vectors)


def append_results(session, table: ResultTable, rows: list) -> None:
    results.ensure_table(session, table)
    run_id = results.open_run(session, run_spec(table.scorer))
    data = {
        "key": pa.array([row[0] for row in rows], pa.string()),
        "score": pa.array([row[1] for row in rows], pa.float64()),
        "error": pa.array([row[2] for row in rows], pa.string()),
    }
    for column in table.columns:
        data[column] = pa.array([row[3].get(column) for row in rows])
    if rows:
        results.append(session, table, run_id, pa.table(data))
    results.close_run(session, run_id, "complete")


def append_vectors(session, vectors: list, model: str = "fake-embedder") -> None:
    width = len(vectors[0][1])
    table = ResultTable("embedding", "embedding_fake_embedder", "prompt", {"vector": f"FLOAT[{width}]"})
    results.ensure_table(session, table)
    run_id = results.open_run(session, run_spec("embedding", model))
    flat = np.asarray([vector for _, vector in vectors], dtype=np.float32).ravel()
    rows = pa.table(
        {
            "key": pa.array([key for key, _ in vectors]),
            "score": pa.nulls(len(vectors), pa.float64()),
            "error": pa.nulls(len(vectors), pa.string()),
            "vector": pa.FixedSizeListArray.from_arrays(pa.array(flat), width),
        }
    )
    results.append(session, table, run_id, rows)
    results.close_run(session, run_id, "complete")
