"""Named sets of scorers, and how each routes quality (DESIGN §4.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from laserdb.categories import CATEGORIES


@dataclass(frozen=True, slots=True)
class Preset:
    """Scorers in the order they run, and the quality scorer of each category."""

    scorers: tuple[str, ...]
    routes: Mapping[str, str]


PRESETS: Mapping[str, Preset] = {
    "cpu": Preset(
        ("tokens", "category", "difficulty", "checks", "embedding"),
        dict.fromkeys(CATEGORIES, "checks"),
    ),
    "laser": Preset(
        (
            "tokens",
            "category",
            "difficulty",
            "prm",
            "code_quality",
            "instruction_following",
            "deita_quality",
            "embedding",
        ),
        {
            "Math": "prm",
            "Coding": "code_quality",
            "Generation": "instruction_following",
            "Reasoning": "deita_quality",
            "Brainstorming": "instruction_following",
            "Factual QA": "deita_quality",
            "Extraction": "deita_quality",
        },
    ),
}
