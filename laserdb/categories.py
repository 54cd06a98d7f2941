"""The seven instruction categories of the LASER paper (§3.1), spelled as everywhere in laserdb."""

from __future__ import annotations

CATEGORIES: tuple[str, ...] = (
    "Math",
    "Coding",
    "Generation",
    "Reasoning",
    "Brainstorming",
    "Factual QA",
    "Extraction",
)
