"""Python functions that SQL templates call, and the vectors they read."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from laserdb.errors import StrategyError
from laserdb.progress import Progress, Silent
from laserdb.sqltext import literal
from laserdb.warehouse.session import Session

Ids = Sequence[int] | NDArray[np.int64]
Vectors = NDArray[np.float32]
VECTOR_ROWS = 2_048
READ_MEMORY = 1_000_000_000  # bytes that DuckDB may keep of what it reads on the way to the vectors


@dataclass(frozen=True, slots=True)
class SqlFunction:
    """A Python function for SQL: called once per row with plain values, lists of numbers as arrays."""

    name: str
    call: Callable[..., Any]
    parameters: tuple[str, ...]
    returns: str


@contextmanager
def functions(session: Session, available: Sequence[SqlFunction]) -> Iterator[None]:
    """Make functions callable in this database, for the time of the block.

    An exception of a function is raised as it is: DuckDB would flatten it into text.
    """
    raised: list[BaseException] = []
    made: list[str] = []
    try:
        for function in available:
            session.con.create_function(  # type: ignore[call-overload]
                function.name,
                vectorised(function, raised),
                list(function.parameters),
                function.returns,
                type="arrow",
                # Same input, same output; but a call is dear, and DuckDB must not repeat it.
                side_effects=True,
            )
            made.append(function.name)
        yield
    except duckdb.Error as error:
        if raised:
            raise raised[0] from error
        raise
    finally:
        for name in made:
            session.con.remove_function(name)


def vectorised(function: SqlFunction, raised: list[BaseException]) -> Callable[..., pa.Array]:
    """Wrap a row function for DuckDB's Arrow calling convention."""

    # DuckDB calls from several threads at once; one at a time keeps memory bounded.
    turn = threading.Lock()

    def call(*columns: pa.ChunkedArray) -> pa.Array:
        rows = zip(*(map(plain, column) for column in columns), strict=True)
        try:
            with turn:
                return pa.array([function.call(*row) for row in rows], arrow_type(function.returns))
        except Exception as error:
            raised.append(error)
            raise

    # DuckDB counts the parameters that it sees in the signature.
    kind = inspect.Parameter.POSITIONAL_ONLY
    names = [inspect.Parameter(f"a{i}", kind) for i in range(len(function.parameters))]
    call.__signature__ = inspect.Signature(names)  # type: ignore[attr-defined]
    return call


def plain(value: pa.Scalar) -> Any:
    """A Python value; a list of numbers as an array, since it may be as long as the pool."""
    if isinstance(value, pa.ListScalar) and value.values is not None and not value.values.null_count:
        kind = value.values.type
        if pa.types.is_integer(kind) or pa.types.is_floating(kind):
            return value.values.to_numpy(zero_copy_only=False)
    return value.as_py()


def arrow_type(sql_type: str) -> pa.DataType:
    """The Arrow type of a function's result."""
    return {
        "INTEGER[]": pa.list_(pa.int32()),
        "BIGINT[]": pa.list_(pa.int64()),
        "DOUBLE[]": pa.list_(pa.float64()),
    }[sql_type]


def vectors_of(session: Session, ids: Ids, embedder: str, progress: Progress | None = None) -> Vectors:
    """The vectors of samples, float32 (n, d), in the order of `ids`, which are different ones.

    They are read batch by batch into their places, so that no second copy is ever held. Opens a cursor
    of its own, so that a SQL function may call it while its query runs. Raises StrategyError if a sample
    has no vector.
    """
    listener = progress or Silent()
    wanted = pa.table({"sample_id": np.asarray(ids, np.int64), "place": np.arange(len(ids))})
    found, count = np.empty((len(ids), 0), np.float32), 0
    cursor = Session(session.con.cursor())
    try:
        # Any order will do, and a sort of vectors would hold all of them.
        cursor.run("SET preserve_insertion_order = false")
        listener.start("read vectors", len(ids), "vectors")
        with cursor.table("wanted_ids", wanted), small_cache(cursor):
            query = (
                "SELECT w.place, e.vector FROM embeddings e JOIN wanted_ids w USING (sample_id) "
                f"WHERE e.embedder = {literal(embedder)}"
            )
            for batch in cursor.con.sql(query).to_arrow_reader(VECTOR_ROWS):
                block = batch.column(1).flatten().to_numpy(zero_copy_only=False)
                block = block.reshape(batch.num_rows, -1)
                if not count:
                    found = np.empty((len(ids), block.shape[1]), np.float32)
                found[batch.column(0).to_numpy()] = block
                count += batch.num_rows
                listener.advance(batch.num_rows)
    finally:
        listener.finish()
        cursor.con.close()
    if count != len(ids):
        raise StrategyError(f"{len(ids) - count} of {len(ids)} samples have no vector of {embedder}")
    return found


@contextmanager
def small_cache(session: Session) -> Iterator[None]:
    """Keep DuckDB from filling the memory with blocks of a table that is read once."""
    before = session.value("SELECT current_setting('memory_limit')")
    used = session.value(
        "SELECT coalesce(sum(memory_usage_bytes), 0)::BIGINT FROM duckdb_memory() WHERE tag <> 'BASE_TABLE'"
    )
    session.run(f"SET memory_limit = '{int(used) + READ_MEMORY}B'")
    try:
        yield
    finally:
        # Setting what it reads as would lose a little by rounding each time.
        session.run("RESET memory_limit")
        if session.value("SELECT current_setting('memory_limit')") != before:
            session.run(f"SET memory_limit = '{before}'")


def embedders(session: Session) -> dict[str, int]:
    """Samples that each embedder has a vector of; the one of most first, of equals the first by name."""
    return dict(
        session.rows("SELECT embedder, count(*) FROM embeddings GROUP BY 1 ORDER BY count(*) DESC, 1")
    )


def common_embedder(session: Session, ids: Ids) -> str | None:
    """The embedder that has a vector of every one of these samples; the first by name, None without any."""
    with session.table("wanted_ids", pa.table({"sample_id": np.asarray(ids, np.int64)})):
        rows = session.rows(
            "SELECT embedder FROM embeddings JOIN wanted_ids USING (sample_id) "
            "GROUP BY embedder HAVING count(*) = ? ORDER BY embedder",
            [len(ids)],
        )
    return rows[0][0] if rows else None
