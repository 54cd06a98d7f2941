"""Fixtures shared by all tests: a warehouse in memory and one in a file, closed by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import settings

from laserdb.warehouse import Warehouse

# A busy machine is no failure: no test is timed.
settings.register_profile("laserdb", deadline=None)
settings.load_profile("laserdb")


def pytest_report_header() -> str:
    return f"duckdb {duckdb.__version__}"


@pytest.fixture(params=["memory", "file"])
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Warehouse]:
    """The same tests on a memory database and on a file."""
    path = ":memory:" if request.param == "memory" else str(tmp_path / "pool.duckdb")
    opened = Warehouse(path, create=True)
    yield opened
    opened.close()


@pytest.fixture
def file_warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    """A warehouse in a file, where a second process matters."""
    opened = Warehouse(str(tmp_path / "pool.duckdb"), create=True)
    yield opened
    opened.close()
