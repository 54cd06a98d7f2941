"""Writing conversations out: the shapes that trainers read, as Parquet or JSON lines."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

import duckdb

from laserdb.apportion import largest_remainder
from laserdb.errors import ExportError, UsageError
from laserdb.plugins import unknown
from laserdb.sqltext import identifier, literal
from laserdb.warehouse.selections import exists, statements
from laserdb.warehouse.session import Session, first_line, query_errors

SHAPES: Mapping[str, tuple[str, ...]] = {
    "messages": ("messages",),
    "alpaca": ("instruction", "input", "output", "system", "history"),
    "sharegpt": ("conversations",),
}
# Offered beside the conversation itself; the first three come by default.
EXTRA = ("data_id", "source", "metadata", "sample_id", "n_turns", "tokens", "category", "f", "q", "p")
OF_SELECTION = ("rank", "reason", "cluster")
DEFAULT_EXTRA = EXTRA[:3]
WRITERS: Mapping[str, str] = {
    ".parquet": "FORMAT parquet, COMPRESSION zstd",
    ".jsonl": "FORMAT json",
    ".jsonl.gz": "FORMAT json, COMPRESSION gzip",
    ".jsonl.zst": "FORMAT json, COMPRESSION zstd",
}
ROWS_PER_SHARD = 50_000


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What to write: a selection's name or a query, the shape, the extra columns, the splits."""

    what: str
    out: str
    shape: str = "messages"
    columns: Sequence[str] | None = None
    split: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Written:
    """One file that was written."""

    file: str
    rows: int


def export(session: Session, options: ExportOptions) -> list[Written]:
    """Write a selection, or a query that returns sample_id, in its order; returns the files.

    A query without a column sample_id is written as it is. Files appear whole or not at all.
    Raises ExportError or UsageError.
    """
    if options.shape not in SHAPES:
        raise UsageError(unknown("format", options.shape, SHAPES))
    selection = exists(session, options.what)
    available = EXTRA + (OF_SELECTION if selection else ())
    conversations = make_chosen(session, options.what, selection=selection)
    if conversations:
        query = rows_query(options, available)
    else:
        query = "SELECT *, row_number() OVER () AS laserdb_order FROM chosen"
    total = session.value("SELECT count(*) FROM chosen")
    written: list[Written] = []
    try:
        for path, first, last in targets(options, total):
            part = f"FROM ({query}) WHERE laserdb_order BETWEEN {first} AND {last} ORDER BY laserdb_order"
            write_file(session, f"SELECT * EXCLUDE (laserdb_order) {part}", path)
            written.append(Written(str(path), last - first + 1))
    except duckdb.Error as error:
        raise ExportError(f"can't write {options.out}: {first_line(error)}") from error
    except OSError as error:
        raise ExportError(f"can't write {options.out}: {error.strerror or error}") from error
    return written


def make_chosen(session: Session, what: str, *, selection: bool) -> bool:
    """Make the temporary table `chosen`; returns whether it names samples (or is any other result)."""
    if selection:
        session.run(
            "CREATE OR REPLACE TEMP TABLE chosen AS SELECT sample_id, rank AS laserdb_rank, reason, cluster "
            "FROM selected WHERE selection = ?",
            [what],
        )
        return True
    if not what.strip() or len(what.split()) == 1:
        names = [name for (name,) in session.rows("SELECT name FROM selections")]
        raise UsageError(unknown("selection", what, names))
    parsed = statements(session, what)
    if len(parsed) != 1 or parsed[0].type != duckdb.StatementType.SELECT:
        raise UsageError("export takes the name of a selection, or one SELECT")
    with query_errors():
        session.run(f"CREATE OR REPLACE TEMP TABLE chosen AS FROM ({what.strip().rstrip(';')}\n)")
    columns = [row[0] for row in session.rows("SELECT column_name FROM (DESCRIBE chosen)")]
    if "sample_id" not in columns:
        return False
    session.run(
        "CREATE OR REPLACE TEMP TABLE chosen AS SELECT sample_id, min(position) AS laserdb_rank "
        "FROM (SELECT sample_id, row_number() OVER () AS position FROM chosen) GROUP BY sample_id"
    )
    return True


def rows_query(options: ExportOptions, available: Sequence[str]) -> str:
    """SQL of the rows to write, with laserdb_order counting from 1 in the order to write them."""
    extra = list(DEFAULT_EXTRA if options.columns is None else options.columns)
    strange = [name for name in extra if name not in available and name not in SHAPES[options.shape]]
    if strange:
        raise UsageError("; ".join(unknown("column", name, available) for name in strange))
    extra = [name for name in extra if name not in SHAPES[options.shape]]
    own = "".join(f", {column(name)}" for name in extra)
    order = "laserdb_rank"
    if options.split:
        # Splits must not follow the rank, or the best samples would all be in the first one.
        order = f"md5(concat({literal(options.seed)}, ':', sample_id)), sample_id"
    return (
        f"SELECT x.* EXCLUDE (sample_id){own}, row_number() OVER (ORDER BY {order}) AS laserdb_order "
        f"FROM ({shape_query(options.shape)}) x "
        "JOIN chosen USING (sample_id) JOIN samples s USING (sample_id) "
        "JOIN sample_scores USING (sample_id)"
    )


def shape_query(shape: str) -> str:
    """SQL of the conversations of the temporary table `chosen`: sample_id and the shape's columns."""
    if shape == "sharegpt":
        # The same messages under other names.
        return f"{read_sql('export_sharegpt')} FROM ({shape_query('messages')})"
    return read_sql(f"export_{shape}")


def read_sql(name: str) -> str:
    """A file of view_sql."""
    return files("laserdb.warehouse").joinpath(f"view_sql/{name}.sql").read_text(encoding="utf-8")


def column(name: str) -> str:
    """SQL of one extra column."""
    if name == "metadata":
        # As text: rows with different keys would not load as one table.
        return "s.metadata::VARCHAR AS metadata"
    if name == "rank":
        return "laserdb_rank AS rank"
    if name in ("data_id", "source", "n_turns"):
        return f"s.{identifier(name)}"
    return identifier(name)


def targets(options: ExportOptions, total: int) -> Iterator[tuple[Path, int, int]]:
    """The files to write with the first and last row (from 1) of each."""
    out = Path(options.out)
    suffix = next((end for end in sorted(WRITERS, key=len, reverse=True) if options.out.endswith(end)), None)
    folder = suffix is None and (options.out.endswith(os.sep) or out.is_dir() or not out.suffix)
    if suffix is None and not folder:
        raise UsageError(f"can't tell the format of {options.out} (known: {', '.join(WRITERS)}, or a folder)")
    if not folder and not out.parent.is_dir():
        raise ExportError(f"can't write {options.out}: the folder {out.parent} doesn't exist")
    first = 1
    for name, rows in split_sizes(options.split, total):
        if folder:
            shards = max(1, -(-rows // ROWS_PER_SHARD))
            for shard in range(shards):
                last = first + min(ROWS_PER_SHARD, rows - shard * ROWS_PER_SHARD) - 1
                yield out / f"{name or 'train'}-{shard:05d}-of-{shards:05d}.parquet", first, last
                first = last + 1
        else:
            stem = options.out.removesuffix(suffix or "")
            yield Path(f"{stem}-{name}{suffix}" if name else options.out), first, first + rows - 1
            first += rows


def split_sizes(split: Mapping[str, float], total: int) -> list[tuple[str, int]]:
    """Rows per split by largest remainder; one nameless split if none is asked for."""
    if not split:
        return [("", total)]
    return list(zip(split, largest_remainder(total, list(split.values())), strict=True))


def write_file(session: Session, query: str, path: Path) -> None:
    """Write a query's rows to a file that appears only when it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    suffix = next(end for end in sorted(WRITERS, key=len, reverse=True) if path.name.endswith(end))
    with replacing(path) as partial:
        session.run(f"COPY ({query}) TO {literal(str(partial))} ({WRITERS[suffix]})")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary sibling that takes the path's place at the end of the block, or is removed."""
    if path.is_dir():
        raise ExportError(f"can't write {path}: it is a folder")
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        yield partial
        shutil.move(partial, path)
    finally:
        partial.unlink(missing_ok=True)
