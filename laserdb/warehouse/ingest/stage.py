"""One batch of rows → staged samples and rejects: SQL for the common rows, Python for the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from laserdb.warehouse.ingest.batch import Batch, Reject, without
from laserdb.warehouse.ingest.keys import keyed
from laserdb.warehouse.ingest.routes import Route, find_route, staged_sql
from laserdb.warehouse.ingest.rows import STAGED, convert
from laserdb.warehouse.session import Session

# DuckDB reads an Arrow table in parallel by its chunks.
ROWS_PER_CHUNK = 2048
MAX_CACHED = 10_000

# DuckDB 1 crashes on JSON that is nested thousands of levels deep: rows with very many brackets are left
# to Python there. (DuckDB 2 gives no structure for what is deeper than 128 levels.)
SHALLOW = (
    "true"
    if int(duckdb.__version__.split(".")[0]) >= 2
    else ("strlen(text) - strlen(replace(replace(text, '[', ''), '{', '')) < 2000")
)
STRUCTURES = f"""
    SELECT line, CASE WHEN {SHALLOW} THEN TRY(json_structure(text)) END::VARCHAR AS structure
    FROM lines ORDER BY line
"""
# DuckDB's own rendering of what it can parse: lenient with trailing commas, as for the common rows.
LEFTOVER = """
    SELECT line, text, CASE WHEN json_valid(text) THEN json(text)::VARCHAR ELSE text END AS json
    FROM lines ORDER BY line
"""


@dataclass(slots=True)
class Stager:
    """Brings the rows of one source into the form of `keys.keyed`; remembers the structures it has seen.

    Works on a session of its own: within the ingest's transaction, tables that were lent to DuckDB
    or dropped would stay in memory to its end.
    """

    session: Session
    source: str
    mapping: Mapping[str, str]
    known: dict[str | None, Route | None] = field(default_factory=dict)

    def stage(self, batch: Batch) -> tuple[pa.Table | None, list[Reject]]:
        """The samples of a batch with their keys, and the rows that can't be samples."""
        found = [self.read(route, lines) for route, lines in self.routed(batch.lines) if route]
        taken = sum(table.num_rows for table in found)
        rejects = list(batch.rejects)
        if taken < batch.lines.num_rows:
            rest = batch.lines if not found else without(batch.lines, pa.concat_tables(found)["line"])
            slow, refused = self.one_by_one(rest)
            found += slow
            rejects += refused
        return (pa.concat_tables(found) if found else None), rejects

    def routed(self, lines: pa.Table) -> list[tuple[Route | None, pa.Table]]:
        """The lines by their route."""
        if not lines.num_rows:
            return []
        with self.session.table("lines", rechunk(lines)):
            found = self.session.arrow(STRUCTURES)
        structures = found["structure"].combine_chunks().dictionary_encode()
        routes: dict[Route | None, int] = {None: 0}
        # The last entry is for rows without a structure: what doesn't parse.
        numbers = np.array(
            [
                routes.setdefault(self.route(known), len(routes))
                for known in [*structures.dictionary.to_pylist(), None]
            ]
        )
        of_rows = numbers[structures.indices.fill_null(len(numbers) - 1).to_numpy(zero_copy_only=False)]
        if len(set(of_rows.tolist())) == 1:
            return [(list(routes)[int(of_rows[0])], lines)]
        return [(route, lines.filter(pa.array(of_rows == number))) for route, number in routes.items()]

    def route(self, structure: str | None) -> Route | None:
        """The route of a structure, looked up only once."""
        if structure not in self.known:
            if len(self.known) >= MAX_CACHED:
                self.known.clear()
            self.known[structure] = find_route(structure, self.mapping)
        return self.known[structure]

    def read(self, route: Route, lines: pa.Table) -> pa.Table:
        """The rows of a route that are what their structure promised."""
        with self.session.table("lines", rechunk(lines)):
            found = self.session.arrow(keyed(staged_sql(route, self.source)))
        fits = found["fits"]
        return found if pc.all(fits).as_py() else found.filter(fits)

    def one_by_one(self, lines: pa.Table) -> tuple[list[pa.Table], list[Reject]]:
        """What SQL left over, in Python."""
        with self.session.table("lines", lines):
            rows = self.session.arrow(LEFTOVER)
        columns = (rows[name].to_pylist() for name in ("line", "text", "json"))
        converted = convert(zip(*columns, strict=True), self.source, self.mapping)
        if not converted.staged:
            return [], converted.rejects
        with self.session.table("slow", rechunk(pa.Table.from_pylist(converted.staged, schema=STAGED))):
            return [self.session.arrow(keyed("SELECT *, true AS fits FROM slow"))], converted.rejects


def rechunk(table: pa.Table) -> pa.Table:
    """The same rows in chunks that several threads can share."""
    return pa.Table.from_batches(table.to_batches(max_chunksize=ROWS_PER_CHUNK), table.schema)
