"""The scorers' physical tables, and by which key their results meet the pool."""

from __future__ import annotations

from dataclasses import dataclass

from laserdb.sqltext import identifier

UNIT_KEYS = {
    "instruction": "instruction_key",
    "turn": "turn_key",
    "prompt": "prompt_key",
    "sample": "content_key",
}
# Units of which a sample has one; of the others every turn has.
SAMPLE_UNITS = frozenset({"prompt", "sample"})
EMBEDDING = "embedding"
CATEGORY = "category"


@dataclass(frozen=True, slots=True)
class ResultTable:
    """A scorer's physical table in the schema `results`, one row per text and run."""

    scorer: str
    name: str
    unit: str
    columns: dict[str, str]

    @property
    def of_samples(self) -> bool:
        """Whether results belong to samples and not to turns."""
        return self.unit in SAMPLE_UNITS

    @property
    def qualified(self) -> str:
        """The table's quoted name with its schema."""
        return f"results.{identifier(self.name)}"
