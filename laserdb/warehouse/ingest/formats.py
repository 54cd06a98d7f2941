"""Which format an input has: by its first bytes where they are unmistakable, else by its suffix."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import PurePosixPath

from laserdb.errors import InputError

BOM = b"\xef\xbb\xbf"
COMPRESSED = frozenset({".gz", ".gzip", ".zst", ".zstd"})


class Format(StrEnum):
    """How the rows of an input are written."""

    LINES = "JSON lines"
    ARRAY = "a JSON array"
    OBJECTS = "JSON objects"
    CSV = "CSV"
    PARQUET = "Parquet"
    ARROW = "Arrow"


SUFFIXES = {
    ".jsonl": Format.LINES,
    ".ndjson": Format.LINES,
    ".jl": Format.LINES,
    ".json": Format.OBJECTS,
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".parquet": Format.PARQUET,
    ".pq": Format.PARQUET,
    ".arrow": Format.ARROW,
    ".feather": Format.ARROW,
    ".ipc": Format.ARROW,
}
# An Arrow stream starts with a marker and the length of its schema message.
ARROW_STREAM = b"\xff\xff\xff\xff"
UNREADABLE = {
    b"\xff\xfe": "is UTF-16 text; convert it to UTF-8",
    b"\xfe\xff": "is UTF-16 text; convert it to UTF-8",
    b"PK\x03\x04": "is a zip archive; unpack it",
    b"BZh": "is compressed with bzip2; unpack it, or use gzip or zstd",
    b"\xfd7zXZ": "is compressed with xz; unpack it, or use gzip or zstd",
    b"FEA1": "is Feather version 1; write it again as version 2 or Parquet",
}


def sniff(head: bytes, name: str) -> Format:
    """The format of an input that starts with these (unpacked) bytes. Raises InputError if unknown."""
    if head.startswith(b"PAR1"):
        return Format.PARQUET
    if head.startswith((b"ARROW1", ARROW_STREAM)):
        return Format.ARROW
    for magic, problem in UNREADABLE.items():
        if head.startswith(magic):
            raise InputError(f"{name} {problem}")
    known = by_suffix(name)
    if known in (Format.PARQUET, Format.ARROW):
        raise InputError(f"{name} is not {known}, though its name says so")
    if known is Format.CSV:
        return known
    return json_layout(head, known, name)


def by_suffix(name: str) -> Format | None:
    """The format that a name promises, if any."""
    path = PurePosixPath(name.split("?")[0])
    if path.suffix.lower() in COMPRESSED:
        path = path.with_suffix("")
    return SUFFIXES.get(path.suffix.lower())


def json_layout(head: bytes, known: Format | None, name: str) -> Format:
    """Lines, an array, or objects that span lines: `.json` files may be any of them."""
    text = head.removeprefix(BOM).lstrip()
    first, _, rest = text.partition(b"\n")
    if text.startswith(b"["):
        # JSON lines may hold a list by mistake; a line of its own that parses is a line.
        alone = known is Format.LINES and rest.strip() and is_json(first)
        return Format.LINES if alone else Format.ARRAY
    if text.startswith(b"{"):
        spread = known is not Format.LINES and rest.strip() and not is_json(first)
        return Format.OBJECTS if spread and opens_only(first) else Format.LINES
    if known is not None:
        return Format.LINES
    raise InputError(f"can't tell what {name} is; rename it to .jsonl, .json, .csv, .tsv, .parquet or .arrow")


def opens_only(first: bytes) -> bool:
    """Whether a line is the beginning of an object that goes on below, as pretty printers write it."""
    return first.rstrip().endswith((b"{", b"[", b",", b":"))


def is_json(text: bytes) -> bool:
    """Whether some text is one JSON value."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
