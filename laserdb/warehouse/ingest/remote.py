"""Files on hubs and object stores, read through fsspec, which is imported on use.

Bytes are streamed: nothing is kept on disk, and memory stays flat.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from laserdb.errors import InputError, MissingExtra

URL = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]+://")
# What speaks a protocol, where fsspec itself doesn't.
PACKAGES = {
    "hf": "huggingface_hub", "s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs",
    "http": "aiohttp", "https": "aiohttp",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file behind a URL."""

    url: str
    size: int | None
    opener: Callable[[], BinaryIO]


def is_url(name: str) -> bool:
    """Whether a name has a protocol (a Windows drive has one letter, and is none)."""
    return bool(URL.match(name))


def find(url: str) -> list[RemoteFile]:
    """The files that a URL stands for; a glob's are sorted. Raises InputError or MissingExtra."""
    system, path = connect(url)
    protocol = url.split("://", 1)[0]
    try:
        if any(sign in path for sign in "*[") and not protocol.startswith("http"):
            paths = sorted(system.glob(path))
            if not paths:
                raise InputError(f"no file matches {url}")
            return [describe(system, f"{protocol}://{strip(match)}", match) for match in paths]
        return [describe(system, url, path)]
    except InputError:
        raise
    except FileNotFoundError as error:
        raise InputError(f"no such file: {url}") from error
    except Exception as error:
        # Every file system brings its own exceptions: no access, no network, no such bucket.
        raise InputError(f"can't reach {url}: {summary(error)}") from error


def connect(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the path in it."""
    protocol = url.split("://", 1)[0]
    try:
        import fsspec
    except ImportError:
        raise MissingExtra("fsspec", "remote") from None
    try:
        system, path = fsspec.core.url_to_fs(url)
    except ImportError:
        raise MissingExtra(
            PACKAGES.get(protocol, f"the fsspec file system for {protocol}://"), "remote"
        ) from None
    except ValueError as error:
        raise InputError(f"can't read {url}: {summary(error)}") from error
    return system, path


def describe(system: Any, url: str, path: str) -> RemoteFile:
    info = system.info(path)
    if info.get("type") == "directory":
        raise InputError(f"{url} is a directory; name its files, for example '{url.rstrip('/')}/*.parquet'")
    size = info.get("size")
    return RemoteFile(url, None if size is None else int(size), lambda: opened(system, url, path))


class Guarded(io.RawIOBase):
    """A remote file whose errors are InputErrors; every file system has its own otherwise."""

    def __init__(self, file: Any, url: str) -> None:
        self._file, self._url = file, url

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return bool(self._file.seekable())

    def readinto(self, buffer: Any) -> int:
        with guard(self._url):
            data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        with guard(self._url):
            return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        return int(self._file.tell())

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


@contextmanager
def guard(url: str) -> Iterator[None]:
    """Turn any failure of a remote file system into one in one line."""
    try:
        yield
    except Exception as error:
        raise InputError(f"can't read {url}: {summary(error)}") from error


def opened(system: Any, url: str, path: str) -> BinaryIO:
    with guard(url):
        return cast(BinaryIO, Guarded(system.open(path, "rb"), url))


def strip(path: str) -> str:
    """A path as it follows the protocol in a URL."""
    return URL.sub("", path).lstrip("/")


def summary(error: BaseException) -> str:
    """The first line of an error, or its name."""
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
