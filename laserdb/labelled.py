"""Labelled instructions: JSON lines, CSV or Parquet with `text`, `label` and, if known, `source`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from laserdb.categories import CATEGORIES
from laserdb.errors import InputError
from laserdb.rows import placed_rows


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts with their categories and where they come from ("" if unknown), in the order of the files."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    sources: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.texts)

    def part(self, rows: Sequence[int]) -> Labelled:
        """Some of the rows."""
        chosen = ([column[i] for i in rows] for column in (self.texts, self.labels, self.sources))
        return Labelled(*map(tuple, chosen))

    @property
    def classes(self) -> tuple[str, ...]:
        """The categories that occur, in their order."""
        return tuple(c for c in CATEGORIES if c in set(self.labels))


def read_labelled(paths: Sequence[Path], least: int = 1) -> Labelled:
    """Read labelled texts, the parts of a JSON lines file in order; blank texts are refused.

    Raises InputError, naming file and line, for rows without text or with an unknown label, and if there
    are not two categories with `least` texts each.
    """
    texts, labels, sources = [], [], []
    for where, row in _rows(paths, ("text", "label")):
        text, label = row["text"], row["label"]
        if not isinstance(text, str) or not text.strip():
            raise InputError(f"{where}: text is {'empty' if isinstance(text, str) else 'no text'}")
        if label not in CATEGORIES:
            raise InputError(f"{where}: unknown category {label!r}; they are {', '.join(CATEGORIES)}")
        texts.append(text)
        labels.append(label)
        sources.append(str(row.get("source") or ""))
    counts = Counter(labels)
    if least > 1 and (len(counts) < 2 or min(counts.values()) < least):
        raise InputError(f"needs two categories or more and {least} texts of each, got {dict(counts)}")
    if not texts:
        raise InputError(f"{', '.join(map(str, paths))}: no rows")
    return Labelled(tuple(texts), tuple(labels), tuple(sources))


def read_texts(paths: Sequence[Path]) -> list[str]:
    """The texts of unlabelled rows (`text`, or `instruction`), blank ones left out. Raises InputError."""
    found = []
    for where, row in _rows(paths, ()):
        text = row.get("text") or row.get("instruction")
        if not isinstance(text, str):
            raise InputError(f"{where}: lacks text")
        if text.strip():
            found.append(text)
    return found


def _rows(paths: Sequence[Path], required: Sequence[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Rows with where they stand; runs of JSON lines files are parts of one."""
    parts: list[Path] = []
    for path in [*paths, None]:
        if path is not None and path.suffix.lower() not in (".csv", ".parquet"):
            parts.append(path)
            continue
        yield from placed_rows(parts, required)
        parts = []
        if path is not None:
            yield from _table(path, required)


def _table(path: Path, required: Sequence[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    import pyarrow as pa
    from pyarrow import csv, parquet

    try:
        if path.suffix.lower() == ".csv":
            # Labels and texts are text, whatever they look like; lines in quotes are one field.
            options = csv.ConvertOptions(column_types={"text": pa.string(), "label": pa.string()})
            table = csv.read_csv(path, parse_options=csv.ParseOptions(newlines_in_values=True),
                                 convert_options=options)  # fmt: skip
        else:
            table = parquet.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{path}: can't be read: {str(error).splitlines()[0]}") from error
    missing = [name for name in required if name not in table.column_names]
    if missing:
        raise InputError(f"{path}: lacks {', '.join(missing)}; it has {', '.join(table.column_names)}")
    yield from ((f"{path}: row {i}", row) for i, row in enumerate(table.to_pylist(), start=1))
