"""The unit of work of an ingest: some rows of one file, as JSON text with their line numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

LINES = pa.schema([("line", pa.int64()), ("text", pa.large_string())])
# Rejects keep their text for repair, but a database isn't the place for megabytes of rubbish.
MAX_RAW = 1_000_000


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that can't be used: where it stands, why, and its text."""

    line: int
    reason: str
    raw: str | None

    @staticmethod
    def of(line: int, reason: str, raw: str | bytes | None) -> Reject:
        """A reject whose text fits the database: valid, without line end, not endless."""
        if isinstance(raw, bytes):
            raw = raw.decode("utf-8", "replace")
        if raw is not None:
            raw = raw.strip("\r\n")
            raw = raw if len(raw) <= MAX_RAW else raw[:MAX_RAW] + "…"
        return Reject(line, reason, raw)


@dataclass(slots=True)
class Batch:
    """Rows to look at (schema LINES), and those that the reader couldn't even read."""

    lines: pa.Table
    rejects: list[Reject] = field(default_factory=list)


def empty() -> pa.Table:
    """No rows."""
    return LINES.empty_table()


def text_batch(data: bytes | memoryview, borders: npt.NDArray[np.int64], first: int) -> Batch:
    """The rows between consecutive borders of the data, numbered from `first`; blank ones left out.

    Rows that aren't UTF-8 become rejects.
    """
    count = len(borders) - 1
    numbers = np.arange(first, first + count, dtype=np.int64)
    buffers = [None, pa.py_buffer(borders.astype(np.int64)), pa.py_buffer(data)]
    raw = pa.Array.from_buffers(pa.large_binary(), count, buffers)
    keep = ~blank(data, borders)
    rejects: list[Reject] = []
    try:
        text = pa.Array.from_buffers(pa.large_string(), count, buffers)
        text.validate(full=True)
    except pa.ArrowInvalid:
        good = np.fromiter((is_utf8(value.as_buffer()) for value in raw), dtype=bool, count=count)
        rejects = [
            Reject.of(int(numbers[at]), "invalid UTF-8", raw[at].as_py())
            for at in np.flatnonzero(keep & ~good)
        ]
        keep &= good
    table = pa.table([pa.array(numbers), text], schema=LINES)
    return Batch(table if keep.all() else table.filter(pa.array(keep)), rejects)


def blank(data: bytes | memoryview, borders: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which rows are empty but for the line end (rows of blanks are found when they don't parse)."""
    lengths = np.diff(borders)
    result: npt.NDArray[np.bool_] = lengths == 0
    octets = np.frombuffer(data, dtype=np.uint8)
    for at in np.flatnonzero((lengths > 0) & (lengths <= 2)):
        start = int(borders[at])
        result[at] = not octets[start : start + int(lengths[at])].tobytes().strip()
    return result


def is_utf8(buffer: pa.Buffer | None) -> bool:
    """Whether some bytes are valid UTF-8."""
    try:
        str(memoryview(buffer or b""), "utf-8")
    except UnicodeDecodeError:
        return False
    return True


def without(table: pa.Table, lines: pa.ChunkedArray) -> pa.Table:
    """The rows of a table whose line is none of these."""
    return table.filter(pc.invert(pc.is_in(table["line"], value_set=lines)))
