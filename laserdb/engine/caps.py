"""Caps on what one source may give: for every strategy, by running it again without what is too much."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from laserdb.errors import UsageError
from laserdb.plugins import unknown
from laserdb.warehouse import Session, sources

OTHERS = "*"
FORM = 'give samples or a share of m for each source: 0.2, 500, or {"faq": 500, "*": 0.2}'


@dataclass(frozen=True, slots=True)
class Caps:
    """The most samples of each source: at least 1 a number, below 1 a share of the budget."""

    given: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def parse(cls, value: Any) -> Caps:
        """From a parameter: a number for every source, or an object. Raises UsageError."""
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except json.JSONDecodeError:
                raise UsageError(f"source_caps: {FORM}, not {value!r}") from None
        given = value if isinstance(value, dict) else {} if value is None else {OTHERS: value}
        for cap in given.values():
            number = isinstance(cap, int | float) and not isinstance(cap, bool)
            if not number or cap < 0 or (cap > 1 and cap != int(cap)):
                raise UsageError(f"source_caps: {FORM}, not {json.dumps(value)}")
        return cls({str(source): float(cap) for source, cap in given.items()})

    def __bool__(self) -> bool:
        return bool(self.given)

    def limits(self, known: Mapping[str, int], m: int) -> dict[str, int]:
        """Samples allowed of each capped source. Raises UsageError for a source that the pool lacks."""
        for source in self.given:
            if source != OTHERS and source not in known:
                raise UsageError(f"source_caps: {unknown('source', source, known)}")
        found = {source: self.given.get(source, self.given.get(OTHERS)) for source in sorted(known)}
        return {
            source: int(cap * m + 1e-9) if cap < 1 else int(cap)
            for source, cap in found.items()
            if cap is not None
        }

    def without(self, chosen: Mapping[str, int], known: Mapping[str, int], m: int) -> Caps:
        """What is left of them after some samples of a budget of m have been chosen."""
        limits = self.limits(known, m)
        return Caps({name: float(max(0, limit - chosen.get(name, 0))) for name, limit in limits.items()})


def within(session: Session, caps: Caps, m: int, choose: Callable[[], pa.Table]) -> pa.Table:
    """What `choose` gives over the table `pool`, with no source above its cap.

    Of a source that gives too many, the first ones in the strategy's order stay and all its other samples
    leave the pool; then the strategy chooses anew. So a ranking skips what is too much and goes on, quotas
    are shared out again, clusters made anew. Every round settles a source, and the pool is whole again
    afterwards.
    """
    if not caps:
        return choose()
    limits = caps.limits(sources.sizes(session), m)
    with sources.whole_pool(session):
        sources.drop_empty(session, [name for name, limit in limits.items() if limit == 0])
        while True:
            chosen = choose()
            if not sources.trim(session, chosen, limits):
                return chosen


def most(session: Session, caps: Caps, m: int, condition: str) -> int:
    """How many candidates the pool can give under the caps."""
    limits = caps.limits(sources.sizes(session), m)
    supply = sources.candidates(session, condition)
    return sum(min(have, limits.get(name, have)) for name, have in supply.items())
