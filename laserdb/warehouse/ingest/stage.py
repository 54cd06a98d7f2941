"""One batch of rows → staged samples and rejects: SQL for the common rows, Python for the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from laserdb.warehouse.ingest.batch import Batch, Reject
from laserdb.warehouse.ingest.keys import keyed
from laserdb.warehouse.ingest.lend import lend
from laserdb.warehouse.ingest.routes import Route, find_route, parse_sql, staged_sql
from laserdb.warehouse.ingest.rows import STAGED, convert
from laserdb.warehouse.session import Session

# DuckDB reads an Arrow table in parallel by its chunks.
ROWS_PER_CHUNK = 2048
MAX_CACHED = 10_000

EMPTY = (
    "SELECT 0 AS line, '' AS data_id, '' AS system, '' AS messages, '' AS metadata, "
    "[''] AS instructions, [''] AS responses WHERE false"
)
# DuckDB's own rendering of what it can parse: lenient with trailing commas, as for the common rows.
LEFTOVER = """
    SELECT line, text, CASE WHEN json_valid(text) THEN json(text)::VARCHAR ELSE text END AS json
    FROM lines WHERE line NOT IN (SELECT line FROM keyed) ORDER BY line
"""


@dataclass(slots=True)
class Stager:
    """Brings the rows of one source into the table `keyed`; remembers the structures it has seen.

    Works on a session of its own: within the ingest's transaction, tables that were lent to DuckDB
    or dropped would stay in memory to its end.
    """

    session: Session
    source: str
    mapping: Mapping[str, str]
    known: dict[str | None, tuple[Route | None, int]] = field(default_factory=dict)

    def stage(self, batch: Batch) -> tuple[int, list[Reject]]:
        """Fill `keyed` with the samples of a batch; how many, and the rows that can't be samples."""
        self.session.run(f"CREATE OR REPLACE TEMP TABLE keyed AS {keyed(EMPTY)}")
        if not batch.lines.num_rows:
            return 0, batch.rejects
        lines, routes = self.routed(rechunk(batch.lines))
        with lend(self.session, "lines", lines):
            for number, route in enumerate(routes):
                # A table in between: a filter on what is parsed would make DuckDB parse twice.
                self.session.run(f"CREATE OR REPLACE TEMP TABLE parsed AS {parse_sql(route, number)}")
                self.session.run(f"INSERT INTO keyed {keyed(staged_sql(route, self.source))}")
            self.session.run("DROP TABLE IF EXISTS temp.parsed")
            rest = self.session.arrow(LEFTOVER) if self.count() < lines.num_rows else None
        rejects = self.one_by_one(rest) if rest else []
        return self.count(), batch.rejects + rejects

    def count(self) -> int:
        return int(self.session.value("SELECT count(*) FROM keyed"))

    def routed(self, lines: pa.Table) -> tuple[pa.Table, list[Route]]:
        """The lines with the number of their route (-1: none) and of their keys; and the routes."""
        with lend(self.session, "lines", lines):
            found = self.session.arrow("SELECT line, TRY(json_structure(text))::VARCHAR AS structure FROM lines ORDER BY line")
        structures = found["structure"].combine_chunks().dictionary_encode()
        routes: dict[Route, int] = {}
        numbers, widths = [], []
        # The last entry is for rows without a structure: what doesn't parse.
        for structure in [*structures.dictionary.to_pylist(), None]:
            route, width = self.route(structure)
            numbers.append(-1 if route is None else routes.setdefault(route, len(routes)))
            widths.append(width)
        at = structures.indices.fill_null(len(numbers) - 1).to_numpy(zero_copy_only=False)
        lines = lines.append_column("route", pa.array(np.array(numbers, dtype=np.int64)[at]))
        return lines.append_column("n_keys", pa.array(np.array(widths, dtype=np.int64)[at])), list(routes)

    def route(self, structure: str | None) -> tuple[Route | None, int]:
        """The route of a structure, looked up only once."""
        if structure not in self.known:
            if len(self.known) >= MAX_CACHED:
                self.known.clear()
            self.known[structure] = find_route(structure, self.mapping)
        return self.known[structure]

    def one_by_one(self, rows: pa.Table) -> list[Reject]:
        """What SQL left over, in Python."""
        columns = (rows[name].to_pylist() for name in ("line", "text", "json"))
        converted = convert(zip(*columns, strict=True), self.source, self.mapping)
        if converted.staged:
            table = pa.Table.from_pylist(converted.staged, schema=STAGED)
            with lend(self.session, "slow", rechunk(table)):
                self.session.run(f"INSERT INTO keyed {keyed('SELECT * FROM slow')}")
        return converted.rejects


def rechunk(table: pa.Table) -> pa.Table:
    """The same rows in chunks that several threads can share."""
    return pa.Table.from_batches(table.to_batches(max_chunksize=ROWS_PER_CHUNK), table.schema)
