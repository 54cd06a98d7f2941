"""The small language in which a judge's file says what its score is: fields, arithmetic, a few functions.

It is Python's syntax, parsed by Python and evaluated here, node by node; what isn't listed below is refused
when the file is read. `tags.name` of a list of objects is the list of their names.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from laserdb.plugins import unknown

_LONGEST = 2_000


class ExpressionError(ValueError):
    """What is wrong with an expression, or with the value that it was given."""


def _numbers(values: Iterable[Any]) -> list[float]:
    return [_number(value) for value in values]


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ExpressionError(f"{value!r} is no number")
    return value


def _items(args: tuple[Any, ...]) -> list[Any]:
    """The arguments, or the items of a single list; there must be some."""
    items = args[0] if len(args) == 1 and isinstance(args[0], list) else list(args)
    if not items:
        raise ExpressionError("an empty list has no such value")
    return list(items)


def _mean(*args: Any) -> float:
    items = _numbers(_items(args))
    return sum(items) / len(items)


def _std(*args: Any) -> float:
    middle = _mean(*args)
    return math.sqrt(_mean([(value - middle) ** 2 for value in _items(args)]))


def _argmax(values: list[Any]) -> int:
    items = _numbers(_items((values,)))
    return items.index(max(items))


def _unique(values: list[Any]) -> list[Any]:
    kept: list[Any] = []
    for value in values:
        if value not in kept:
            kept.append(value)
    return kept


def _len(value: Any) -> int:
    if not isinstance(value, list | str):
        raise ExpressionError(f"{value!r} has no length")
    return len(value)


def _to_number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ExpressionError(f"{value!r} is no number") from None


def _lower(value: Any) -> Any:
    return [_lower(one) for one in value] if isinstance(value, list) else str(value).strip().lower()


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "abs": lambda value: abs(_number(value)),
    "all": lambda values: all(values),
    "any": lambda values: any(values),
    "argmax": _argmax,
    "len": _len,
    "lower": _lower,
    "max": lambda *args: max(_numbers(_items(args))),
    "mean": _mean,
    "min": lambda *args: min(_numbers(_items(args))),
    "number": _to_number,
    "round": lambda value, digits=0: round(_number(value), int(digits)),
    "std": _std,
    "sum": lambda *args: sum(_numbers(_items(args))) if args != ([],) else 0,
    "unique": _unique,
}
"""What may be called. `std` is the population's; `argmax` counts from 0; `number` reads a string."""
_ARITHMETIC: Mapping[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip
_COMPARISONS: Mapping[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Gt: operator.gt, ast.GtE: operator.ge, ast.In: lambda a, b: a in b, ast.NotIn: lambda a, b: a not in b,
}  # fmt: skip
_KEYWORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None}


class Expression:
    """An expression that was found to be safe; `names` are the fields that it reads."""

    def __init__(self, text: str, known: Iterable[str] | None = None) -> None:
        """Raises ExpressionError for what the language hasn't, and for names not among `known`."""
        if len(text) > _LONGEST:
            raise ExpressionError(f"longer than {_LONGEST} characters")
        try:
            self._tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise ExpressionError(f"{text!r} is no expression: {getattr(error, 'msg', error)}") from None
        self.text = text
        self.names: set[str] = set()
        self._check(self._tree)
        for name in sorted(self.names if known is None else self.names - set(known)):
            if known is not None:
                raise ExpressionError(unknown("field", name, known))

    def __call__(self, values: Mapping[str, Any]) -> Any:
        """The value. Raises ExpressionError for a missing field, a wrong type or a division by zero."""
        try:
            return self._value(self._tree, values)
        except (TypeError, ArithmeticError, IndexError, ValueError, RecursionError) as error:
            raise ExpressionError(f"{self.text}: {error}") from None

    def _check(self, node: ast.AST) -> None:
        """Refuse every kind of node that `_value` doesn't know."""
        children = list(ast.iter_child_nodes(node))
        match node:
            case ast.Constant(value=bool() | int() | float() | str() | None):
                return
            case ast.Name(id=name):
                if name not in _KEYWORDS:
                    self.names.add(name)
                return
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                if name not in FUNCTIONS:
                    raise ExpressionError(unknown("function", name, FUNCTIONS))
                children = list(args)
            case ast.Attribute(value=value, attr=attr):
                if attr.startswith("_"):
                    raise ExpressionError(f"{attr!r} is no field")
                children = [value]
            case ast.Subscript(value=value, slice=ast.Constant(value=int() | str())):
                children = [value]
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                children = [left, right]
            case ast.Compare(left=left, ops=ops, comparators=rest) if all(
                type(o) in _COMPARISONS for o in ops
            ):
                children = [left, *rest]
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() | ast.Not(), operand=operand):
                children = [operand]
            case ast.BoolOp(values=values):
                children = list(values)
            case ast.IfExp() | ast.List():
                children = [child for child in children if isinstance(child, ast.expr)]
            case _:
                what = ast.unparse(node) if isinstance(node, ast.expr) else type(node).__name__
                raise ExpressionError(f"{what!r} is not part of the language of scores")
        for child in children:
            self._check(child)

    def _value(self, node: ast.AST, values: Mapping[str, Any]) -> Any:
        def of(child: ast.AST) -> Any:
            return self._value(child, values)

        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return _KEYWORDS[name] if name in _KEYWORDS else _field(values, name)
            case ast.Call(func=ast.Name(id=name), args=args):
                return FUNCTIONS[name](*map(of, args))
            case ast.Attribute(value=inner, attr=attr):
                return _field(of(inner), attr)
            case ast.Subscript(value=inner, slice=ast.Constant(value=key)):
                return of(inner)[key] if isinstance(key, int) else _field(of(inner), str(key))
            case ast.BinOp(left=left, op=op, right=right):
                return _ARITHMETIC[type(op)](_number(of(left)), _number(of(right)))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return not of(operand)
            case ast.UnaryOp(op=op, operand=operand):
                return -_number(of(operand)) if isinstance(op, ast.USub) else _number(of(operand))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return of(body) if of(test) else of(orelse)
            case ast.List(elts=items):
                return [of(item) for item in items]
            case ast.BoolOp(op=op, values=parts):
                stops = isinstance(op, ast.Or)
                return stops if any(bool(of(part)) is stops for part in parts) else not stops
            case ast.Compare(left=left, ops=ops, comparators=rest):
                items = [of(left), *map(of, rest)]
                pairs = zip(ops, items, items[1:], strict=False)
                return all(_COMPARISONS[type(o)](one, other) for o, one, other in pairs)
        raise ExpressionError(f"{type(node).__name__} got past the check")


def _field(value: Any, name: str) -> Any:
    """A field of an object; of a list of objects, the list of that field of each."""
    if isinstance(value, list):
        return [_field(one, name) for one in value]
    if not isinstance(value, Mapping) or name not in value:
        raise ExpressionError(f"the answer has no field {name}")
    return value[name]
