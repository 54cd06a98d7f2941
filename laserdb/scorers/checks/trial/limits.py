"""What a trial may cost: steps, and the size of every value."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sized
from typing import Any

STEPS = 30_000
"""Operations of one trial."""
SIZE = 20_000
"""Items or characters of a value."""
BITS = 10_000
"""Bits of a whole number."""
DEPTH = 40
"""Calls within calls; each takes some twenty frames of the interpreter itself."""
_ITEMS_PER_STEP = 16
_WIDE = re.compile(r"\d{4,}|\*")
"""Widths in a format that could make a text of any length."""


_HOLDERS = (list, tuple, dict, set, frozenset, deque)


class GaveUpError(Exception):
    """The program does something that isn't supported, or too much; nothing is known of it then."""


class Budget:
    """Counts down; every loop, call and operation is charged, and work within host functions by its size."""

    def __init__(self, steps: int = STEPS) -> None:
        self.left = steps
        self.depth = 0

    def charge(self, steps: int = 1) -> None:
        self.left -= steps
        if self.left < 0:
            raise GaveUpError("too long")

    def charge_for(self, value: Any) -> None:
        """As much as reading the value takes."""
        if isinstance(value, Sized):
            self.charge(1 + len(value) // _ITEMS_PER_STEP)

    def charge_deep(self, value: Any) -> None:
        """As much as comparing, hashing or printing the value takes, with all that it holds."""
        stack = [value]
        while stack:
            held = stack.pop()
            self.charge_for(held)
            if isinstance(held, dict):
                stack += [v for v in (*held.keys(), *held.values()) if isinstance(v, _HOLDERS)]
            elif isinstance(held, _HOLDERS):
                stack += [v for v in held if isinstance(v, _HOLDERS)]

    def items(self, values: Iterable[Any]) -> Iterator[Any]:
        """The items, each charged: whatever a host function reads in one go can't be endless."""
        for value in values:
            self.charge()
            yield value


def checked(value: Any) -> Any:
    """The value, if it isn't too large."""
    if isinstance(value, int):
        if value.bit_length() > BITS:
            raise GaveUpError("too large a number")
    elif isinstance(value, Sized) and not isinstance(value, range) and len(value) > SIZE:
        raise GaveUpError("too large a value")
    return value


def check_power(base: Any, exponent: Any) -> None:
    if isinstance(base, int) and isinstance(exponent, int) and base.bit_length() * abs(exponent) > BITS:
        raise GaveUpError("too large a number")


def check_product(left: Any, right: Any) -> None:
    """Before a sequence is repeated, or two whole numbers are multiplied."""
    for sequence, times in ((left, right), (right, left)):
        if isinstance(times, int) and isinstance(sequence, str | bytes | list | tuple):
            if len(sequence) * max(times, 0) > SIZE:
                raise GaveUpError("too large a value")
            return


def check_format(template: str) -> None:
    if _WIDE.search(template):
        raise GaveUpError("a wide format")
