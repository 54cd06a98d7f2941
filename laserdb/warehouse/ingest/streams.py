"""Byte streams: unpacking by the first bytes, counting for the progress bar, reading a pipe twice."""

from __future__ import annotations

import gzip
import io
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

import pyarrow as pa

from laserdb.errors import InputError
from laserdb.warehouse.ingest.formats import BOM

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
BLOCK = 1 << 20


class Counted(io.RawIOBase):
    """Passes bytes through and tells how many; closing it leaves the stream below open."""

    def __init__(self, stream: BinaryIO, advance: Callable[[int], None]) -> None:
        self._stream, self._advance = stream, advance

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Like the stream's own: as many bytes as asked for, without a copy in between."""
        data = self._stream.read(size)
        self._advance(len(data))
        return data

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class Replay(io.RawIOBase):
    """A pipe that can be started over, as long as only its head has been read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._head = bytearray()
        self._at = 0
        self._recording = True
        self._opened = 0

    def readable(self) -> bool:
        return True

    def restart(self) -> BinaryIO:
        """A stream from the beginning: the first time to look, the second to read all."""
        self._opened += 1
        self._recording = self._opened == 1
        self._at = 0
        return cast(BinaryIO, io.BufferedReader(cast(Any, _Unclosed(self)), BLOCK))

    def readinto(self, buffer: Any) -> int:
        size = len(buffer)
        if self._at < len(self._head):
            data = bytes(self._head[self._at : self._at + size])
        else:
            data = self._stream.read1(size) if hasattr(self._stream, "read1") else self._stream.read(size)
            if self._recording:
                self._head += data
        self._at += len(data)
        buffer[: len(data)] = data
        return len(data)


class _Unclosed(io.RawIOBase):
    """A view on a stream that may be closed without closing it."""

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        return cast(Any, self._raw).readinto(buffer)  # type: ignore[no-any-return]


@contextmanager
def unpacked(stream: BinaryIO, name: str, advance: Callable[[int], None]) -> Iterator[BinaryIO]:
    """The text of a stream that may be packed with gzip or zstd, without a byte order mark."""
    with unpack_errors(name), plain(Counted(stream, advance)) as result:
        start = result.read(len(BOM))
        yield cast(BinaryIO, Pushed(result, b"" if start == BOM else start))


class Pushed(io.RawIOBase):
    """A stream with some bytes put back before it, and the stream's own way of reading large blocks."""

    def __init__(self, stream: Any, start: bytes = b"") -> None:
        self._stream, self._start = stream, start

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        """As many bytes as asked for, unless the stream ends."""
        if not self._start:
            return cast(bytes, self._stream.read(size))
        start, self._start = (self._start, b"") if size < 0 else (self._start[:size], self._start[size:])
        rest = -1 if size < 0 else size - len(start)
        return start + self._stream.read(rest) if rest else start

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


@contextmanager
def plain(source: Counted) -> Iterator[Any]:
    """Unpack by the first bytes, whatever the name says."""
    magic = source.read(4)
    packed = Pushed(source, magic)
    if magic[:2] == GZIP:
        with gzip.GzipFile(fileobj=cast(BinaryIO, packed)) as unzipped:
            yield unzipped
    elif magic == ZSTD:
        with pa.PythonFile(packed, mode="r") as file, pa.CompressedInputStream(file, "zstd") as unzipped:
            yield unzipped
    else:
        yield packed


@contextmanager
def unpack_errors(name: str) -> Iterator[None]:
    """Turn what decompressors raise on damaged files into one line."""
    try:
        yield
    except (gzip.BadGzipFile, zlib.error, EOFError, pa.ArrowException) as error:
        raise InputError(f"can't unpack {name}: it is damaged or cut off ({error})") from error


def head(stream: BinaryIO, size: int, name: str) -> bytes:
    """The first unpacked bytes of a stream."""
    with unpacked(stream, name, lambda _: None) as text:
        return text.read(size)


@contextmanager
def seekable(stream: BinaryIO, name: str, advance: Callable[[int], None]) -> Iterator[tuple[BinaryIO, bool]]:
    """A stream to jump about in, and whether it is a temporary copy: of something packed, or a pipe."""
    if stream.seekable():
        magic = stream.read(4)
        stream.seek(0)
        if magic != ZSTD and magic[:2] != GZIP:
            yield stream, False
            return
    with tempfile.TemporaryFile(prefix="laserdb-") as copy, unpacked(stream, name, advance) as source:
        while block := source.read(BLOCK):
            copy.write(block)
        copy.seek(0)
        yield cast(BinaryIO, copy), True
