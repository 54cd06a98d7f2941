"""The ingest itself: read, stage, leave out duplicates, insert; all files in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from laserdb.errors import DatabaseError
from laserdb.progress import Progress, Silent
from laserdb.sqltext import identifier, literal
from laserdb.warehouse.connection import MEMORY, Warehouse
from laserdb.warehouse.ingest import files, readers
from laserdb.warehouse.ingest.ahead import ahead
from laserdb.warehouse.ingest.batch import Reject
from laserdb.warehouse.ingest.files import Checked
from laserdb.warehouse.ingest.options import FileSummary, IngestOptions, IngestSummary
from laserdb.warehouse.ingest.stage import Stager, rechunk
from laserdb.warehouse.session import Session, first_line

# Enough for the largest batch; a database in memory isn't limited, as it has nowhere else to be.
MEMORY_LIMIT = "1GB"

# Content keys of the warehouse, and of what this ingest has added.
SEEN = "CREATE OR REPLACE TEMP TABLE seen AS SELECT content_key AS key FROM samples"

# The first of equal conversations that the warehouse doesn't have, with its place in the ids.
FRESH = """
    SELECT line, key, $samples + row_number() OVER (ORDER BY line) AS sample_id,
        ($turns + sum(n_turns) OVER (ORDER BY line) - n_turns)::BIGINT AS turns_before,
        n_turns::INTEGER AS n_turns
    FROM (
        SELECT min(line) AS line, content_key::UUID AS key, arg_min(len(instructions), line) AS n_turns
        FROM keyed GROUP BY content_key
    )
    WHERE key NOT IN (SELECT key FROM seen)
    ORDER BY line
"""

# Both over the staged rows with their ids, in the order of the tables' columns.
SAMPLES = "sample_id, $source, data_id, n_turns, system, metadata, messages, content_key, prompt_key"
TURNS = """
    turns_before + unnest(range(1, n_turns + 1)) AS turn_id, sample_id, unnest(range(n_turns)) AS turn_index,
    unnest(instructions) AS instruction, unnest(responses) AS response,
    unnest(instruction_keys) AS instruction_key, unnest(turn_keys) AS turn_key
"""

# Rejects that are on record: the same row of the same file is told only once.
TOLD = "CREATE OR REPLACE TEMP TABLE told AS SELECT file, line, md5(raw) AS raw_key FROM rejects"

REJECTS = """
    SELECT $source AS source, $file AS file, line, reason, raw FROM found
    WHERE NOT EXISTS (
        SELECT 1 FROM told
        WHERE told.file = $file AND told.line = found.line
            AND told.raw_key IS NOT DISTINCT FROM md5(found.raw)
    )
    ORDER BY line
"""

LAST_IDS = """
    SELECT (SELECT coalesce(max(sample_id), 0) FROM samples), (SELECT coalesce(max(turn_id), 0) FROM turns)
"""

INSERT_INGEST = """
    INSERT INTO ingests
    SELECT coalesce(max(ingest_id), 0) + 1, $source, $file, $read, $samples, $turns, $duplicates, $rejects,
        $now
    FROM ingests
"""


def ingest(
    warehouse: Warehouse, names: Sequence[str], options: IngestOptions, progress: Progress | None = None
) -> IngestSummary:
    """Add the conversations of some files, globs, URLs or `-` to the warehouse; all or nothing.

    Every input is opened before anything is written. Rows that can't be used are recorded in
    `rejects`. Raises InputError where a file can't be read, UsageError or MissingExtra.
    """
    inputs = [files.check(found) for found in files.find(names)]
    bar = progress or Silent()
    sizes = [checked.input.size for checked in inputs]
    bar.start("ingest", None if None in sizes else sum(size or 0 for size in sizes), "bytes")
    try:
        with warehouse.write() as target, limited(target, warehouse), Load.into(target) as load:
            return load.files(inputs, options, bar)
    except RuntimeError as error:
        # How DuckDB passes on a Ctrl-C that comes while it works.
        if str(error) == "Query interrupted":
            raise KeyboardInterrupt from error
        raise
    except duckdb.Error as error:
        raise DatabaseError(f"can't ingest, nothing was changed: {first_line(error)}") from error
    finally:
        bar.finish()


@contextmanager
def limited(session: Session, warehouse: Warehouse) -> Iterator[None]:
    """Keep DuckDB's memory small for the time of the ingest."""
    if warehouse.path == MEMORY:
        yield
        return
    before = session.value("SELECT current_setting('memory_limit')")
    session.run(f"SET memory_limit = '{MEMORY_LIMIT}'")
    try:
        yield
    finally:
        session.run(f"SET memory_limit = '{before}'")


@dataclass(slots=True)
class Counts:
    """What a file's batches have come to so far."""

    read: int = 0
    samples: int = 0
    turns: int = 0
    rejects: int = 0


@dataclass(frozen=True, slots=True)
class Staged:
    """One batch of the input with this number, ready to be added."""

    number: int
    samples: pa.Table | None
    rejects: list[Reject]


def staged(
    session: Session, inputs: Sequence[Checked], options: IngestOptions, bar: Progress
) -> Iterator[Staged]:
    """All batches of all inputs, in order."""
    for number, checked in enumerate(inputs):
        stager = Stager(session, source_of(checked, options), options.mapping or {})
        for batch in readers.batches(session, checked, bar.advance):
            yield Staged(number, *stager.stage(batch))


def source_of(checked: Checked, options: IngestOptions) -> str:
    """The source of an input's rows."""
    return options.source or checked.input.stem


@dataclass(slots=True)
class Load:
    """The writing transaction, and beside it two sessions: one prepares batches, one finds duplicates.

    What the transaction looks at stays in memory until it ends. It is therefore given finished rows
    only, and knows neither views nor temporary tables; the other sessions commit as they go.
    """

    target: Session
    work: Session
    ahead: Session
    last_sample: int
    last_turn: int

    @staticmethod
    @contextmanager
    def into(target: Session) -> Iterator[Load]:
        """Begin the transaction, and commit it at the end of the block."""
        with closing(target.con.cursor()) as first, closing(target.con.cursor()) as second:
            work = Session(first)
            with target.transaction(), closing_tables(work, ("seen", "told")):
                work.run(SEEN)
                work.run(TOLD)
                yield Load(target, work, Session(second), *target.row(LAST_IDS))

    def files(self, inputs: Sequence[Checked], options: IngestOptions, bar: Progress) -> IngestSummary:
        """Add all rows of all inputs; the next batch is read and parsed while one is written."""
        counts = [Counts() for _ in inputs]
        with closing(ahead(lambda: staged(self.ahead, inputs, options, bar))) as batches:
            for batch in batches:
                checked, count = inputs[batch.number], counts[batch.number]
                source = source_of(checked, options)
                if batch.samples:
                    samples, turns = self.add_samples(batch.samples, source)
                    count.read += batch.samples.num_rows
                    count.samples += samples
                    count.turns += turns
                if batch.rejects:
                    self.add_rejects(batch.rejects, source, checked.input.name)
                    count.read += len(batch.rejects)
                    count.rejects += len(batch.rejects)
        return IngestSummary(
            tuple(
                self.summarise(count, source_of(checked, options), checked.input.name)
                for count, checked in zip(counts, inputs, strict=True)
            )
        )

    def add_samples(self, rows: pa.Table, source: str) -> tuple[int, int]:
        """Insert the staged rows that are new; how many samples and turns that were."""
        with self.work.table("keyed", rechunk(rows.select(["line", "content_key", "instructions"]))):
            fresh = self.work.arrow(FRESH, {"samples": self.last_sample, "turns": self.last_turn})
        with self.work.table("fresh", fresh):
            self.work.run("INSERT INTO seen SELECT key FROM fresh")
        samples, turns = fresh.num_rows, pc.sum(fresh["n_turns"]).as_py() or 0
        if samples:
            relation = self.target.con.from_arrow(rechunk(with_ids(rows, fresh)))
            # The target's transaction is given rows, not tables: those would stay in its catalog.
            relation.project(SAMPLES.replace("$source", literal(source))).insert_into("samples")
            relation.project(TURNS).insert_into("turns")
        self.last_sample += samples
        self.last_turn += turns
        return samples, turns

    def add_rejects(self, rejects: Sequence[Reject], source: str, file: str) -> None:
        """Record rejects, except those that an earlier ingest of the same file has recorded."""
        columns = {name: [getattr(reject, name) for reject in rejects] for name in ("line", "reason", "raw")}
        schema = pa.schema([("line", pa.int64()), ("reason", pa.string()), ("raw", pa.large_string())])
        with self.work.table("found", pa.table(columns, schema=schema)):
            fresh = self.work.arrow(REJECTS, {"source": source, "file": file})
        self.target.con.from_arrow(fresh).insert_into("rejects")
        with self.work.table("fresh_rejects", fresh):
            self.work.run("INSERT INTO told SELECT file, line, md5(raw) FROM fresh_rejects")

    def summarise(self, counts: Counts, source: str, file: str) -> FileSummary:
        """Record what became of a file."""
        duplicates = counts.read - counts.samples - counts.rejects
        summary = FileSummary(
            file, source, counts.read, counts.samples, counts.turns, duplicates, counts.rejects
        )
        values = {**asdict(summary), "now": datetime.now(UTC).replace(tzinfo=None)}
        self.target.run(INSERT_INGEST, values)
        return summary


def with_ids(rows: pa.Table, fresh: pa.Table) -> pa.Table:
    """The staged rows that are fresh, in order of their lines, with the ids that they get."""
    lines = rows["line"].to_numpy()
    order = np.argsort(lines, kind="stable")
    places = order[np.searchsorted(lines, fresh["line"].to_numpy(), sorter=order)]
    if len(places) < len(lines) or (np.diff(places) != 1).any():
        rows = rows.take(pa.array(places))
    for name in ("sample_id", "turns_before", "n_turns"):
        rows = rows.append_column(name, fresh[name])
    return rows


@contextmanager
def closing_tables(session: Session, tables: Sequence[str]) -> Iterator[None]:
    """Drop temporary tables at the end of the block, whatever happens in it."""
    try:
        yield
    finally:
        for table in tables:
            session.run(f"DROP TABLE IF EXISTS temp.{identifier(table)}")
