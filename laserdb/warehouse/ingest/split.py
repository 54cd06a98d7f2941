"""Cutting a stream of bytes into rows: lines, or the elements of a JSON array.

Nothing here parses JSON. The rows' borders are found for a whole chunk at once with numpy and become
the offsets of an Arrow array over the same bytes, so line numbers are exact, no text is copied and
memory is bound by the chunk. (DuckDB's own JSON reader gives no physical line numbers, and stops at
the first broken byte.)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from laserdb.warehouse.ingest.batch import Batch, Reject, empty, text_batch

CHUNK = 32 << 20
# A row this long is a mistake, and DuckDB needs several times its size to parse it.
MAX_ROW = 128 << 20
PIECE = 1 << 18
NEWLINE, QUOTE, BACKSLASH, COMMA, SPACE = b'\n"\\, '
MARKS = np.zeros(256, dtype=bool)
MARKS[list(b'"\\,[]{}')] = True
STEPS = np.zeros(256, dtype=np.int64)
STEPS[list(b"[{")] = 1
STEPS[list(b"]}")] = -1

Indexes = npt.NDArray[np.int64]
Octets = npt.NDArray[np.uint8]


def lines(stream: BinaryIO, chunk: int = CHUNK) -> Iterator[Batch]:
    """The lines of a stream, numbered from 1; one that is far too long becomes a reject."""
    line = 1
    pending = b""
    # Reading as much again as is pending keeps long lines from being copied over and over.
    while block := stream.read(max(chunk, len(pending))):
        data = pending + block
        del block
        borders = line_borders(data)
        if len(borders) > 1:
            yield text_batch(data, borders, line)
            line += len(borders) - 1
        pending = data[borders[-1] :]
        if len(pending) > MAX_ROW:
            yield Batch(empty(), [too_long(line, pending)])
            pending = rest_after_line(stream)
            line += 1
    if pending:
        yield text_batch(pending, np.array([0, len(pending)]), line)


def line_borders(data: bytes) -> Indexes:
    """Where whole lines begin and end."""
    octets = np.frombuffer(data, dtype=np.uint8)
    # Piece by piece, so that what is compared stays in the processor's cache.
    ends = [
        np.flatnonzero(octets[at : at + PIECE] == NEWLINE) + (at + 1) for at in range(0, len(octets), PIECE)
    ]
    return np.concatenate([np.zeros(1, dtype=np.int64), *ends])


def rest_after_line(stream: BinaryIO) -> bytes:
    """Read on to the end of an endless line; what follows it in the last block."""
    while block := stream.read(CHUNK):
        border = block.find(b"\n") + 1
        if border:
            return block[border:]
    return b""


def too_long(line: int, data: bytes) -> Reject:
    return Reject.of(line, f"longer than {MAX_ROW >> 20} MB", data[:1000])


def elements(stream: BinaryIO, *, array: bool, chunk: int = CHUNK) -> Iterator[Batch]:
    """The elements of a JSON array, or JSON objects one after the other, numbered from 1.

    What is left after the last whole element (a file cut off) is an element too: a broken one.
    """
    row = 1
    pending = b""
    inside = 0
    while block := stream.read(max(chunk, len(pending))):
        # A copy that may be written to: separators become blanks.
        data = np.frombuffer(pending + block, dtype=np.uint8).copy()
        if array and not inside:
            inside = 1
            data[np.flatnonzero(data == ord("["))[:1]] = SPACE
        borders, ended = element_borders(data, inside)
        pending = data[borders[-1] :].tobytes()
        if len(borders) > 1:
            yield text_batch(data[: borders[-1]].data, borders, row)
            row += len(borders) - 1
        if ended or len(pending) > MAX_ROW:
            yield remainder(stream, pending, row, ended=ended)
            return
    if pending.strip():
        yield text_batch(pending, np.array([0, len(pending)]), row)


def remainder(stream: BinaryIO, pending: bytes, row: int, *, ended: bool) -> Batch:
    """What follows an array's end, if anything does; or an element that never ends."""
    if not ended:
        while stream.read(CHUNK):
            pass
        return Batch(empty(), [too_long(row, pending)])
    while not pending.strip():
        pending = stream.read(CHUNK)
        if not pending:
            return Batch(empty())
    while stream.read(CHUNK):
        pass
    return Batch(empty(), [Reject.of(row, "text after the end of the array", pending)])


def element_borders(data: Octets, inside: int) -> tuple[Indexes, bool]:
    """Where elements begin and end, and whether the array ended; separators are blanked in `data`.

    `inside` is 1 in an array (elements end at a comma or the bracket), 0 among bare objects (they
    end where their own brace closes).
    """
    at = np.flatnonzero(MARKS[data])
    kinds = data[at]
    steps, outside = structure(at, kinds)
    depth = inside + np.cumsum(steps)
    if not inside:
        ends = at[(steps < 0) & (depth == 0)] + 1
        return np.concatenate(([0], ends)), False
    closing = np.flatnonzero((steps < 0) & (depth == 0))[:1]
    ended = len(closing) > 0
    separators = at[outside & (kinds == COMMA) & (depth == 1)]
    if ended:
        end = at[closing]
        separators = np.concatenate((separators[separators < end], end))
    data[separators] = SPACE
    return np.concatenate(([0], separators + 1)), ended


def structure(at: Indexes, kinds: Octets) -> tuple[Indexes, npt.NDArray[np.bool_]]:
    """For each mark: how it changes the depth, and whether it stands outside of strings."""
    backslash = kinds == BACKSLASH
    adjacent = np.zeros(len(at), dtype=bool)
    adjacent[1:] = backslash[:-1] & (np.diff(at) == 1)
    # A quote is escaped after an odd run of backslashes.
    starts = np.where(backslash & ~adjacent, np.arange(len(at)), 0)
    run = np.arange(len(at)) - np.maximum.accumulate(starts)
    escaped = adjacent & (run % 2 == 1)
    quote = (kinds == QUOTE) & ~escaped
    outside = (np.cumsum(quote) % 2 == 0) & ~quote
    return np.where(outside, STEPS[kinds], 0), outside
