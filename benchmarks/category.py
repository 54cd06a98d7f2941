"""Turns a second of the shipped classifiers, on the instructions of files, beside each other in one run.

    python benchmarks/category.py pool/*.jsonl
    python benchmarks/category.py pool/*.jsonl --limit 5000 --model my-setfit

Files are JSON lines of any shape that `laserdb ingest` reads. "a second" is by the clock; "a CPU second" is
per second of one core, which a busy machine distorts less: times the cores it is what an idle one would do.
Texts come in batches as a pool is scored: 16,384 at a time, sorted by length.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

from laserdb.database import connect
from laserdb.scorers.base import Batch, Scored, ScorerOptions, Turn
from laserdb.scorers.category import Category
from laserdb.scorers.category.head import HeadClassifier

WINDOW = 16_384


def instructions(files: list[str], limit: int, seed: int) -> list[str]:
    """Different instructions of the files, in an order that `seed` gives."""
    with connect() as database:
        database.ingest(files)
        rows = database.sql(
            f"SELECT DISTINCT instruction FROM turns ORDER BY hash(instruction || '{seed}') LIMIT {limit}"
        ).fetchall()
    return [text for (text,) in rows if text.strip()]


def run(name: str, options: ScorerOptions, texts: list[str]) -> None:
    """Score the texts with one classifier and print its line."""
    scorer = Category(options)
    begun = time.perf_counter()
    scorer.load()
    answer(scorer, texts[:64])  # the first call allocates and compiles
    loading = time.perf_counter() - begun
    started, cpu, sure = time.perf_counter(), time.process_time(), 0.0
    for at in range(0, len(texts), WINDOW):
        window = sorted(texts[at : at + WINDOW], key=len)
        for start in range(0, len(window), scorer.batch_size):
            sure += answer(scorer, window[start : start + scorer.batch_size])
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    scorer.close()
    print(
        f"{name:24} {len(texts) / seconds:12,.0f} {len(texts) / cpu:14,.0f} {loading:9.1f} "
        f"{sure / len(texts):16.3f}",
        flush=True,
    )


def answer(scorer: Category, texts: list[str]) -> float:
    """The sum of the confidences; a head makes its vectors here, as in a pool that has none yet."""
    if isinstance(scorer.classifier, HeadClassifier):
        return float(scorer.classifier.predict(texts).max(axis=1).sum())
    found = scorer.score(Batch([Turn(text) for text in texts]))
    return sum(one.score or 0.0 for one in found if isinstance(one, Scored))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+")
    parser.add_argument("--limit", type=int, default=4000, help="texts")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", action="append", default=[], help="further models; repeatable")
    options = parser.parse_args()
    texts = instructions(options.files, options.limit, options.seed)
    if not texts:
        sys.exit("the files hold no instructions")
    mean = sum(map(len, texts)) / len(texts)
    print(f"{len(texts):,} instructions of {mean:,.0f} characters on average, {os.cpu_count()} cores")
    print(f"{'':24} {'a second':>12} {'a CPU second':>14} {'loading s':>9} {'mean confidence':>16}")
    run("default", ScorerOptions(), texts)
    run("default, above=1", ScorerOptions(params={"above": "1"}), texts)
    run("fast", ScorerOptions(fast=True), texts)
    for model in options.model:
        run(os.path.basename(model), ScorerOptions(model=model), texts)


if __name__ == "__main__":
    main()
