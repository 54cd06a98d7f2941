"""Lending an Arrow table to DuckDB, also when the work on it fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb
import pyarrow as pa

from laserdb.warehouse.session import Session


@contextmanager
def lend(session: Session, name: str, data: pa.Table) -> Iterator[None]:
    """Make an Arrow table readable under a name, for the time of the block.

    After a failure (or Ctrl-C) the transaction is aborted and DuckDB refuses to take the name back:
    that must not hide what went wrong, and the rollback takes it back anyway.
    """
    session.con.register(name, data)
    try:
        yield
    except BaseException:
        with suppress(duckdb.Error):
            session.con.unregister(name)
        raise
    session.con.unregister(name)
