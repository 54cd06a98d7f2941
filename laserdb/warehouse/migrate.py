"""Ordered, recorded migrations of the warehouse's schema, each in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files

from laserdb.errors import NotADatabase, SchemaTooNew
from laserdb.warehouse import views
from laserdb.warehouse.session import Session

LEDGER = "schema_migrations"


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered SQL file of `warehouse/migrations`."""

    version: int
    name: str
    sql: str


@cache
def migrations() -> tuple[Migration, ...]:
    """All migrations that this laserdb knows, in order."""
    found = []
    for entry in files("laserdb.warehouse").joinpath("migrations").iterdir():
        if entry.name.endswith(".sql"):
            number, _, name = entry.name.removesuffix(".sql").partition("_")
            found.append(Migration(int(number), name, entry.read_text(encoding="utf-8")))
    return tuple(sorted(found, key=lambda migration: migration.version))


def applied_version(session: Session) -> int:
    """The newest migration recorded in the file; 0 for an empty database."""
    known = session.value(
        "SELECT count(*) FROM duckdb_tables() WHERE database_name = current_database() "
        "AND schema_name = 'main' AND table_name = ?",
        [LEDGER],
    )
    if not known:
        return 0
    return int(session.value(f"SELECT coalesce(max(version), 0) FROM {LEDGER}"))


def is_current(session: Session, path: str) -> bool:
    """Whether nothing needs to be migrated. Raises SchemaTooNew or NotADatabase."""
    have, newest = applied_version(session), migrations()[-1].version
    if have > newest:
        raise SchemaTooNew(
            f"{path} has schema {have}, but this laserdb knows only up to {newest}; "
            "upgrade it: pip install -U laserdb"
        )
    if have == 0:
        refuse_foreign(session, path)
    return have == newest


def refuse_foreign(session: Session, path: str) -> None:
    """Don't put our tables among somebody else's."""
    tables = session.value("SELECT count(*) FROM duckdb_tables() WHERE database_name = current_database()")
    if tables:
        raise NotADatabase(
            f"{path} is a DuckDB database, but not a laserdb one "
            f"({tables} tables of its own); name a new file"
        )


def migrate(session: Session, path: str) -> None:
    """Bring the file up to the newest schema; each step is all or nothing."""
    if is_current(session, path):
        return
    for migration in migrations():
        with session.transaction():
            session.run(
                f"CREATE TABLE IF NOT EXISTS {LEDGER} "
                "(version INTEGER PRIMARY KEY, name VARCHAR NOT NULL, applied_at TIMESTAMP NOT NULL)"
            )
            # Asked inside the transaction: another process may have migrated meanwhile.
            if migration.version <= applied_version(session):
                continue
            session.run(migration.sql)
            session.run(
                f"INSERT INTO {LEDGER} VALUES (?, ?, ?)",
                [migration.version, migration.name, datetime.now(UTC).replace(tzinfo=None)],
            )
    with session.transaction():
        views.create_views(session)
