"""The warehouse: the only rooms of laserdb that open DuckDB."""

from laserdb.warehouse.connection import Session, Warehouse

__all__ = ["Session", "Warehouse"]
