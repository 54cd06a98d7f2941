"""From what the user typed to inputs that can be read: files, globs, URLs and standard input."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO, cast

from laserdb.errors import InputError, UsageError
from laserdb.warehouse.ingest import remote, streams
from laserdb.warehouse.ingest.formats import COMPRESSED, SUFFIXES, Format, sniff

STDIN = "-"
HEAD = 1 << 16


@dataclass(frozen=True, slots=True)
class Input:
    """One input: the name that the user knows it by, and how to open its bytes."""

    name: str
    size: int | None
    opener: Callable[[], BinaryIO]

    @property
    def stem(self) -> str:
        """The default source: the file's name without the suffixes that we know."""
        if self.name == STDIN:
            return "stdin"
        path = PurePosixPath(self.name.split("?")[0].replace(os.sep, "/"))
        if path.suffix.lower() in COMPRESSED:
            path = path.with_suffix("")
        stem = path.stem if path.suffix.lower() in SUFFIXES else path.name
        return stem or self.name

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """The input's bytes as they are stored; problems become one clear line."""
        try:
            with self.opener() as stream:
                yield stream
        except (OSError, EOFError) as error:
            raise InputError(f"can't read {self.name}: {reason(error)}") from error


@dataclass(frozen=True, slots=True)
class Checked:
    """An input that can be opened, with its format; None for an empty one."""

    input: Input
    format: Format | None
    head: bytes


def reason(error: BaseException) -> str:
    """What the system says, without the path that our message names already."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text).splitlines()[0]


def find(names: Sequence[str]) -> list[Input]:
    """All inputs that the names stand for, in the order given; a glob's files are sorted.

    Raises InputError for a missing file or a glob that matches nothing.
    """
    if not names:
        raise UsageError("name at least one file to ingest")
    if list(names).count(STDIN) > 1:
        raise UsageError("standard input can be read only once")
    return [found for name in names for found in find_one(name)]


def find_one(name: str) -> list[Input]:
    if name == STDIN:
        return [standard_input()]
    if remote.is_url(name):
        return [Input(found.url, found.size, found.opener) for found in remote.find(name)]
    if os.path.exists(name) or not glob.has_magic(name):
        return [local(name)]
    paths = sorted(path for path in glob.glob(name, recursive=True) if os.path.isfile(path))
    if not paths:
        raise InputError(f"no file matches {name}")
    return [local(path) for path in paths]


def local(path: str) -> Input:
    if os.path.isdir(path):
        raise InputError(
            f"{path} is a directory; name its files, for example '{os.path.join(path, '*.jsonl')}'"
        )
    if not os.path.exists(path):
        raise InputError(f"no such file: {path}")
    return Input(path, os.path.getsize(path), lambda: cast(BinaryIO, open(path, "rb")))


def standard_input() -> Input:
    """Standard input; opened twice (to look, then to read), it starts over with what was looked at."""
    replay = streams.Replay(sys.stdin.buffer)
    return Input(STDIN, None, lambda: replay.restart())


def check(found: Input) -> Checked:
    """Look at an input's first bytes and find its format. Raises InputError if it can't be read."""
    with found.open() as stream:
        head = streams.head(stream, HEAD, found.name)
    return Checked(found, sniff(head, found.name) if head.strip() else None, head)
