"""The table `pool`: what a selection may choose from, with what its strategy reads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from laserdb.errors import UsageError
from laserdb.sqltext import literal
from laserdb.warehouse import scored, views
from laserdb.warehouse.session import Session, query_errors

SAMPLE_COLUMNS = ("source", "data_id", "n_turns", "metadata")
EMBEDDED = "embedded"


def mentioned(text: str) -> frozenset[str]:
    """Columns of the pool that a query may read: those it names, or all if it could mean all of them.

    A name counts wherever it stands, in a comment, too: too many cost a little time, too few an error.
    """
    everything = frozenset((*SAMPLE_COLUMNS, *scored.COLUMNS, EMBEDDED))
    stars = re.sub(r"count\s*\(\s*\*\s*\)", "", text, flags=re.IGNORECASE)
    if "*" in stars or not re.search(r"\bselect\b", text, re.IGNORECASE):
        return everything
    words = {word.lower() for word in re.findall(r"\w+", text)}
    return everything & words


@dataclass(frozen=True, slots=True)
class Restriction:
    """What of the pool may be chosen: by a condition, from a larger selection, marked ones or not."""

    where: str | None = None
    within: str | None = None
    keep_marked: bool = False
    within_ids: pa.ChunkedArray | None = None
    """The samples of `within` while it isn't recorded yet."""

    def as_params(self) -> dict[str, Any]:
        """What a record keeps of it."""
        params: dict[str, Any] = {"where": self.where} if self.where else {}
        params |= {"within": self.within} if self.within else {}
        return params | ({"keep_marked": True} if self.keep_marked else {})


def pool_text(
    session: Session,
    restriction: Restriction,
    embedder: str | None,
    query: str,
    percentiles: Sequence[float] | None = None,
) -> str:
    """SQL of the table `pool`: a row per sample that may be chosen, with what is mentioned."""
    where = restriction.where
    columns = mentioned(query) | (mentioned(f"SELECT {where}") if where else frozenset())
    from_scores = [name for name in scored.COLUMNS if name in columns]
    fields = ["s.sample_id", *(f"s.{name}" for name in SAMPLE_COLUMNS if name in columns)]
    joins = ""
    if from_scores:
        fields += [f"x.{name}" for name in from_scores]
        wanted = scored.sample_scores(
            views.result_tables(session), from_scores, scorers=routed(session), percentiles=percentiles
        )
        joins += f"\nLEFT JOIN (\n{wanted}\n) x USING (sample_id)"
    if EMBEDDED in columns:
        fields.append("e.sample_id IS NOT NULL AS embedded")
        joins += (
            f"\nLEFT JOIN (SELECT sample_id FROM embeddings WHERE embedder = {literal(embedder or '')}) e "
            "USING (sample_id)"
        )
    conditions = [f"(\n{where}\n)"] if where else []
    if restriction.within is not None:
        inside = f"SELECT sample_id FROM selected WHERE selection = {literal(restriction.within)}"
        conditions.append(f"s.sample_id IN ({inside})")
    if not restriction.keep_marked and session.value("SELECT count(*) FROM marks"):
        conditions.append("s.sample_id NOT IN (SELECT sample_id FROM marks)")
    condition = "\nWHERE " + " AND ".join(conditions) if conditions else ""
    return (
        f"CREATE OR REPLACE TEMP TABLE pool AS\nSELECT {', '.join(fields)}\nFROM samples s{joins}{condition}"
    )


def routed(session: Session) -> list[str]:
    """The scorers that judge quality in some category."""
    return [scorer for (scorer,) in session.rows("SELECT DISTINCT scorer FROM routes ORDER BY scorer")]


def make_pool(
    session: Session,
    restriction: Restriction,
    embedder: str | None,
    query: str = "*",
    percentiles: Sequence[float] | None = None,
) -> str:
    """Create the temporary table `pool` with what `query` and `where` mention; returns its SQL.

    Raises a one-line error for a bad `where`.
    """
    sql = pool_text(session, restriction, embedder, query, percentiles)
    run = sql
    with query_errors("--where: "):
        if restriction.where is not None and len(session.con.extract_statements(sql)) != 1:
            raise UsageError(f"--where must be one condition: {restriction.where}")
        if restriction.within_ids is not None:
            # The larger selection isn't recorded yet, but will be by the time that anybody runs this again.
            larger = pa.table(
                {
                    "selection": [restriction.within] * len(restriction.within_ids),
                    "sample_id": restriction.within_ids,
                }
            )
            with session.table("larger_selection", larger):
                session.run(
                    run.replace("FROM selected WHERE selection", "FROM larger_selection WHERE selection")
                )
        else:
            session.run(run)
    return sql


def pool_tokens(session: Session) -> tuple[int, float | None]:
    """How many samples the pool has, and their mean tokens."""
    size, mean = session.row("SELECT count(*), avg(tokens) FROM pool")
    return size, mean
