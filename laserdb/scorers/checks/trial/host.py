"""What a program in trial can use: builtin functions, methods of builtin types, parts of pure modules."""

from __future__ import annotations

import bisect
import collections
import functools
import heapq
import itertools
import math
import operator
import re
import string
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from laserdb.scorers.checks.trial import patterns
from laserdb.scorers.checks.trial.limits import (
    SIZE,
    Budget,
    GaveUpError,
    check_format,
    check_power,
    checked,
)

_SEQUENCE = "count index copy"
_COMMON_SET = "copy union intersection difference symmetric_difference issubset issuperset isdisjoint"
_COMMON_DICT = "keys values items get pop popitem setdefault update clear copy"
METHODS: Mapping[type, frozenset[str]] = MappingProxyType(
    {
        kind: frozenset(" ".join(names).split())
        for kind, names in {
            str: (
                "count index find rfind rindex lower upper title capitalize swapcase casefold strip "
                "lstrip rstrip",
                "split rsplit splitlines partition rpartition startswith endswith isalpha isdigit isalnum",
                "isdecimal isnumeric isspace islower isupper istitle isidentifier isascii join replace",
                "removeprefix removesuffix zfill ljust rjust center format",
            ),
            list: (_SEQUENCE, "append extend insert remove pop clear sort reverse"),
            tuple: ("count index",),
            dict: (_COMMON_DICT,),
            set: (
                _COMMON_SET,
                "add remove discard pop clear update intersection_update difference_update",
                "symmetric_difference_update",
            ),
            frozenset: (_COMMON_SET,),
            int: ("bit_length bit_count",),
            float: ("is_integer",),
            re.Match: ("group groups start end span",),
            collections.Counter: (_COMMON_DICT, "most_common elements subtract"),
            collections.defaultdict: (_COMMON_DICT,),
            collections.OrderedDict: (_COMMON_DICT, "move_to_end"),
            collections.deque: (
                _SEQUENCE,
                "append appendleft extend extendleft pop popleft remove reverse rotate clear",
            ),
        }.items()
    }
)
"""Builtin type → the methods that may be called on its values."""
_NESTED = re.compile(r":[^{}]*\{")
"""A width that is itself a field: it may be any."""
_GROWING = frozenset(("replace", "join", "zfill", "ljust", "rjust", "center"))
"""Methods of text whose result can be much longer than what they are given."""

_PLAIN = (
    abs, all, any, bin, bool, chr, dict, divmod, enumerate, filter, float, frozenset, hex, int, iter, len,
    list, map, max, min, next, oct, ord, range, reversed, round, set, slice, sorted, str, tuple, zip,
)  # fmt: skip
_ERRORS = (
    ArithmeticError, AssertionError, AttributeError, Exception, IndexError, KeyError, LookupError, NameError,
    NotImplementedError, OverflowError, RuntimeError, StopIteration, TypeError, ValueError, ZeroDivisionError,
)  # fmt: skip
_MODULES: Mapping[str, tuple[Any, str]] = MappingProxyType(
    {
        "math": (
            math,
            "sqrt ceil floor pi e inf nan gcd log log2 log10 exp sin cos tan asin acos atan atan2 hypot fabs "
            "fmod isclose isnan isinf isqrt trunc radians degrees dist fsum copysign pow modf tau",
        ),
        "collections": (collections, "Counter defaultdict OrderedDict deque"),
        "itertools": (
            itertools,
            "chain combinations combinations_with_replacement permutations groupby "
            "count cycle islice repeat takewhile dropwhile zip_longest starmap compress filterfalse pairwise",
        ),
        "functools": (functools, "reduce cmp_to_key"),
        "heapq": (heapq, "heappush heappop heapify nlargest nsmallest heappushpop heapreplace merge"),
        "bisect": (bisect, "bisect bisect_left bisect_right insort insort_left insort_right"),
        "operator": (operator, "sub floordiv truediv eq ne lt le gt ge neg and_ or_ xor"),
        "string": (
            string,
            "ascii_lowercase ascii_uppercase ascii_letters digits punctuation hexdigits whitespace",
        ),
    }
)
_TYPES = frozenset({str, list, tuple, dict, set, frozenset, int, float, bool, slice, range, type(None)})
_SIZED_OK = (str, bytes, list, tuple, dict, set, frozenset, collections.deque)


class Module:
    """The part of a module that may be used: name → value."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.members: dict[str, Any] = {}
        if name in _MODULES:
            source, names = _MODULES[name]
            self.members = {member: getattr(source, member) for member in names.split()}
        if name == "math":
            self.members |= {"factorial": _factorial, "comb": _comb, "perm": _perm}
            self.members |= {"prod": _product}
        if name == "itertools":
            self.members |= {"accumulate": _accumulate, "product": _cartesian}
        if name == "re":
            self.members = {function: patterns.function(function) for function in patterns.FUNCTIONS}
            self.members |= {flag: getattr(re, flag) for flag in patterns.FLAGS}
        if name == "sys":
            self.members = {"maxsize": 2**63 - 1}
        if name == "functools":
            self.members |= {"lru_cache": _as_is, "cache": _as_is}

    def get(self, name: str) -> Any:
        if name not in self.members:
            raise GaveUpError(f"{self.name}.{name}")
        return self.members[name]


def _as_is(function: Any = None, **_options: Any) -> Any:
    """A cache that doesn't cache: `@cache` and `@lru_cache(…)`."""
    return function if callable(function) else _as_is


def _factorial(n: int) -> int:
    if n > 400:
        raise GaveUpError("factorial")
    return math.factorial(n)


def _comb(n: int, k: int) -> int:
    if n > 1000:
        raise GaveUpError("comb")
    return math.comb(n, k)


def _perm(n: int, k: int | None = None) -> int:
    if n > 400:
        raise GaveUpError("perm")
    return math.perm(n, k)


def _product(values: Iterable[Any], *, start: Any = 1) -> Any:
    for value in values:
        start = checked(start * value) if isinstance(value, int | float) else _refuse("prod")
    return start


def _accumulate(values: Iterable[Any], func: Any = operator.add, **initial: Any) -> Iterable[Any]:
    """As itertools has it, of numbers: lists would be copied at every step."""
    numbers = (value if isinstance(value, int | float) else _refuse("accumulate") for value in values)
    return itertools.accumulate(numbers, func, **initial)


def _cartesian(*pools: Iterable[Any], repeat: int = 1) -> Iterable[Any]:
    """As itertools' `product`, which holds every pool `repeat` times before it gives anything."""
    return itertools.product(*pools, repeat=repeat) if repeat <= 100 else _refuse("product")


def _sum(values: Iterable[Any], start: Any = 0) -> Any:
    """The sum of numbers; a sum of lists copies what it has so far at every step."""
    return sum(values, start) if isinstance(start, int | float) else _refuse("sum")


def _refuse(what: str) -> Any:
    raise GaveUpError(what)


def _power(base: Any, exponent: Any, modulus: Any = None) -> Any:
    if modulus is None:
        check_power(base, exponent)
        return base**exponent
    return pow(base, exponent, modulus)


def _isinstance(value: Any, kinds: Any) -> bool:
    return isinstance(value, kinds)


def _type(value: Any) -> type:
    if type(value) not in _TYPES:
        raise GaveUpError("type")
    return type(value)


def _print(*_values: Any, **_options: Any) -> None:
    """Output is nobody's concern here."""


def names() -> dict[str, Any]:
    """The builtin names of a program."""
    known: dict[str, Any] = {function.__name__: function for function in (*_PLAIN, *_ERRORS)}
    return known | {"pow": _power, "isinstance": _isinstance, "type": _type, "print": _print, "sum": _sum}


def method(value: Any, name: str, budget: Budget) -> Callable[..., Any]:
    """A method of a value, or of a type ("str.lower"), charged and checked when it is called."""
    if isinstance(value, type):
        if name not in METHODS.get(value, ()):
            raise GaveUpError(f"{value.__name__}.{name}")
        return lambda first, *rest, **named: call_method(first, name, rest, named, budget)
    if name not in METHODS.get(type(value), ()):
        raise GaveUpError(f"{type(value).__name__}.{name}")
    return lambda *given, **named: call_method(value, name, given, named, budget)


def call_method(value: Any, name: str, given: tuple[Any, ...], named: dict[str, Any], budget: Budget) -> Any:
    if name not in METHODS.get(type(value), ()):
        raise GaveUpError(f"{type(value).__name__}.{name}")
    given = readable(given, budget)
    if isinstance(value, str) and name in _GROWING:
        given = _bounded(value, given)
    if isinstance(value, str) and name == "format":
        check_format(value)
        if "." in value.replace(":.", "") or "[" in value or "!" in value or _NESTED.search(value):
            raise GaveUpError("format")
    budget.charge_for(value)
    result = checked(getattr(value, name)(*given, **named))
    checked(value)
    return result


def _bounded(value: str, given: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments of a method that makes texts longer; refused if the result could be too long."""
    given = tuple(list(x) if not isinstance(x, str | int) else x for x in given)
    sizes = [x if isinstance(x, int) else sum(map(len, x)) if isinstance(x, list) else len(x) for x in given]
    pieces = [len(x) for x in given if isinstance(x, list)]
    if (
        max([0, *sizes]) > SIZE
        or (len(value) + 1) * (max([0, *pieces, sizes[-1] if sizes else 0]) + 1) > 50 * SIZE
    ):
        raise GaveUpError("too large a value")
    return given


def readable(given: Iterable[Any], budget: Budget) -> tuple[Any, ...]:
    """Arguments made safe for a host function: what it would read without end is charged item by item."""
    safe = []
    for value in given:
        if isinstance(value, _SIZED_OK):
            budget.charge_deep(value)
        elif isinstance(value, range) or hasattr(value, "__next__"):
            value = budget.items(value)
        safe.append(value)
    return tuple(safe)


def call(function: Any, given: tuple[Any, ...], named: dict[str, Any], budget: Budget) -> Any:
    """A call of a host function with charged arguments and a checked result."""
    budget.charge()
    if function in _AS_GIVEN:
        if function in _DEEP and given:
            budget.charge_deep(given[0])
        return checked(function(*given, **named))
    return checked(function(*readable(given, budget), **named))


_AS_GIVEN = (len, range, reversed, bool, str, float, _isinstance, _type, _print)
"""Functions that read nothing to its end, or whose argument must stay what it is."""
_DEEP = (str,)
