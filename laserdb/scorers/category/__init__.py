"""The category of an instruction: one of the seven kinds of task (LASER §3.1)."""

from laserdb.scorers.category.scorer import Category

__all__ = ["Category"]
