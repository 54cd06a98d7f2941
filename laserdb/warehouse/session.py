"""One open DuckDB connection, with the few calls that laserdb makes of it.

DuckDB 2.0 streams results: a connection with an unread result refuses other work, and Arrow comes
from relations rather than from `execute`. Everything goes through here, so that 1.5 and 2.0 are
told apart in one place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import duckdb
import pyarrow as pa

from laserdb.errors import LaserdbError

Params = Sequence[Any] | Mapping[str, Any] | None

SETTINGS = (
    "SET TimeZone = 'UTC'",
    # A query must never read a Python variable that happens to have a table's name.
    "SET python_enable_replacements = false",
    "SET enable_progress_bar = false",
    # Never reach for the network behind the user's back.
    "SET autoinstall_known_extensions = false",
)


class QueryError(LaserdbError):
    """DuckDB refused a query; the message is DuckDB's first line."""


def first_line(error: BaseException) -> str:
    """The part of a DuckDB message that says what is wrong, without the excerpt below it."""
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__


class Session:
    """A configured connection; made by `Warehouse.read` and `Warehouse.write`."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        for setting in SETTINGS:
            con.execute(setting).fetchall()

    def run(self, sql: str, params: Params = None) -> None:
        """Run one or more statements for their effect."""
        self.con.execute(sql, params).fetchall()

    def rows(self, sql: str, params: Params = None) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return self.con.execute(sql, params).fetchall()

    def row(self, sql: str, params: Params = None) -> tuple[Any, ...]:
        """The only row of a query."""
        (row,) = self.rows(sql, params)
        return row

    def value(self, sql: str, params: Params = None) -> Any:
        """The only value of a query."""
        (value,) = self.row(sql, params)
        return value

    def dicts(self, sql: str, params: Params = None) -> list[dict[str, Any]]:
        """All rows of a query as dicts by column name."""
        cursor = self.con.execute(sql, params)
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def arrow(self, sql: str, params: Params = None) -> pa.Table:
        """The result of a query as an Arrow table."""
        return self.con.sql(sql, params=params).to_arrow_table()

    @contextmanager
    def table(self, name: str, data: pa.Table) -> Iterator[str]:
        """Make an Arrow table readable under a name, for the time of the block.

        After a failure (or Ctrl-C) the transaction is aborted and DuckDB refuses to take the name back:
        that must not hide what went wrong, and the rollback takes it back anyway.
        """
        self.con.register(name, data)
        try:
            yield name
        except BaseException:
            with suppress(duckdb.Error):
                self.con.unregister(name)
            raise
        self.con.unregister(name)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: commit at the end of the block, roll back on any exception."""
        self.con.execute("BEGIN TRANSACTION").fetchall()
        try:
            yield
        except BaseException:
            # The failure may have ended the transaction already (DuckDB does so on some errors).
            with suppress(duckdb.Error):
                self.con.execute("ROLLBACK").fetchall()
            raise
        self.con.execute("COMMIT").fetchall()


@contextmanager
def query_errors(prefix: str = "") -> Iterator[None]:
    """Turn DuckDB's complaints about a user's own SQL into one line."""
    try:
        yield
    except duckdb.Error as error:
        raise QueryError(f"{prefix}{first_line(error)}") from error
