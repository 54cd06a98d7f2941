"""How much laserdb's ingest costs over reading the same file with plain DuckDB.

Writes a file of conversations (the same for the same number of rows), then times, each in a process
and a fresh database file of its own:

    duckdb   read_json and unnest into a table of turns: what anybody would do by hand
    laserdb  the whole ingest: shapes, turns, keys, duplicates, rejects, constraints, one transaction

    python benchmarks/ingest.py [--rows 200000] [--repeat 1] [--limit 2.0]

Exits with 1 if the ratio is above the limit.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

BY_HAND = """
    CREATE TABLE turns AS
    SELECT data_id, turn_index, instruction, response
    FROM (
        SELECT data_id, unnest(range(len(asked))) AS turn_index,
            unnest(asked) AS instruction, unnest(answered) AS response
        FROM (
            SELECT data_id,
                list_transform(list_filter(messages, lambda m: m.role = 'user'), lambda m: m.content)
                    AS asked,
                list_transform(list_filter(messages, lambda m: m.role = 'assistant'), lambda m: m.content)
                    AS answered
            FROM read_json(?, format = 'newline_delimited')
        )
    )
"""


def conversations(rows: int) -> Iterator[dict[str, Any]]:
    """Conversations of about 2.8 KB: one to six turns, some with a system message, not all ASCII."""
    rng = random.Random(0)
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    words = ["".join(rng.choices(letters, k=rng.randint(2, 10))) for _ in range(4000)]
    words += ["naïve", "Müller", "日本語", "“quoted”", "x = {'a': [1, 2]}", "C:\\temp", "\t", "π≈3.14"] * 3
    paragraphs = [sentence(rng, words) for _ in range(3000)]
    for number in range(rows):
        turns = rng.choice((1, 1, 1, 2, 2, 3, 6))
        messages = []
        if rng.random() < 0.2:
            rules = "You are a helpful assistant. " + paragraphs[number % 50]
            messages.append({"role": "system", "content": rules})
        for turn in range(turns):
            asked = f"{number}.{turn} " + "\n".join(rng.choices(paragraphs, k=rng.choice((1, 1, 1, 2))))
            answered = "\n\n".join(rng.choices(paragraphs, k=rng.randint(1, 4)))
            messages += [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]
        origin = {"n": number, "tags": ["a", "b"]}
        yield {"data_id": f"bench-{number}", "messages": messages, "origin": origin}


def sentence(rng: random.Random, words: list[str]) -> str:
    return " ".join(rng.choices(words, k=rng.randint(15, 70))).capitalize() + "."


def write(path: Path, rows: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        for row in conversations(rows):
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def by_hand(source: str, target: str) -> int:
    import duckdb

    con = duckdb.connect(target)
    con.execute(BY_HAND, [source]).fetchall()
    con.execute("CHECKPOINT").fetchall()
    ((turns,),) = con.execute("SELECT count(*) FROM turns").fetchall()
    con.close()
    return int(turns)


def with_laserdb(source: str, target: str) -> int:
    from laserdb.warehouse import Warehouse
    from laserdb.warehouse.ingest import IngestOptions, ingest

    return ingest(Warehouse(target, create=True), [source], IngestOptions()).turns


def timed(work: Callable[[str, str], int], source: str) -> tuple[int, float, float]:
    """Turns, seconds and peak resident MB of one way, in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="laserdb-bench-") as folder:
        receiver, sender = multiprocessing.get_context("spawn").Pipe(duplex=False)
        arguments = (work, source, str(Path(folder) / "bench.duckdb"), sender)
        process = multiprocessing.get_context("spawn").Process(target=measure, args=arguments)
        process.start()
        process.join()
        if process.exitcode:
            sys.exit(f"{work.__name__} failed")
        result: tuple[int, float, float] = receiver.recv()
        return result


def measure(work: Callable[[str, str], int], source: str, target: str, sender: Any) -> None:
    # Importing isn't what is compared.
    import duckdb  # noqa: F401

    import laserdb.warehouse.ingest  # noqa: F401

    started = time.perf_counter()
    turns = work(source, target)
    seconds = time.perf_counter() - started
    sender.send((turns, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def main() -> None:
    """Run the benchmark and print both times and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--repeat", type=int, default=1, help="take the best of so many runs of each")
    parser.add_argument("--limit", type=float, default=2.0, help="the highest ratio to pass with")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="laserdb-bench-") as folder:
        path = Path(folder) / "conversations.jsonl"
        write(path, options.rows)
        megabytes = path.stat().st_size / 1e6
        print(f"{options.rows} conversations, {megabytes:.0f} MB")
        best = {}
        for name, work in {"duckdb": by_hand, "laserdb": with_laserdb}.items():
            runs = [timed(work, str(path)) for _ in range(options.repeat)]
            turns, seconds, peak = min(runs, key=lambda run: run[1])
            best[name] = seconds
            print(
                f"{name:8} {seconds:6.2f} s  {options.rows / seconds:8.0f} rows/s  "
                f"{megabytes / seconds:5.0f} MB/s  {turns} turns  peak {peak:.0f} MB"
            )
    ratio = best["laserdb"] / best["duckdb"]
    print(f"ratio {ratio:.2f} (limit {options.limit:g})")
    sys.exit(ratio > options.limit)


if __name__ == "__main__":
    main()
