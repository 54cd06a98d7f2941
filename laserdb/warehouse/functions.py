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
from laserdb.warehouse.session import Session


@dataclass(frozen=True, slots=True)
class SqlFunction:
    """A Python function for SQL: called once per row with plain Python values."""

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
        rows = zip(*(column.to_pylist() for column in columns), strict=True)
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


def arrow_type(sql_type: str) -> pa.DataType:
    """The Arrow type of a function's result."""
    return {
        "INTEGER[]": pa.list_(pa.int32()),
        "BIGINT[]": pa.list_(pa.int64()),
        "DOUBLE[]": pa.list_(pa.float64()),
    }[sql_type]


def vectors_of(session: Session, ids: Sequence[int], embedder: str) -> NDArray[np.float32]:
    """The vectors of samples, float32 (n, d), in the order of the ascending `ids`.

    Opens a cursor of its own, so that a SQL function may call it while its query runs. Raises
    StrategyError if a sample has no vector.
    """
    cursor = Session(session.con.cursor())
    try:
        with cursor.table("wanted_ids", pa.table({"sample_id": pa.array(ids, pa.int64())})):
            found = cursor.arrow(
                "SELECT e.vector FROM wanted_ids w JOIN embeddings e USING (sample_id) "
                "WHERE e.embedder = ? ORDER BY w.sample_id",
                [embedder],
            )
    finally:
        cursor.con.close()
    if found.num_rows != len(ids):
        raise StrategyError(f"{len(ids) - found.num_rows} of {len(ids)} samples have no vector of {embedder}")
    flat = found.column("vector").combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return np.ascontiguousarray(flat.reshape(len(ids), -1), dtype=np.float32)
