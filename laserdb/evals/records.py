"""What readers of evaluation logs yield, and the rows of the files that they read."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from laserdb.errors import InputError

SUFFIXES = (".jsonl", ".json", ".csv", ".parquet")
PACKED = (".gz", ".zst", ".bz2")


@dataclass(frozen=True, slots=True)
class Result:
    """A model's score on an item, in the metric's own unit; `where` is file:line."""

    dataset: str
    item_id: str
    model: str
    metric: str
    score: float
    where: str


@dataclass(frozen=True, slots=True)
class Item:
    """What was asked; `level` is how hard people say it is (higher = harder), `reference` an answer."""

    dataset: str
    item_id: str
    instruction: str
    category: str | None = None
    level: float | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Bad:
    """A row that can't be used, and why."""

    where: str
    reason: str


Record = Result | Item | Bad


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the user says of the logs: names that a log lacks, and the metric and filter to take."""

    dataset: str | None = None
    model: str | None = None
    metric: str | None = None
    filter: str | None = None
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a file, or a whole JSON document that is no list; `value` is Bad if it can't be parsed."""

    where: str
    value: Any


def kind_of(path: Path) -> str:
    """The suffix that tells the format, without that of the compression."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in PACKED:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def read_file(path: Path) -> bytes:
    """A file's content, unpacked. Raises InputError."""
    try:
        with pa.input_stream(str(path), compression="detect") as stream:
            content: bytes = stream.read()
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{path}: can't be read: {str(error).splitlines()[0]}") from error
    return content


def rows_of(path: Path, rest: bytes = b"") -> Iterator[Row]:
    """The rows of a JSONL, JSON, CSV or Parquet file.

    `rest` is the begun line that a part before it ended on. Yields a last Row with `bytes` for a JSON line
    that the file ends in the middle of."""
    kind = kind_of(path)
    if kind == ".parquet":
        yield from _parquet(path)
    elif kind == ".csv":
        yield from _csv(path)
    else:
        content = read_file(path)
        text = content.lstrip(b"\xef\xbb\xbf \t\r\n")
        # lm-evaluation-harness 0.4.0 to 0.4.2 wrote a list, over many lines, into its .jsonl files.
        if not rest and text.startswith(b"["):
            yield from _array(path, content)
        elif not rest and kind == ".json":
            yield from _document(path, content)
        else:
            yield from _lines(path, rest + content)


def _lines(path: Path, content: bytes) -> Iterator[Row]:
    for number, line in enumerate(content.split(b"\n"), start=1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        last = content.endswith(line) and not content.endswith(b"\n")
        try:
            yield Row(where, json.loads(line))
        except ValueError as error:
            yield Row(where, line if last else Bad(where, f"not JSON: {error}"))


def _array(path: Path, content: bytes) -> Iterator[Row]:
    """The elements of a JSON list, each with the line that it begins on."""
    text = content.decode("utf-8-sig", "replace")
    decoder, line, place = json.JSONDecoder(), 1, text.index("[") + 1
    counted = 0
    while True:
        while place < len(text) and text[place] in " \t\r\n,":
            place += 1
        line, counted = line + text.count("\n", counted, place), place
        if place >= len(text) or text[place] == "]":
            return
        where = f"{path}:{line}"
        try:
            value, place = decoder.raw_decode(text, place)
        except ValueError as error:
            yield Row(where, Bad(where, f"not JSON from here on: {error}"))
            return
        yield Row(where, value)


def _document(path: Path, content: bytes) -> Iterator[Row]:
    try:
        yield Row(f"{path}:1", json.loads(content.decode("utf-8-sig")))
    except ValueError:
        yield from _lines(path, content)


def _csv(path: Path) -> Iterator[Row]:
    text = read_file(path).decode("utf-8-sig", "replace")
    csv.field_size_limit(1 << 30)
    reader = csv.DictReader(io.StringIO(text, newline=""))
    line = 2
    for row in reader:
        where, line = f"{path}:{line}", reader.line_num + 1
        if None in row or None in row.values():
            yield Row(where, Bad(where, f"not {len(reader.fieldnames or [])} fields, as the header has"))
        else:
            yield Row(where, {key: value or None for key, value in row.items()})


def _parquet(path: Path) -> Iterator[Row]:
    try:
        file = pq.ParquetFile(path)
        number = 1
        for batch in file.iter_batches(batch_size=8192):
            for value in batch.to_pylist():
                yield Row(f"{path}:{number}", value)
                number += 1
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{path}: not a Parquet file: {str(error).splitlines()[0]}") from error


def number_of(value: object) -> float | None:
    """A score as a number: numbers, truth values, texts of numbers, and the mean of a list of these."""
    if isinstance(value, list) and value:
        parts = [number_of(part) for part in value if not isinstance(part, list)]
        known = [part for part in parts if part is not None]
        return sum(known) / len(known) if len(known) == len(value) else None
    if not isinstance(value, bool | int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def text_of(value: object) -> str | None:
    """An id or a name as text; None for what is none."""
    if isinstance(value, bool | None | dict | list):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip() or None
