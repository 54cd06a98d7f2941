"""laserdb: an embedded data warehouse for selecting instruction-tuning data.

    import laserdb

    with laserdb.connect("pool.duckdb") as db:
        db.ingest("data/*.jsonl")
        db.score(preset="cpu")
        db.select("laser", m=10_000)
        db.export("laser-10000", "train.jsonl")

The same verbs on the command line: `laserdb --help`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from laserdb.clustering import kmeans
    from laserdb.database import Database, connect
    from laserdb.errors import LaserdbError

__version__ = "0.1.0"
__all__ = ["Database", "LaserdbError", "__version__", "connect", "kmeans"]

# Loaded when first asked for: the command line must start without DuckDB or NumPy.
_HOMES = {
    "Database": "laserdb.database",
    "LaserdbError": "laserdb.errors",
    "connect": "laserdb.database",
    "kmeans": "laserdb.clustering",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'laserdb' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
