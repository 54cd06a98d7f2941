"""The value of an expression of a program in trial."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from laserdb.scorers.checks.trial import host
from laserdb.scorers.checks.trial.limits import (
    Budget,
    GaveUpError,
    check_format,
    check_power,
    check_product,
    checked,
)

_BINARY: Mapping[type, Callable[[Any, Any], Any]] = MappingProxyType(
    {
        ast.Add: operator.add,
        ast.Sub: operator.sub,
        ast.Mult: operator.mul,
        ast.Div: operator.truediv,
        ast.FloorDiv: operator.floordiv,
        ast.Mod: operator.mod,
        ast.Pow: operator.pow,
        ast.BitAnd: operator.and_,
        ast.BitOr: operator.or_,
        ast.BitXor: operator.xor,
        ast.LShift: operator.lshift,
        ast.RShift: operator.rshift,
    }
)
_UNARY: Mapping[type, Callable[[Any], Any]] = MappingProxyType(
    {ast.UAdd: operator.pos, ast.USub: operator.neg, ast.Not: operator.not_, ast.Invert: operator.invert}
)
_COMPARED: Mapping[type, Callable[[Any, Any], Any]] = MappingProxyType(
    {
        ast.Eq: operator.eq,
        ast.NotEq: operator.ne,
        ast.Lt: operator.lt,
        ast.LtE: operator.le,
        ast.Gt: operator.gt,
        ast.GtE: operator.ge,
        ast.Is: operator.is_,
        ast.IsNot: operator.is_not,
        ast.In: lambda item, holder: item in holder,
        ast.NotIn: lambda item, holder: item not in holder,
    }
)


class Scope:
    """Names of a function's body, with those around it; `outer` holds what is declared to belong there."""

    def __init__(self, around: Scope | None = None) -> None:
        self.values: dict[str, Any] = {}
        self.around = around
        self.outer: dict[str, Scope] = {}

    def get(self, name: str) -> Any:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.values:
                return scope.values[name]
            scope = scope.around
        raise NameError(name)

    def set(self, name: str, value: Any) -> None:
        self.outer.get(name, self).values[name] = value


class Evaluator:
    """Expressions; statements are the subclass's part."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget

    def value(self, node: ast.expr, scope: Scope) -> Any:
        self.budget.charge()
        kind = type(node).__name__
        work = getattr(self, f"_{kind.lower()}", None)
        if work is None:
            raise GaveUpError(kind)
        return work(node, scope)

    def assign(self, target: ast.expr, value: Any, scope: Scope) -> None:
        if isinstance(target, ast.Name):
            scope.set(target.id, value)
        elif isinstance(target, ast.Subscript):
            holder, key = self.value(target.value, scope), self.value(target.slice, scope)
            self.budget.charge_deep(key)
            holder[key] = value
            checked(holder)
        elif isinstance(target, ast.Tuple | ast.List):
            self._unpack(target.elts, list(self.iterate(value)), scope)
        else:
            raise GaveUpError("assignment")

    def _unpack(self, targets: list[ast.expr], values: list[Any], scope: Scope) -> None:
        starred = next((i for i, target in enumerate(targets) if isinstance(target, ast.Starred)), None)
        if starred is not None:
            rest = len(targets) - starred - 1
            if len(values) < len(targets) - 1:
                raise ValueError("not enough values to unpack")
            middle = values[starred : len(values) - rest]
            values = [*values[:starred], middle, *values[len(values) - rest :]]
        if len(values) != len(targets):
            raise ValueError("wrong number of values to unpack")
        for target, value in zip(targets, values, strict=True):
            self.assign(target.value if isinstance(target, ast.Starred) else target, value, scope)

    def iterate(self, values: Any) -> Iterator[Any]:
        return self.budget.items(values)

    def call(self, function: Any, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
        return host.call(function, given, named, self.budget)

    def _constant(self, node: ast.Constant, _scope: Scope) -> Any:
        return checked(node.value)

    def _name(self, node: ast.Name, scope: Scope) -> Any:
        return scope.get(node.id)

    def _elements(self, nodes: list[ast.expr], scope: Scope) -> list[Any]:
        found: list[Any] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                found.extend(self.iterate(self.value(node.value, scope)))
            else:
                found.append(self.value(node, scope))
        return found

    def _list(self, node: ast.List, scope: Scope) -> list[Any]:
        return self._elements(node.elts, scope)

    def _tuple(self, node: ast.Tuple, scope: Scope) -> tuple[Any, ...]:
        return tuple(self._elements(node.elts, scope))

    def _set(self, node: ast.Set, scope: Scope) -> set[Any]:
        items = self._elements(node.elts, scope)
        self.budget.charge_deep(items)
        return set(items)

    def _dict(self, node: ast.Dict, scope: Scope) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                found.update(self.value(value, scope))
            else:
                self.budget.charge_deep(name := self.value(key, scope))
                found[name] = self.value(value, scope)
        return found

    def _boolop(self, node: ast.BoolOp, scope: Scope) -> Any:
        found = None
        for part in node.values:
            found = self.value(part, scope)
            if bool(found) is isinstance(node.op, ast.Or):
                break
        return found

    def _ifexp(self, node: ast.IfExp, scope: Scope) -> Any:
        return self.value(node.body if self.value(node.test, scope) else node.orelse, scope)

    def _namedexpr(self, node: ast.NamedExpr, scope: Scope) -> Any:
        found = self.value(node.value, scope)
        self.assign(node.target, found, scope)
        return found

    def _unaryop(self, node: ast.UnaryOp, scope: Scope) -> Any:
        return _UNARY[type(node.op)](self.value(node.operand, scope))

    def _binop(self, node: ast.BinOp, scope: Scope) -> Any:
        return self.binary(node.op, self.value(node.left, scope), self.value(node.right, scope))

    def binary(self, op: ast.operator, left: Any, right: Any) -> Any:
        work = _BINARY.get(type(op))
        if work is None:
            raise GaveUpError(type(op).__name__)
        if isinstance(op, ast.Pow):
            check_power(left, right)
        elif isinstance(op, ast.Mult):
            check_product(left, right)
        elif isinstance(op, ast.LShift):
            check_power(2, right)
        elif isinstance(op, ast.Mod) and isinstance(left, str):
            check_format(left)
            self.budget.charge_deep(right)
        self.budget.charge_for(left)
        self.budget.charge_for(right)
        return checked(work(left, right))

    def _compare(self, node: ast.Compare, scope: Scope) -> Any:
        left, found = self.value(node.left, scope), True
        for op, other in zip(node.ops, node.comparators, strict=True):
            right = self.value(other, scope)
            self.budget.charge_deep(left)
            if hasattr(right, "__next__"):
                right = self.iterate(right)
            elif not isinstance(right, range):
                self.budget.charge_deep(right)
            found = _COMPARED[type(op)](left, right)
            if not found:
                break
            left = right
        return found

    def _subscript(self, node: ast.Subscript, scope: Scope) -> Any:
        holder, key = self.value(node.value, scope), self.value(node.slice, scope)
        if isinstance(holder, type):
            raise GaveUpError("subscript")
        self.budget.charge_deep(key)
        if isinstance(key, slice):
            self.budget.charge_for(holder)
        return holder[key]

    def _slice(self, node: ast.Slice, scope: Scope) -> slice:
        return slice(*(part and self.value(part, scope) for part in (node.lower, node.upper, node.step)))

    def _attribute(self, node: ast.Attribute, scope: Scope) -> Any:
        holder = self.value(node.value, scope)
        if isinstance(holder, host.Module):
            return holder.get(node.attr)
        return host.method(holder, node.attr, self.budget)

    def _call(self, node: ast.Call, scope: Scope) -> Any:
        function = self.value(node.func, scope)
        given = tuple(self._elements(node.args, scope))
        named: dict[str, Any] = {}
        for keyword in node.keywords:
            value = self.value(keyword.value, scope)
            named.update({keyword.arg: value} if keyword.arg else value)
        if not callable(function):
            raise TypeError("not callable")
        return self.call(function, given, named)

    def _joinedstr(self, node: ast.JoinedStr, scope: Scope) -> str:
        return str(checked("".join(str(self.value(part, scope)) for part in node.values)))

    def _formattedvalue(self, node: ast.FormattedValue, scope: Scope) -> str:
        value = self.value(node.value, scope)
        self.budget.charge_deep(value)
        spec = self.value(node.format_spec, scope) if node.format_spec else ""
        check_format(spec)
        if node.conversion != -1:
            value = repr(value) if node.conversion == ord("r") else str(value)
        return str(checked(format(value, spec)))

    def _listcomp(self, node: ast.ListComp, scope: Scope) -> list[Any]:
        return [self.value(node.elt, inner) for inner in self._looped(node.generators, scope)]

    def _setcomp(self, node: ast.SetComp, scope: Scope) -> set[Any]:
        return {self.value(node.elt, inner) for inner in self._looped(node.generators, scope)}

    def _dictcomp(self, node: ast.DictComp, scope: Scope) -> dict[Any, Any]:
        looped = self._looped(node.generators, scope)
        return {self.value(node.key, inner): self.value(node.value, inner) for inner in looped}

    def _generatorexp(self, node: ast.GeneratorExp, scope: Scope) -> Iterator[Any]:
        return (self.value(node.elt, inner) for inner in self._looped(node.generators, scope))

    def _looped(self, generators: list[ast.comprehension], scope: Scope) -> Iterator[Scope]:
        first, *rest = generators
        inner = Scope(scope)
        for item in self.iterate(self.value(first.iter, scope)):
            self.assign(first.target, item, inner)
            if all(self.value(test, inner) for test in first.ifs):
                if rest:
                    yield from self._looped(rest, inner)
                else:
                    yield inner
