"""Helpers for the ingest tests: write a file, ingest it, read back what is in the tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from laserdb.warehouse import Warehouse
from laserdb.warehouse.ingest import IngestOptions, IngestSummary, ingest


@dataclass
class Pool:
    """A warehouse with a folder to write input files to."""

    warehouse: Warehouse
    folder: Path

    def write(self, name: str, *rows: Any) -> str:
        """Write rows as JSON lines; bytes and str are written as they are, a line each."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [
            row if isinstance(row, bytes) else (row if isinstance(row, str) else json.dumps(row)).encode()
            for row in rows
        ]
        path.write_bytes(b"".join(line + b"\n" for line in lines))
        return str(path)

    def ingest(
        self, *files: str, source: str | None = None, mapping: Mapping[str, str] | None = None
    ) -> IngestSummary:
        return ingest(self.warehouse, files, IngestOptions(source, mapping))

    def rows(self, sql: str, params: Any = None) -> list[tuple[Any, ...]]:
        with self.warehouse.read() as session:
            return session.rows(sql, params)

    def turns(self) -> list[tuple[Any, ...]]:
        return self.rows("SELECT instruction, response FROM turns ORDER BY turn_id")

    def systems(self) -> list[str | None]:
        return [system for (system,) in self.rows("SELECT system FROM samples ORDER BY sample_id")]

    def metadata(self) -> list[dict[str, Any]]:
        return [json.loads(text) for (text,) in self.rows("SELECT metadata FROM samples ORDER BY sample_id")]

    def messages(self) -> list[Any]:
        found = self.rows("SELECT messages FROM samples ORDER BY sample_id")
        return [None if text is None else json.loads(text) for (text,) in found]

    def ids(self) -> list[str]:
        return [data_id for (data_id,) in self.rows("SELECT data_id FROM samples ORDER BY sample_id")]

    def rejects(self) -> list[tuple[Any, ...]]:
        return self.rows("SELECT line, reason FROM rejects ORDER BY file, line")


@pytest.fixture
def pool(warehouse: Warehouse, tmp_path: Path) -> Pool:
    folder = tmp_path / "files"
    folder.mkdir()
    return Pool(warehouse, folder)


@pytest.fixture
def one(pool: Pool) -> Callable[..., Pool]:
    """Ingest some rows from one JSONL file."""

    def run(*rows: Any, **options: Any) -> Pool:
        pool.ingest(pool.write("rows.jsonl", *rows), **options)
        return pool

    return run


def message(role: str, content: Any, **extras: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **extras}
