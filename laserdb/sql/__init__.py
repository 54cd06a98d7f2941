"""Selection strategies: Jinja templates of SQL, the macros they share, and the functions they call."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable


def strategies() -> Traversable:
    """The folder of the built-in strategies; other packages offer theirs the same way (entry point)."""
    return files("laserdb.sql").joinpath("strategies")
