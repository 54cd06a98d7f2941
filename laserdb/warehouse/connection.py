"""Opening the warehouse file: create, connect with retries on a lock, migrate, configure."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from laserdb.errors import DatabaseError, DatabaseLocked, NotADatabase
from laserdb.warehouse import migrate
from laserdb.warehouse.session import Session, first_line

MEMORY = ":memory:"
DEFAULT_LOCK_TIMEOUT = 10.0
# Older than the oldest DuckDB we support would gain nothing; newer would shut out its clients.
STORAGE_VERSION = "v1.5.0"
MAGIC = b"DUCK"
MAGIC_OFFSET = 8


def lock_timeout_from_environment() -> float:
    """Seconds to wait for a locked file: LASERDB_LOCK_TIMEOUT, or ten."""
    text = os.environ.get("LASERDB_LOCK_TIMEOUT", "")
    try:
        return max(0.0, float(text)) if text else DEFAULT_LOCK_TIMEOUT
    except ValueError:
        raise DatabaseError(f"LASERDB_LOCK_TIMEOUT must be a number of seconds, not {text!r}") from None


class Warehouse:
    """One laserdb file (or `:memory:`), opened for as short as each piece of work takes.

    DuckDB lets either one process write or many read. Connections are therefore opened, used and
    closed again, retrying while another process holds the lock, so that several score workers and
    readers can share a file. `hold` keeps one connection open where a caller needs that (a relation
    handed to the user); a memory database is held from the start.

    Raises NotADatabase, SchemaTooNew, DatabaseLocked or DatabaseError from `read` and `write`.
    """

    def __init__(self, path: str | Path, *, create: bool = False, lock_timeout: float | None = None) -> None:
        self.path = str(path)
        self.create = create
        self.lock_timeout = lock_timeout_from_environment() if lock_timeout is None else lock_timeout
        self._held: duckdb.DuckDBPyConnection | None = None
        self._guard = threading.Lock()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for queries (temporary tables are fine); other processes may read meanwhile."""
        with self._session(read_only=True) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that may change the file; other processes wait until the block ends."""
        with self._session(read_only=False) as session:
            yield session

    def hold(self) -> Session:
        """Keep a writing connection open until `close`; later sessions share it."""
        with self._guard:
            if self._held is None:
                self._held = self._open(read_only=False)
            return Session(self._held.cursor())

    def close(self) -> None:
        """Give up a held connection; a memory database is gone then."""
        with self._guard:
            if self._held is not None:
                self._held.close()
                self._held = None

    @contextmanager
    def _session(self, *, read_only: bool) -> Iterator[Session]:
        if self._held is not None or self.path == MEMORY:
            session = self.hold()
            try:
                yield session
            finally:
                session.con.close()
            return
        con = self._open(read_only=read_only)
        try:
            yield Session(con)
        finally:
            con.close()

    def _open(self, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        if self.path == MEMORY:
            con = duckdb.connect(MEMORY)
            migrate.migrate(Session(con), self.path)
            return con
        self._ensure_exists()
        con = connect_with_retry(self.path, read_only=read_only, timeout=self.lock_timeout)
        try:
            if migrate.is_current(Session(con), self.path):
                return con
            if read_only:
                con.close()
                con = connect_with_retry(self.path, read_only=False, timeout=self.lock_timeout)
            migrate.migrate(Session(con), self.path)
            if read_only:
                con.close()
                con = connect_with_retry(self.path, read_only=True, timeout=self.lock_timeout)
        except BaseException:
            con.close()
            raise
        return con

    def _ensure_exists(self) -> None:
        path = Path(self.path)
        if path.is_dir():
            raise NotADatabase(f"{self.path} is a directory, not a database file")
        if path.exists() and path.stat().st_size > 0:
            check_magic(path)
            return
        if not self.create:
            raise DatabaseError(
                f"no database at {self.path}; create it with: laserdb ingest {self.path} FILE…"
            )
        if not path.parent.is_dir():
            raise DatabaseError(f"can't create {self.path}: the folder {path.parent} doesn't exist")
        create_file(path)


def check_magic(path: Path) -> None:
    """Refuse what is no DuckDB file before DuckDB does so in its own words."""
    try:
        with path.open("rb") as file:
            head = file.read(MAGIC_OFFSET + len(MAGIC))
    except OSError as error:
        raise DatabaseError(f"can't read {path}: {error.strerror}") from error
    if head[MAGIC_OFFSET:] != MAGIC:
        raise NotADatabase(f"{path} is not a DuckDB database; name another file, or move this one away")


def create_file(path: Path) -> None:
    """Create an empty database in a storage format that the oldest supported DuckDB can read."""
    quoted = str(path).replace("'", "''")
    con = duckdb.connect(MEMORY)
    try:
        con.execute(f"ATTACH '{quoted}' AS fresh (STORAGE_VERSION '{STORAGE_VERSION}')").fetchall()
        con.execute("DETACH fresh").fetchall()
    except duckdb.Error as error:
        raise DatabaseError(f"can't create {path}: {first_line(error)}") from error
    finally:
        con.close()


def connect_with_retry(path: str, *, read_only: bool, timeout: float) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB file, waiting up to `timeout` seconds while another process holds its lock."""
    deadline = time.monotonic() + timeout
    pause = 0.005
    while True:
        try:
            return duckdb.connect(path, read_only=read_only)
        except duckdb.IOException as error:
            # DuckDB has no error class of its own for a lock.
            if "lock" not in str(error).lower():
                raise DatabaseError(f"can't open {path}: {first_line(error)}") from error
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise DatabaseLocked(
                    f"{path} is in use by another process ({timeout:g} s waited); close that one, or wait "
                    "longer with LASERDB_LOCK_TIMEOUT=SECONDS"
                ) from error
            # Jitter keeps several waiting workers from trying in step.
            time.sleep(min(remaining, pause * (0.5 + random.random())))  # noqa: S311
            pause = min(pause * 1.5, 0.25)
        except duckdb.Error as error:
            raise DatabaseError(f"can't open {path}: {first_line(error)}") from error
