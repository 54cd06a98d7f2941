"""Texts that resemble each other: normalised words, shared 13-grams, MinHash."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from laserdb.errors import MissingExtra, UsageError

WORDS = re.compile(r"\w+")
GRAM = 13  # words of a shared passage, as in GPT-3's and many later decontaminations
SHINGLE = 5  # words of a shingle of MinHash
PERMUTATIONS = 128
SHORTEST = 4  # fewer words than this say nothing


def words(text: str) -> list[str]:
    """The words of a text, in lower case, without punctuation."""
    return WORDS.findall(text.lower())


def grams(found: list[str], n: int) -> Iterator[str]:
    """Every run of n words."""
    for at in range(len(found) - n + 1):
        yield " ".join(found[at : at + n])


def shingles(found: list[str]) -> list[str]:
    """The set that MinHash compares: runs of five words, or all of them if there are fewer."""
    return sorted(set(grams(found, min(SHINGLE, len(found)))))


class NearTexts:
    """Finds earlier texts of high Jaccard similarity by MinHash and banding (rensa)."""

    def __init__(self, threshold: float) -> None:
        try:
            from rensa import RMinHash, RMinHashLSH
        except ImportError:
            raise MissingExtra("rensa", "dedup") from None
        if not 0 < threshold <= 1:
            raise UsageError(f"the threshold must lie above 0 and at most at 1, not {threshold:g}")
        self.threshold = threshold
        self._make: Any = RMinHash
        # Bands of four rows find pairs from a Jaccard similarity of about 0.4 on; signatures decide.
        self._index: Any = RMinHashLSH(threshold, PERMUTATIONS, PERMUTATIONS // 4)
        self._known: list[Any] = []
        self.names: list[str] = []

    def signature(self, found: list[str]) -> Any:
        """The MinHash of a text's words."""
        made = self._make(PERMUTATIONS, 0)
        made.update(shingles(found))
        return made

    def add(self, signature: Any, name: str) -> None:
        """Remember a text."""
        self._index.insert(len(self._known), signature)
        self._known.append(signature)
        self.names.append(name)

    def nearest(self, signature: Any) -> tuple[str, float] | None:
        """The most similar text remembered, if it reaches the threshold; of equals the first."""
        best: tuple[str, float] | None = None
        for at in sorted(self._index.query(signature)):
            similar = float(signature.jaccard(self._known[at]))
            if similar >= self.threshold and (best is None or similar > best[1]):
                best = self.names[at], similar
        return best


def evaluation_texts(path: str) -> Iterator[tuple[str, list[str]]]:
    """`file:line` and the texts of each item of an evaluation file: JSON(L), CSV, Parquet or lines of text.

    Raises UsageError for a file that is missing or can't be read.
    """
    file = Path(path)
    name = file.name.removesuffix(".gz")
    try:
        for number, row in enumerate(rows(file, Path(name).suffix.lower()), start=1):
            yield f"{file.name}:{number}", list(strings(row))
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise UsageError(f"can't read {path}: {str(error).splitlines()[0]}") from error


def rows(file: Path, suffix: str) -> Iterator[Any]:
    """The items of a file."""
    if suffix == ".parquet":
        import pyarrow.parquet as pq

        for batch in pq.ParquetFile(file).iter_batches():
            yield from batch.to_pylist()
        return
    with open_text(file) as lines:
        if suffix == ".json":
            found = json.load(lines)
            yield from found if isinstance(found, list) else [found]
        elif suffix == ".jsonl":
            for number, line in enumerate(lines, start=1):
                try:
                    yield json.loads(line) if line.strip() else ""
                except ValueError as error:
                    raise ValueError(f"line {number}: {error}") from error
        elif suffix in (".csv", ".tsv"):
            yield from csv.DictReader(lines, delimiter="\t" if suffix == ".tsv" else ",")
        else:
            yield from lines


def open_text(file: Path) -> IO[str]:
    """A file of text, packed or not."""
    if file.suffix == ".gz":
        return gzip.open(file, "rt", encoding="utf-8")
    return file.open(encoding="utf-8")


def strings(value: Any) -> Iterator[str]:
    """Every text in a JSON value, keys aside."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
