"""Rows of Parquet, Arrow and CSV files as JSON text, so that one way leads on from there.

pyarrow reads a few thousand rows at a time; DuckDB writes each row as a JSON object, with lists,
structs and big integers as they are.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from laserdb.errors import InputError
from laserdb.sqltext import identifier, literal
from laserdb.warehouse.ingest.batch import LINES, Batch, Reject
from laserdb.warehouse.session import Session, query_errors

TARGET = 32 << 20
MAX_ROWS = 65_536
# The longest row that a CSV file may have.
CSV_BLOCK = 64 << 20
DELIMITERS = ",\t;|"


def parquet(session: Session, stream: BinaryIO, advance: Callable[[float], None]) -> Iterator[Batch]:
    """The rows of a Parquet file; `advance` is told the share of the file that is done."""
    file = pq.ParquetFile(stream)
    total = max(1, file.metadata.num_rows)
    width = (
        sum(file.metadata.row_group(at).total_byte_size for at in range(file.metadata.num_row_groups)) / total
    )
    # Text columns often unpack to several times their encoded size (dictionaries).
    size = int(max(1, min(MAX_ROWS, TARGET / 4 // max(1.0, width))))
    row = 1
    for batch in file.iter_batches(batch_size=size):
        yield json_rows(session, batch, row)
        row += batch.num_rows
        advance(batch.num_rows / total)


def arrow(session: Session, stream: BinaryIO, advance: Callable[[float], None]) -> Iterator[Batch]:
    """The rows of an Arrow file or stream (`datasets` writes streams)."""
    row = 1
    for batch, share in arrow_batches(stream):
        size = int(max(1, min(MAX_ROWS, TARGET * batch.num_rows // max(1, batch.nbytes))))
        for start in range(0, batch.num_rows, size):
            part = batch.slice(start, size)
            yield json_rows(session, part, row)
            row += part.num_rows
        advance(share)


def arrow_batches(stream: BinaryIO) -> Iterator[tuple[pa.RecordBatch, float]]:
    magic = stream.read(6)
    stream.seek(0)
    if magic != b"ARROW1":
        for batch in pa.ipc.open_stream(stream):
            yield batch, 0.0
        return
    file = pa.ipc.open_file(stream)
    for at in range(file.num_record_batches):
        yield file.get_batch(at), 1 / file.num_record_batches


def csv_rows(session: Session, stream: BinaryIO, head: bytes) -> Iterator[Batch]:
    """The rows of a CSV file with a header, all values as text; an unquoted empty one is null."""
    delimiter, names = csv_header(head)
    columns = [f"c{at}" for at in range(len(names))]
    bad: list[Reject] = []
    skipped: list[int] = []

    def skip(row: Any) -> str:
        # The header is row 1 to the parser, and no row to us.
        number = row.number - 1
        bad.append(
            Reject.of(number, f"{row.actual_columns} fields instead of {row.expected_columns}", row.text)
        )
        skipped.append(number)
        return "skip"

    reader = pacsv.open_csv(
        stream,
        # Rows are numbered only if one thread parses.
        pacsv.ReadOptions(
            use_threads=False, block_size=CSV_BLOCK, column_names=columns, skip_rows_after_names=1
        ),
        pacsv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=skip),
        pacsv.ConvertOptions(
            check_utf8=False,
            column_types=dict.fromkeys(columns, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    row = 1
    for batch in reader:
        numbers = free_numbers(row, batch.num_rows, skipped)
        found = json_rows(session, batch.rename_columns(names), row, numbers)
        found.rejects += bad
        bad.clear()
        row = int(numbers[-1]) + 1 if len(numbers) else row
        yield found
    if bad:
        yield Batch(LINES.empty_table(), list(bad))


def csv_header(head: bytes) -> tuple[str, list[str]]:
    """The delimiter and the column names of a CSV file, from its beginning."""
    text = head.decode("utf-8", "replace").removeprefix("\ufeff")
    first = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=first.count)
    names = next(csv.reader(io.StringIO(text.lstrip("\r\n"), newline=""), delimiter=delimiter), [])
    return delimiter, names


def free_numbers(first: int, count: int, taken: list[int]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The next row numbers that no skipped row has."""
    numbers = np.arange(first, first + count + len(taken), dtype=np.int64)
    return numbers[~np.isin(numbers, np.array(taken, dtype=np.int64))][:count]


def json_rows(
    session: Session,
    batch: pa.RecordBatch,
    first: int,
    numbers: np.ndarray[Any, np.dtype[np.int64]] | None = None,
) -> Batch:
    """Each row as a JSON object; of columns with the same name the last one counts."""
    if numbers is None:
        numbers = np.arange(first, first + batch.num_rows, dtype=np.int64)
    table = pa.Table.from_batches([batch])
    table, numbers, rejects = without_broken_text(table, numbers)
    last = {name: at for at, name in enumerate(table.column_names)}
    # DuckDB tells columns apart without regard to case, JSON doesn't.
    columns = {f"c{at}": readable(table.column(at)) for at in last.values()}
    table = pa.table({"line": pa.array(numbers), **columns})
    pairs = ", ".join(f"{literal(name)}, {identifier(f'c{at}')}" for name, at in last.items())
    with session.table("tabular", table), query_errors("can't read a column: "):
        text = session.arrow(f"SELECT line, json_object({pairs})::VARCHAR AS text FROM tabular ORDER BY line")
    return Batch(text.cast(LINES), rejects)


def readable(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column in a type that DuckDB knows."""
    return column.cast(pa.float32()) if pa.types.is_float16(column.type) else column


def without_broken_text(
    table: pa.Table, numbers: np.ndarray[Any, np.dtype[np.int64]]
) -> tuple[pa.Table, np.ndarray[Any, np.dtype[np.int64]], list[Reject]]:
    """Take out the rows with text that isn't UTF-8; DuckDB would read it as empty."""
    if is_valid(table):
        return table, numbers, []
    good = np.array([is_valid(table.slice(at, 1)) for at in range(table.num_rows)], dtype=bool)
    rejects = [
        Reject.of(int(numbers[at]), "invalid UTF-8", raw_text(table.slice(int(at), 1)))
        for at in np.flatnonzero(~good)
    ]
    return table.filter(pa.array(good)), numbers[good], rejects


def is_valid(table: pa.Table) -> bool:
    try:
        table.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def raw_text(row: pa.Table) -> str:
    """The flat text columns of a row, broken bytes replaced."""
    cells = []
    for column in row.columns:
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            value = column.combine_chunks().view(
                pa.binary() if pa.types.is_string(column.type) else pa.large_binary()
            )
            cells.append((value[0].as_py() or b"").decode("utf-8", "replace"))
    return "\t".join(cells)


def unreadable(error: pa.ArrowException, name: str) -> InputError:
    """One line for a file that pyarrow gives up on."""
    return InputError(f"can't read {name}: {str(error).splitlines()[0]}")
