"""Running the statements of a program in trial."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from laserdb.scorers.checks.trial import host
from laserdb.scorers.checks.trial.expressions import Evaluator, Scope
from laserdb.scorers.checks.trial.limits import DEPTH, Budget, GaveUpError, checked


class _ReturnError(Exception):
    def __init__(self, value: Any) -> None:
        self.value = value


class _BreakError(Exception):
    pass


class _ContinueError(Exception):
    pass


class Function:
    """A function of the program; callable, so that builtin functions can take it as a key."""

    def __init__(self, program: Program, node: ast.FunctionDef | ast.Lambda, scope: Scope) -> None:
        self.program, self.node, self.scope = program, node, scope
        self.defaults = [program.value(default, scope) for default in node.args.defaults]
        self.named_defaults = [default and program.value(default, scope) for default in node.args.kw_defaults]

    def __call__(self, *given: Any, **named: Any) -> Any:
        return self.program.run_function(self, given, named)


class Program(Evaluator):
    """A module whose top level has been run; `holds` and `evaluate` try further code on it.

    Raises what the program raises, or GaveUpError where it does what isn't supported or takes too long.
    """

    def __init__(self, tree: ast.Module) -> None:
        super().__init__(Budget())
        self.globals = Scope()
        self.prints = any(isinstance(node, ast.Name) and node.id == "print" for node in ast.walk(tree))
        self.globals.values.update(host.names())
        main = [statement for statement in tree.body if not _is_main(statement)]
        self._guarded(lambda: self.run(main, self.globals))

    def evaluate(self, node: ast.expr) -> Any:
        """The value of an expression, with a budget of its own."""
        self.budget.left = Budget().left
        return self._guarded(lambda: self.value(node, Scope(self.globals)))

    def holds(self, test: ast.Assert) -> bool:
        """Whether an assertion holds."""
        return bool(self.evaluate(test.test))

    def _guarded(self, work: Any) -> Any:
        try:
            return work()
        except (RecursionError, MemoryError, _ReturnError, _BreakError, _ContinueError) as error:
            raise GaveUpError(type(error).__name__) from None

    def run(self, statements: Sequence[ast.stmt], scope: Scope) -> None:
        for statement in statements:
            self.budget.charge()
            kind = type(statement).__name__
            work = getattr(self, f"run_{kind.lower()}", None)
            if work is None:
                raise GaveUpError(kind)
            work(statement, scope)

    def call(self, function: Any, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
        return (
            function(*given, **named)
            if isinstance(function, Function)
            else super().call(function, given, named)
        )

    def run_function(self, function: Function, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
        self.budget.charge()
        if self.budget.depth >= DEPTH:
            raise GaveUpError("too deep")
        scope = Scope(function.scope)
        _bind(function, given, named, scope)
        self.budget.depth += 1
        try:
            if isinstance(function.node, ast.Lambda):
                return self.value(function.node.body, scope)
            self.run(function.node.body, scope)
        except _ReturnError as told:
            return told.value
        finally:
            self.budget.depth -= 1
        return None

    def run_functiondef(self, node: ast.FunctionDef, scope: Scope) -> None:
        if _yields(node):
            raise GaveUpError("generator")
        function: Any = Function(self, node, scope)
        for decorator in reversed(node.decorator_list):
            function = self.call(self.value(decorator, scope), (function,), {})
        scope.set(node.name, function)

    def _lambda(self, node: ast.Lambda, scope: Scope) -> Function:
        return Function(self, node, scope)

    def run_return(self, node: ast.Return, scope: Scope) -> None:
        raise _ReturnError(self.value(node.value, scope) if node.value else None)

    def run_expr(self, node: ast.Expr, scope: Scope) -> None:
        self.value(node.value, scope)

    def run_pass(self, _node: ast.Pass, _scope: Scope) -> None:
        pass

    def run_break(self, _node: ast.Break, _scope: Scope) -> None:
        raise _BreakError

    def run_continue(self, _node: ast.Continue, _scope: Scope) -> None:
        raise _ContinueError

    def run_assign(self, node: ast.Assign, scope: Scope) -> None:
        value = self.value(node.value, scope)
        for target in node.targets:
            self.assign(target, value, scope)

    def run_annassign(self, node: ast.AnnAssign, scope: Scope) -> None:
        if node.value is not None:
            self.assign(node.target, self.value(node.value, scope), scope)

    def run_augassign(self, node: ast.AugAssign, scope: Scope) -> None:
        old = self.value(node.target, scope)
        new = self.value(node.value, scope)
        if isinstance(node.op, ast.Add) and isinstance(old, list):
            old.extend(self.iterate(new))  # in place, as others may hold the list
            checked(old)
            self.assign(node.target, old, scope)
        else:
            self.assign(node.target, self.binary(node.op, old, new), scope)

    def run_delete(self, node: ast.Delete, scope: Scope) -> None:
        for target in node.targets:
            if not isinstance(target, ast.Subscript):
                raise GaveUpError("del")
            del self.value(target.value, scope)[self.value(target.slice, scope)]

    def run_if(self, node: ast.If, scope: Scope) -> None:
        self.run(node.body if self.value(node.test, scope) else node.orelse, scope)

    def run_while(self, node: ast.While, scope: Scope) -> None:
        while self.value(node.test, scope):
            if self._breaks(node.body, scope):
                return
        self.run(node.orelse, scope)

    def run_for(self, node: ast.For, scope: Scope) -> None:
        for item in self.iterate(self.value(node.iter, scope)):
            self.assign(node.target, item, scope)
            if self._breaks(node.body, scope):
                return
        self.run(node.orelse, scope)

    def _breaks(self, body: list[ast.stmt], scope: Scope) -> bool:
        """Runs a loop's body once; whether it breaks out of the loop."""
        try:
            self.run(body, scope)
        except _BreakError:
            return True
        except _ContinueError:
            pass
        return False

    def run_global(self, node: ast.Global, scope: Scope) -> None:
        for name in node.names:
            scope.outer[name] = self.globals

    def run_nonlocal(self, node: ast.Nonlocal, scope: Scope) -> None:
        for name in node.names:
            around = scope.around
            while around is not None and name not in around.values:
                around = around.around
            scope.outer[name] = around or self.globals

    def run_assert(self, node: ast.Assert, scope: Scope) -> None:
        if not self.value(node.test, scope):
            raise AssertionError

    def run_raise(self, node: ast.Raise, scope: Scope) -> None:
        error = self.value(node.exc, scope) if node.exc else None
        error = error() if isinstance(error, type) else error
        if not isinstance(error, Exception):
            raise GaveUpError("raise")
        raise error

    def run_try(self, node: ast.Try, scope: Scope) -> None:
        try:
            self.run(node.body, scope)
        except (_ReturnError, _BreakError, _ContinueError, GaveUpError, RecursionError, MemoryError):
            self.run(node.finalbody, scope)
            raise
        except Exception as error:
            handler = next((h for h in node.handlers if self._catches(h, error, scope)), None)
            if handler is None:
                self.run(node.finalbody, scope)
                raise
            if handler.name:
                scope.set(handler.name, error)
            self.run(handler.body, scope)
        else:
            self.run(node.orelse, scope)
        self.run(node.finalbody, scope)

    def _catches(self, handler: ast.ExceptHandler, error: Exception, scope: Scope) -> bool:
        if handler.type is None:
            return True
        return isinstance(error, self.value(handler.type, scope))

    def run_import(self, node: ast.Import, scope: Scope) -> None:
        for alias in node.names:
            scope.set(alias.asname or alias.name.partition(".")[0], host.Module(alias.name))

    def run_importfrom(self, node: ast.ImportFrom, scope: Scope) -> None:
        module = host.Module(node.module or "")
        for alias in node.names:
            if node.module != "typing":
                scope.set(alias.asname or alias.name, module.get(alias.name))


def _is_main(statement: ast.stmt) -> bool:
    """`if __name__ == "__main__":`, or an expression that stands alone: often an example, or a docstring."""
    if isinstance(statement, ast.If):
        return any(isinstance(n, ast.Name) and n.id == "__name__" for n in ast.walk(statement.test))
    return isinstance(statement, ast.Expr)


def _yields(node: ast.FunctionDef) -> bool:
    return any(isinstance(part, ast.Yield | ast.YieldFrom | ast.Await) for part in ast.walk(node))


def _bind(function: Function, given: tuple[Any, ...], named: dict[str, Any], scope: Scope) -> None:
    """The arguments under the parameters' names, as Python binds them; TypeError where they don't fit."""
    spec = function.node.args
    names = [a.arg for a in (*spec.posonlyargs, *spec.args)]
    if len(given) > len(names) and spec.vararg is None:
        raise TypeError("too many arguments")
    values = dict(zip(names, given, strict=False))
    for name in named:
        if name in values or (
            name not in names and name not in [a.arg for a in spec.kwonlyargs] and not spec.kwarg
        ):
            raise TypeError(f"unexpected argument {name}")
    for name, default in zip(names[len(names) - len(function.defaults) :], function.defaults, strict=True):
        values.setdefault(name, named.get(name, default))
    for argument, default in zip(spec.kwonlyargs, function.named_defaults, strict=True):
        values[argument.arg] = named.get(argument.arg, default)
    for name in names:
        if name not in values:
            if name not in named:
                raise TypeError(f"missing argument {name}")
            values[name] = named[name]
    if spec.vararg:
        values[spec.vararg.arg] = given[len(names) :]
    if spec.kwarg:
        values[spec.kwarg.arg] = {name: value for name, value in named.items() if name not in values}
    scope.values.update(values)
