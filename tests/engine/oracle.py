"""DESIGN §4 in plain Python, written for the tests alone: it shares no code with the package.

The arithmetic is exact, so that what the formulas make equal is a tie.
"""

from __future__ import annotations

import math
from collections import defaultdict
from fractions import Fraction

PROPORTIONS = {
    "Math": "0.25",
    "Coding": "0.25",
    "Generation": "0.25",
    "Reasoning": "0.1",
    "Brainstorming": "0.1",
    "Factual QA": "0.025",
    "Extraction": "0.025",
}


def percentile(values: list[float | Fraction], percent: int) -> Fraction:
    ordered = [Fraction(value) for value in sorted(values)]
    position = Fraction((len(ordered) - 1) * percent, 100)
    below = math.floor(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def usable(value: float | None) -> bool:
    return value is not None and not math.isnan(value)


def normaliser(values: list[float | None]):
    scored = [value for value in values if usable(value)]
    if not scored:
        return lambda value: None
    lo, hi = percentile(scored, 1), percentile(scored, 99)

    def normalise(value):
        if not usable(value):
            return None
        if hi == lo:
            return Fraction(1, 2)
        return min(Fraction(1), max(Fraction(0), (Fraction(value) - lo) / (hi - lo)))

    return normalise


def mean(values: list[Fraction | None]) -> Fraction | None:
    present = [value for value in values if value is not None]
    return sum(present) / len(present) if present else None


def sample_scores(samples) -> list[dict]:
    """Per sample: id (from 1), category, f, q, p, tokens, whether it has a vector."""
    turns = [turn for sample in samples for turn in sample.turns]
    norm_f = normaliser([turn.difficulty for turn in turns])
    norm_q = normaliser([turn.quality for turn in turns])
    rows = []
    for number, sample in enumerate(samples, start=1):
        votes: dict[str, int] = defaultdict(int)
        for turn in sample.turns:
            if turn.category is not None:
                votes[turn.category] += 1
        # max() keeps the first of equals, and the dict keeps the order of the turns.
        category = max(votes, key=lambda name: votes[name]) if votes else None
        f = mean([norm_f(turn.difficulty) for turn in sample.turns])
        q = mean([norm_q(turn.quality) for turn in sample.turns if turn.category is not None])
        counts = [turn.tokens for turn in sample.turns if turn.tokens is not None]
        rows.append(
            {
                "id": number,
                "category": category,
                "f": f,
                "q": q,
                "p": None if f is None or q is None else f * q,
                "tokens": sum(counts) if counts else None,
                "vector": sample.vector,
            }
        )
    return rows


def hamilton(m: int, weights: dict[str, str]) -> dict[str, int]:
    """Largest remainder; equal remainders to the earlier category."""
    total = sum(Fraction(weight) for weight in weights.values())
    exact = {name: m * Fraction(weight) / total for name, weight in weights.items()}
    shares = {name: math.floor(value) for name, value in exact.items()}
    order = sorted(weights, key=lambda name: exact[name] - shares[name], reverse=True)
    for name in order[: m - sum(shares.values())]:
        shares[name] += 1
    return shares


def quotas(m: int, supply: dict[str, int], redistribute: bool = True) -> dict[str, int]:
    if not redistribute:
        return {name: min(share, supply[name]) for name, share in hamilton(m, PROPORTIONS).items()}
    given: dict[str, int] = {}
    while True:
        others = {name: weight for name, weight in PROPORTIONS.items() if name not in given}
        if not others:
            return given
        shares = hamilton(m - sum(given.values()), others)
        exhausted = {name: supply[name] for name, share in shares.items() if share > supply[name]}
        if not exhausted:
            return given | shares
        given |= exhausted


def laser(samples, m, kmeans, *, gamma=80, max_tokens=4096, redistribute=True) -> list[tuple[int, str]]:
    """(sample_id, reason) of the chosen ones, best p first; `kmeans(vectors, k)` gives the labels."""
    rows = [
        row
        for row in sample_scores(samples)
        if row["category"] and row["p"] is not None and row["vector"] is not None
        if row["tokens"] is not None and row["tokens"] <= max_tokens
    ]
    by_category = {name: [row for row in rows if row["category"] == name] for name in PROPORTIONS}
    quota = quotas(m, {name: len(found) for name, found in by_category.items()}, redistribute)
    chosen = []
    for name, found in by_category.items():
        wanted = quota[name]
        if not wanted:
            continue
        floor = percentile([row["p"] for row in found], gamma)
        clusters = defaultdict(list)
        labels = kmeans([row["vector"] for row in found], min(wanted, len(found)))
        for row, label in zip(found, labels, strict=True):
            clusters[label].append(row)
        best = [min(members, key=lambda row: (-row["p"], row["id"])) for members in clusters.values()]
        kept = {row["id"] for row in best if row["p"] >= floor}
        rest = sorted((row for row in found if row["id"] not in kept), key=lambda row: (-row["p"], row["id"]))
        fill = {row["id"] for row in rest[: wanted - len(kept)]}
        chosen += [
            (row, "cluster" if row["id"] in kept else "fill") for row in found if row["id"] in kept | fill
        ]
    chosen.sort(key=lambda pair: (-pair[0]["p"], pair[0]["id"]))
    return [(row["id"], reason) for row, reason in chosen]
