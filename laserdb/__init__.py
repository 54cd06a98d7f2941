"""laserdb: an embedded data warehouse for selecting instruction-tuning data."""

from __future__ import annotations

__version__ = "0.1.0"
