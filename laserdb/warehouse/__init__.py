"""The warehouse: the only rooms of laserdb that open DuckDB."""

from laserdb.warehouse.connection import Warehouse
from laserdb.warehouse.session import Session

__all__ = ["Session", "Warehouse"]
