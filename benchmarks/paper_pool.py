"""A pool of the paper's shape (Table 2), written straight into the warehouse's tables: no text is real.

707,000 samples and 1,752,000 turns of eight sources, their categories, every score that a strategy reads and
clustered unit vectors. `scale` shrinks all of it. The same scale, dimension and seed give the same pool.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from laserdb.categories import CATEGORIES
from laserdb.warehouse import Session, Warehouse, results
from laserdb.warehouse.results import RunSpec
from laserdb.warehouse.views import ResultTable

EMBEDDER = "bench-embedder"
ROUTES = {
    "Math": "prm",
    "Coding": "code_quality",
    "Generation": "instruction_following",
    "Reasoning": "deita_quality",
    "Brainstorming": "instruction_following",
    "Factual QA": "deita_quality",
    "Extraction": "deita_quality",
}
SCORES = ("difficulty", "prm", "code_quality", "instruction_following", "deita_quality", "deita_complexity")
BLOCK = 8192
TURN_BLOCK = 100_000


@dataclass(frozen=True)
class Source:
    """Thousands of samples and turns (Table 2), shares of `CATEGORIES` in order, mean characters."""

    name: str
    samples: int
    turns: int
    shares: tuple[float, ...]
    characters: int


SOURCES = (
    Source("ifeval-like-data", 5, 5, (2, 2, 70, 4, 12, 8, 2), 1200),
    Source("alpaca-gpt4", 52, 52, (5, 5, 35, 8, 17, 22, 8), 800),
    Source("OpenMathInstruct-2", 52, 52, (97, 0, 0, 3, 0, 0, 0), 900),
    Source("flan_v2", 90, 90, (6, 1, 14, 22, 2, 25, 30), 250),
    Source("UltraInteract-coding", 115, 115, (6, 90, 0, 4, 0, 0, 0), 1500),
    Source("WizardLM-evol", 143, 143, (12, 30, 24, 8, 12, 10, 4), 1800),
    Source("sharegpt-english", 50, 392, (5, 33, 32, 4, 12, 12, 2), 1300),
    Source("orca-agentinstruct", 200, 903, (17, 15, 28, 16, 6, 8, 10), 1500),
)


@dataclass
class Shape:
    """What all the tables are made from, by sample and by turn."""

    source: npt.NDArray[np.int64]
    category: npt.NDArray[np.int64]
    n_turns: npt.NDArray[np.int64]
    of_turn: npt.NDArray[np.int64]
    index: npt.NDArray[np.int64]
    turn_category: npt.NDArray[np.int64]
    characters: npt.NDArray[np.int64]


def shape(scale: float, rng: np.random.Generator) -> Shape:
    """Samples in random order, as a pool that grew source by source would not be kinder to anything."""
    source, n_turns, category = [], [], []
    for number, one in enumerate(SOURCES):
        n, turns = round(1000 * scale * one.samples), round(1000 * scale * one.turns)
        extra = rng.multinomial(turns - n, rng.dirichlet(np.full(n, 0.7))) if turns > n else np.zeros(n, int)
        source.append(np.full(n, number))
        n_turns.append(1 + extra)
        category.append(rng.choice(len(CATEGORIES), n, p=np.array(one.shares) / sum(one.shares)))
    sources, turns_of, categories = map(np.concatenate, (source, n_turns, category))
    of_turn = np.repeat(np.arange(len(sources)), turns_of)
    index = np.arange(len(of_turn)) - np.repeat(np.cumsum(turns_of) - turns_of, turns_of)
    # Later turns of a conversation drift to other categories, now and then.
    drift = (index > 0) & (rng.random(len(index)) < 0.2)
    turn_category = np.where(drift, rng.integers(len(CATEGORIES), size=len(index)), categories[of_turn])
    means = np.array([one.characters for one in SOURCES])[sources[of_turn]]
    characters = np.maximum(rng.gamma(1.5, means / 1.5), 1).astype(np.int64)
    return Shape(sources, categories, turns_of, of_turn, index, turn_category, characters)


def words(rng: np.random.Generator, size: int = 4_000_000) -> str:
    """Text that compresses about as well as prose: words drawn by Zipf's law."""
    letters = rng.integers(97, 123, size=(20_000, 12), dtype=np.uint8)
    lengths = rng.integers(2, 12, size=20_000)
    vocabulary = [bytes(row[:n]).decode() for row, n in zip(letters, lengths, strict=True)]
    drawn = np.minimum(rng.zipf(1.2, size // 7), 20_000) - 1
    return " ".join(vocabulary[i] for i in drawn)


def vectors(category: npt.NDArray[np.int64], d: int, seed: int) -> Iterator[npt.NDArray[np.float32]]:
    """Blocks of unit vectors: topics within categories, of unequal size, few true dimensions, noise.

    One in forty repeats an earlier one of its block up to a little noise: real pools hold near duplicates.
    """
    rng = np.random.default_rng([seed, 1])
    n, inner = len(category), min(32, d)
    groups = max(n // 25, len(CATEGORIES))
    home = 1.2 * rng.standard_normal((len(CATEGORIES), inner), dtype=np.float32)
    middles = home[np.arange(groups) % len(CATEGORIES)]
    middles = middles + 0.9 * rng.standard_normal((groups, inner), dtype=np.float32)
    share = np.cumsum(1 / np.sqrt(np.arange(1, groups // len(CATEGORIES) + 1)))
    mix = 0.3 * rng.standard_normal((inner, d), dtype=np.float32)
    for at in range(0, n, BLOCK):
        which = category[at : at + BLOCK]
        rank = np.searchsorted(share, rng.random(len(which)) * share[-1])
        z = middles[rank * len(CATEGORIES) + which]
        z = z + 0.6 * rng.standard_normal(z.shape, dtype=np.float32)
        block = np.tanh(z @ mix) + 0.15 * rng.standard_normal((len(z), d), dtype=np.float32)
        copies = np.flatnonzero(rng.random(len(block)) < 0.025)
        block[copies] = block[copies // 2] + 0.05 * rng.standard_normal((len(copies), d), dtype=np.float32)
        yield block / np.linalg.norm(block, axis=1, keepdims=True)


def build(path: str, scale: float, d: int = 1024, seed: int = 0) -> None:
    """Write the pool into a new file."""
    rng = np.random.default_rng(seed)
    pool = shape(scale, rng)
    warehouse = Warehouse(path, create=True)
    begun = time.monotonic()

    def say(what: str) -> None:
        print(f"{time.monotonic() - begun:6.1f} s  {what}", file=sys.stderr, flush=True)

    with warehouse.write() as session:
        session.run("SET preserve_insertion_order = false")
        session.run(
            "INSERT INTO ingests SELECT 1, 'bench', 'bench', ?, ?, ?, 0, 0, TIMESTAMP '2026-01-01'",
            [len(pool.source), len(pool.source), len(pool.of_turn)],
        )
        write_samples(session, pool)
        write_turns(session, pool, rng)
        say(f"{len(pool.source):,} samples, {len(pool.of_turn):,} turns")
        write_scores(session, pool, rng)
        say("scores")
        write_vectors(session, pool, d, seed)
        for category, scorer in ROUTES.items():
            session.run("UPDATE routes SET scorer = ? WHERE category = ?", [scorer, category])
        session.run("CHECKPOINT")
        say(f"vectors of {d} dimensions")
    warehouse.close()


def write_samples(session: Session, pool: Shape) -> None:
    rows = pa.table(
        {
            "sample_id": np.arange(1, len(pool.source) + 1),
            "source": np.array([one.name for one in SOURCES])[pool.source],
            "n_turns": pool.n_turns,
        }
    )
    with session.table("made", rows):
        session.run(
            "INSERT INTO samples SELECT sample_id, source, sample_id::VARCHAR, n_turns, NULL, '{}', NULL, "
            "md5('c' || sample_id)::UUID, md5('p' || sample_id)::UUID FROM made"
        )


def write_turns(session: Session, pool: Shape, rng: np.random.Generator) -> None:
    text = words(rng)
    start = rng.integers(0, len(text) - 100_000, size=len(pool.of_turn))
    for at in range(0, len(pool.of_turn), TURN_BLOCK):
        span = slice(at, at + TURN_BLOCK)
        begins = start[span].tolist()
        lengths = pool.characters[span].tolist()
        rows = pa.table(
            {
                "turn_id": np.arange(at + 1, at + 1 + len(begins)),
                "sample_id": pool.of_turn[span] + 1,
                "turn_index": pool.index[span],
                "instruction": [
                    text[s + 7 : s + 7 + max(n // 5, 10)] for s, n in zip(begins, lengths, strict=True)
                ],
                "response": [text[s : s + n] for s, n in zip(begins, lengths, strict=True)],
            }
        )
        with session.table("made", rows):
            session.run(
                "INSERT INTO turns SELECT turn_id, sample_id, turn_index, instruction, response, "
                "md5('i' || turn_id)::UUID, md5('t' || turn_id)::UUID FROM made"
            )


def open_table(session: Session, table: ResultTable, model: str = "bench") -> int:
    results.ensure_table(session, table)
    return results.open_run(session, RunSpec(table.scorer, model, "1", {}, "", "1", f"{table.scorer}-bench"))


def write_scores(session: Session, pool: Shape, rng: np.random.Generator) -> None:
    n = len(pool.of_turn)
    names = np.array(CATEGORIES)
    ids = np.arange(1, n + 1)
    hard = rng.standard_normal(len(pool.source))[pool.of_turn] + 0.5 * rng.standard_normal(n)
    good = 0.3 * hard + rng.standard_normal(n)
    tables = {
        "tokens": ("turn", {"instruction_tokens": "INTEGER", "response_tokens": "INTEGER"}),
        "category": ("instruction", {"category": "VARCHAR", "confidence": "DOUBLE"}),
    } | {name: ("instruction" if name == "difficulty" else "turn", {}) for name in SCORES}
    for name, (unit, columns) in tables.items():
        table = ResultTable(name, name, unit, columns)
        data = {"turn_id": ids, "score": good + 0.2 * rng.standard_normal(n)}
        if name == "tokens":
            response = pool.characters // 4
            data |= {
                "score": response * 1.2,
                "instruction_tokens": response // 5,
                "response_tokens": response,
            }
        elif name == "category":
            data |= {"category": names[pool.turn_category], "confidence": rng.random(n)}
        elif name == "difficulty":
            data["score"] = hard
        elif name not in ("deita_quality", "deita_complexity"):
            routed = np.isin(names[pool.turn_category], [c for c, s in ROUTES.items() if s == name])
            data = {column: values[routed] for column, values in data.items()}
        else:
            data["score"] = np.clip(3.5 + data["score"], 1, 6)
        write_run(session, table, pa.table(data))


def write_run(session: Session, table: ResultTable, rows: pa.Table) -> None:
    run_id = open_table(session, table)
    own = "".join(f", {name}" for name in table.columns)
    prefix = {"turn": "t", "instruction": "i"}[table.unit]
    with session.table("made", rows):
        session.run(
            f"INSERT INTO {table.qualified} (key, run_id, score{own}) "
            f"SELECT md5('{prefix}' || turn_id)::UUID, {run_id}, score{own} FROM made"
        )
    results.recount(session, table, run_id)
    results.close_run(session, run_id, "complete")


def write_vectors(session: Session, pool: Shape, d: int, seed: int) -> None:
    table = ResultTable("embedding", "embedding_bench_embedder", "prompt", {"vector": f"FLOAT[{d}]"})
    run_id = open_table(session, table, EMBEDDER)
    at = 1
    for block in vectors(pool.category, d, seed):
        rows = pa.table(
            {
                "sample_id": np.arange(at, at + len(block)),
                "vector": pa.FixedSizeListArray.from_arrays(pa.array(block.ravel()), d),
            }
        )
        at += len(block)
        with session.table("made", rows):
            session.run(
                f"INSERT INTO {table.qualified} (key, run_id, vector) "
                f"SELECT md5('p' || sample_id)::UUID, {run_id}, vector FROM made"
            )
    results.recount(session, table, run_id)
    results.close_run(session, run_id, "complete")
