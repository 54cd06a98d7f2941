"""Every error that laserdb raises on purpose.

LaserdbError                  one line for the user: what, where, how to mend; exit code 1
├── UsageError                the call itself is wrong (unknown option value, bad name); exit code 2
├── DatabaseError             the file can't be used
│   ├── NotADatabase          not a DuckDB file, or one that is not a laserdb warehouse
│   ├── SchemaTooNew          written by a newer laserdb
│   └── DatabaseLocked        another process holds it, longer than the wait allowed
├── InputError                a file to ingest can't be read at all
├── MissingExtra              an optional dependency is not installed
├── ModelNotFound             a model is neither installed, nor on disk, nor reachable
├── ScoringError              a run had to stop (not: one row that failed)
├── StrategyError             a selection template is wrong or lacks scores
└── ExportError               a selection can't be written as asked

A single row that can't be ingested is a reject, and a single text that can't be scored is a
`laserdb.scorers.base.Failed`; neither is an exception.
"""

from __future__ import annotations


class LaserdbError(Exception):
    """Base of all errors that are shown to the user as one line."""

    exit_code = 1


class UsageError(LaserdbError):
    """The call is wrong: the user must change what they typed."""

    exit_code = 2


class DatabaseError(LaserdbError):
    """The database file can't be used."""


class NotADatabase(DatabaseError):
    """The file exists but is no DuckDB file, or no laserdb warehouse."""


class SchemaTooNew(DatabaseError):
    """The file was written by a newer laserdb."""


class DatabaseLocked(DatabaseError):
    """Another process held the file for longer than the configured wait."""


class InputError(LaserdbError):
    """An input file can't be read at all."""


class MissingExtra(LaserdbError):
    """An optional dependency is missing; the message holds the install command."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} is not installed; run: pip install 'laserdb[{extra}]'")
        self.extra = extra


class ModelNotFound(LaserdbError):
    """A model is neither a folder, nor in an installed package, nor reachable on the hub."""


class ScoringError(LaserdbError):
    """A scoring run had to stop before its end."""


class StrategyError(LaserdbError):
    """A selection template can't be rendered or run, or lacks the scores it asks for."""


class ExportError(LaserdbError):
    """A selection can't be written as asked."""
