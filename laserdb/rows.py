"""Reading training data: JSON lines, in one file or in parts cut anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from laserdb.errors import InputError


def read_rows(paths: Sequence[Path], required: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """The objects of JSON lines files read one after the other: see `placed_rows`."""
    return (row for _, row in placed_rows(paths, required))


def placed_rows(paths: Sequence[Path], required: Sequence[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The objects of JSON lines files read one after the other, each with its place, `file:line`.

    A line may be split across two parts. A last line without a newline that is whole in itself is not
    joined with the next file. Blank lines are skipped. Raises InputError, naming file and line, for a
    line that is no object with the `required` keys, and for a file that can't be read.
    """
    rest, where = b"", ""
    for path in paths:
        try:
            with path.open("rb") as file:
                for number, line in enumerate(file, start=1):
                    if rest and _is_whole(rest):
                        yield where, _parsed(rest, where, required)
                        rest = b""
                    where = where if rest else f"{path}:{number}"
                    rest += line
                    if line.endswith(b"\n"):
                        if rest.strip():
                            yield where, _parsed(rest, where, required)
                        rest = b""
        except OSError as error:
            raise InputError(f"{path}: {error.strerror}") from error
    if rest.strip():
        yield where, _parsed(rest, where, required)


def _is_whole(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _parsed(line: bytes, where: str, required: Sequence[str]) -> Mapping[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise InputError(f"{where}: not JSON: {error}") from error
    missing = [key for key in required if key not in row] if isinstance(row, dict) else list(required)
    if missing:
        raise InputError(f"{where}: lacks {', '.join(missing)}")
    found: Mapping[str, Any] = row
    return found
