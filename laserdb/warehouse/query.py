"""Running a user's own query and writing its result, in batches, to a binary stream."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import BinaryIO

import duckdb
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from laserdb.errors import UsageError
from laserdb.warehouse.connection import Warehouse
from laserdb.warehouse.session import QueryError, Session, first_line

SHOWN_ROWS = 1_000
CELL_WIDTH = 120
BATCH_ROWS = 8_192


def run_query(warehouse: Warehouse, query: str, *, write: bool, shape: str, out: BinaryIO) -> None:
    """Run a query and write its result as `table`, `csv`, `json` or `parquet`.

    Of several statements the last one's result counts. Raises QueryError with DuckDB's first line.
    """
    opened = warehouse.write() if write else warehouse.read()
    with opened as session:
        try:
            parsed = session.con.extract_statements(query)
            if not parsed:
                raise UsageError("the query is empty")
            for statement in parsed[:-1]:
                session.con.execute(statement).fetchall()
            if returns_rows(parsed[-1]):
                write_rows(session, parsed[-1].query, shape, out)
            else:
                session.con.execute(parsed[-1]).fetchall()
        except duckdb.Error as error:
            hint = "" if write or "read-only" not in str(error) else " (--write allows changes)"
            raise QueryError(first_line(error) + hint) from error


def returns_rows(statement: duckdb.Statement) -> bool:
    """Whether a statement has a result worth printing."""
    return duckdb.ExpectedResultType.QUERY_RESULT in statement.expected_result_type


def write_rows(session: Session, query: str, shape: str, out: BinaryIO) -> None:
    """Stream a query's rows in the given shape."""
    # DuckDB 1.5 runs a statement that changes something at once, and has no relation for it.
    relation = session.con.sql(query)
    if relation is None:
        return  # type: ignore[unreachable] # the stubs are those of 2.0
    reader = relation.to_arrow_reader(BATCH_ROWS)
    if shape == "csv":
        with pa.csv.CSVWriter(out, flat_schema(reader.schema)) as writer:
            for batch in reader:
                writer.write_batch(flatten(batch))
    elif shape == "parquet":
        # Parquet needs a sink that tells its position; a pipe doesn't.
        with pa.parquet.ParquetWriter(pa.PythonFile(Counting(out), mode="w"), reader.schema) as writer:
            for batch in reader:
                writer.write_batch(batch)
    elif shape == "json":
        write_json(reader, out)
    else:
        write_table(reader, out)
    out.flush()


class Counting:
    """A write-only stream over another that knows how much it has written."""

    def __init__(self, out: BinaryIO) -> None:
        self.out = out
        self.position = 0
        self.closed = False

    def write(self, data: bytes) -> int:
        """Pass on."""
        self.out.write(data)
        self.position += len(data)
        return len(data)

    def tell(self) -> int:
        """Bytes written so far."""
        return self.position

    def flush(self) -> None:
        """Pass on."""
        self.out.flush()

    def close(self) -> None:
        """The stream below stays open: it is stdout."""
        self.closed = True

    def readable(self) -> bool:
        """No."""
        return False

    def writable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """No."""
        return False


def flat_schema(schema: pa.Schema) -> pa.Schema:
    """The schema with nested columns as text, which CSV needs."""
    return pa.schema(
        [pa.field(f.name, pa.string() if pa.types.is_nested(f.type) else f.type) for f in schema]
    )


def flatten(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Nested columns as JSON text."""
    columns = [
        pa.array([as_json(value) for value in column.to_pylist()], pa.string())
        if pa.types.is_nested(column.type)
        else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, schema=flat_schema(batch.schema))


def as_json(value: object) -> str | None:
    """A value as JSON text, None as None."""
    return None if value is None else json.dumps(value, ensure_ascii=False, default=str)


def write_json(reader: Iterable[pa.RecordBatch], out: BinaryIO) -> None:
    """One JSON array of objects, a row a line."""
    out.write(b"[")
    first = True
    for batch in reader:
        for row in batch.to_pylist():
            out.write(b"" if first else b",\n ")
            out.write(json.dumps(row, ensure_ascii=False, default=str).encode())
            first = False
    out.write(b"]\n")


def write_table(reader: pa.RecordBatchReader, out: BinaryIO) -> None:
    """A table for people: at most SHOWN_ROWS rows, long cells cut."""
    from io import StringIO

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(header_style="bold")
    for field in reader.schema:
        numeric = pa.types.is_integer(field.type) or pa.types.is_floating(field.type)
        table.add_column(field.name, justify="right" if numeric else "left", overflow="fold")
    shown = more = 0
    for batch in reader:
        for row in batch.slice(0, max(0, SHOWN_ROWS - shown)).to_pylist():
            table.add_row(*(Text(shorten(value)) for value in row.values()))
            shown += 1
        more += batch.num_rows
    text = StringIO()
    Console(file=text, width=None if out.isatty() else 240, highlight=False).print(table)
    out.write(text.getvalue().encode())
    if more > shown:
        out.write(f"… {more - shown:,} more rows (--format csv or json prints all)\n".encode())


def shorten(value: object) -> str:
    """A cell's text, on one line and not too long."""
    if value is None:
        return ""
    text = " ".join(str(value).split())
    return text if len(text) <= CELL_WIDTH else text[: CELL_WIDTH - 1] + "…"
