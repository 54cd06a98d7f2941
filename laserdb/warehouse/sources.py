"""The sources of the pool: how many samples each has, and taking some of them out of the table `pool`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import pyarrow as pa

from laserdb.warehouse.session import Session


def sizes(session: Session) -> dict[str, int]:
    """Samples of each source."""
    return dict(session.rows("SELECT source, count(*) FROM samples GROUP BY source ORDER BY source"))


def of_chosen(session: Session, chosen: pa.Table) -> dict[str, int]:
    """Chosen samples of each source."""
    with session.table("these", chosen.select(["sample_id"])):
        return dict(
            session.rows("SELECT source, count(*) FROM these JOIN samples USING (sample_id) GROUP BY source")
        )


def of_selection(session: Session, name: str) -> dict[str, int]:
    """Samples of each source in a recorded selection."""
    return dict(
        session.rows(
            "SELECT s.source, count(*) FROM selected x JOIN samples s USING (sample_id) "
            "WHERE x.selection = ? GROUP BY s.source",
            [name],
        )
    )


def candidates(session: Session, condition: str) -> dict[str, int]:
    """Samples in `pool` of each source for which the condition holds."""
    return dict(
        session.rows(
            f"SELECT s.source, count(*) FROM (SELECT sample_id FROM pool WHERE {condition}) "
            "JOIN samples s USING (sample_id) GROUP BY s.source"
        )
    )


@contextmanager
def whole_pool(session: Session) -> Iterator[None]:
    """Put back, after the block, what it took out of `pool`."""
    session.run("CREATE OR REPLACE TEMP TABLE whole_pool AS FROM pool")
    try:
        yield
    finally:
        session.run("CREATE OR REPLACE TEMP TABLE pool AS FROM whole_pool")
        session.run("DROP TABLE whole_pool")


def drop_empty(session: Session, names: Sequence[str]) -> None:
    """Take whole sources out of `pool`."""
    if names:
        session.run(
            "DELETE FROM pool WHERE sample_id IN "
            "(SELECT sample_id FROM samples WHERE source IN (SELECT unnest(?::VARCHAR[])))",
            [list(names)],
        )


def trim(session: Session, chosen: pa.Table, limits: Mapping[str, int]) -> bool:
    """Of each source above its limit leave in `pool` only the first chosen ones; whether there was any."""
    counts = of_chosen(session, chosen)
    over = {name: limit for name, limit in limits.items() if counts.get(name, 0) > limit}
    if not over:
        return False
    table = pa.table({"source": list(over), "most": pa.array(over.values(), pa.int64())})
    ranked = chosen.select(["sample_id", "rank"])
    with session.table("over", table), session.table("these", ranked):
        session.run(
            "DELETE FROM pool WHERE sample_id IN "
            "(SELECT sample_id FROM samples SEMI JOIN over USING (source)) AND sample_id NOT IN "
            "(SELECT sample_id FROM these JOIN samples s USING (sample_id) JOIN over USING (source) "
            "QUALIFY row_number() OVER (PARTITION BY s.source ORDER BY these.rank) <= over.most)"
        )
    return True
