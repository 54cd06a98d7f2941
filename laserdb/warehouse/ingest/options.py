"""What a caller may ask of ingest, and what it gets back."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from laserdb.errors import UsageError

MAPPING_KEYS = ("instruction", "input", "output", "system", "messages", "data_id")


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """Options of one ingest.

    `source` names the rows' source (default: each file's stem). `mapping` says which columns hold
    what, for rows whose shape isn't known: `{"instruction": "question", "output": "answer"}`.
    Raises UsageError for a mapping that can't work.
    """

    source: str | None = None
    mapping: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        if self.source is not None and not self.source.strip():
            raise UsageError("the source's name is blank")
        check_mapping(self.mapping or {})


def check_mapping(mapping: Mapping[str, str]) -> None:
    """Refuse a mapping with unknown keys, empty columns, or two shapes at once."""
    for key, column in mapping.items():
        if key not in MAPPING_KEYS:
            close = difflib.get_close_matches(key, MAPPING_KEYS, n=1)
            hint = f" (did you mean {close[0]}?)" if close else ""
            raise UsageError(f"can't map {key!r}{hint}; the keys are {', '.join(MAPPING_KEYS)}")
        if not column:
            raise UsageError(f"the column for {key} is missing; write {key}=COLUMN")
    if "messages" in mapping and not {"instruction", "input", "output"}.isdisjoint(mapping):
        raise UsageError("map either messages, or instruction, input and output")
    if not {"input", "output"}.isdisjoint(mapping) and "instruction" not in mapping:
        raise UsageError("a mapping of input or output needs one of instruction too")


@dataclass(frozen=True, slots=True)
class FileSummary:
    """What became of the rows of one file; read = samples + duplicates + rejects."""

    file: str
    source: str
    read: int
    samples: int
    turns: int
    duplicates: int
    rejects: int


@dataclass(frozen=True, slots=True)
class IngestSummary:
    """What became of the rows of all files; read = samples + duplicates + rejects."""

    files: tuple[FileSummary, ...]

    def _sum(self, field: str) -> int:
        return sum(getattr(file, field) for file in self.files)

    @property
    def read(self) -> int:
        """Rows found; blank lines are none."""
        return self._sum("read")

    @property
    def samples(self) -> int:
        """Conversations added."""
        return self._sum("samples")

    @property
    def turns(self) -> int:
        """Turns added."""
        return self._sum("turns")

    @property
    def duplicates(self) -> int:
        """Rows whose conversation was there already, in these files or the warehouse."""
        return self._sum("duplicates")

    @property
    def rejects(self) -> int:
        """Rows that couldn't be used, also where an earlier ingest has recorded them."""
        return self._sum("rejects")

    def as_dict(self) -> dict[str, int]:
        """The counts, as `laserdb ingest --json` prints them."""
        return {name: self._sum(name) for name in ("read", "samples", "turns", "duplicates", "rejects")}
