"""Checks of a program against its request: the name asked for, a result, names that are never defined."""

from __future__ import annotations

import ast
import builtins
import re
import symtable
import textwrap
import warnings
from collections.abc import Iterator
from functools import lru_cache

from laserdb.scorers.checks.code import plain_python, python_blocks, python_tree
from laserdb.scorers.checks.view import Finding, View, vocabulary

_TESTED = re.compile(
    r"\bassert\s+(?:not\s+)?\(?\s*(?:(?:set|sorted|list|tuple|round|len|str|abs|"
    r"math\.isclose)\(\s*)?([A-Za-z_]\w*)\s*\("
)
_NAMED = re.compile(
    r"\b(?:function|method|class|def|func|procedure|subroutine)\s+(?:named|"
    r"called)\s+[`'\"“]?([A-Za-z_]\w{2,})|"
    r"\bfunction\s+[`'\"“]([A-Za-z_]\w*)|\bdef\s+([A-Za-z_]\w*)\s*\([^\n]*\n(?!(?:.*\n)*[ \t]+return\b)"
)
_WRAPPERS = frozenset(
    (
        "set",
        "sorted",
        "list",
        "tuple",
        "round",
        "len",
        "str",
        "abs",
        "sum",
        "isinstance",
        "all",
        "any",
        "type",
        "max",
        "min",
    )
)
_KNOWN = frozenset(dir(builtins)) | {
    "__name__",
    "__file__",
    "__doc__",
    "self",
    "cls",
    "_",
    "__builtins__",
    "__class__",
    "__module__",
    "__qualname__",
}
_RETURNING = re.compile(r"\b[Rr]eturns?\b|\bassert\b[^\n]*==")
_DEFINED = (
    r"(?:\b{0}\s*[=(:<]|\b(?:class|struct|def|fn|func|function|interface|sub|type|const|let|var)\s+{0}\b)"
)


@lru_cache(maxsize=4)
def _trees(view: View) -> tuple[ast.Module, ...]:
    return tuple(tree for block in python_blocks(view) if (tree := python_tree(block)) is not None)


def missing_name(view: View) -> Finding | None:
    """The function or class that the instruction names, or whose tests it shows, is nowhere defined."""
    names = _asked_names(view)
    if not names or not (view.fences or view.is_code or _trees(view)):
        return None
    code = "\n".join(fence.body for fence in view.fences) or view.response
    for name in names:
        if not re.search(_DEFINED.format(re.escape(name)), code) or not _defines(view, name):
            return Finding("missing_name", f"{name} is asked for and not defined")
    return None


def _asked_names(view: View) -> list[str]:
    text = view.instruction
    if "assert" in text and (tested := [n for n in _TESTED.findall(text) if n not in _WRAPPERS]):
        return list(dict.fromkeys(tested))[:1]
    if "function" in text or "def " in text or "method" in text or "class" in text:
        found = (next(g for g in groups if g) for groups in _NAMED.findall(view.ask))
        return [name for name in dict.fromkeys(found) if name.lower() not in _NO_NAMES][:1]
    return []


_NO_NAMES = vocabulary(
    "that which and for with the this main function method class from test tests foo returns should takes"
)


def _defines(view: View, name: str) -> bool:
    """Whether Python code, where the answer has any, binds the name; another language's isn't looked into."""
    trees = _trees(view)
    return not trees or any(name in _bound(tree) for tree in trees)


def _bound(tree: ast.Module) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names.update(alias.asname or alias.name.partition(".")[0] for alias in node.names)
    return names


def no_result(view: View) -> Finding | None:
    """The function that tests call for its value returns nothing."""
    if not _trees(view) or not _RETURNING.search(view.instruction):
        return None
    for name in _asked_names(view):
        for tree in _trees(view):
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef) and node.name == name and not _gives(node):
                    return Finding("no_result", f"{name} returns nothing")
    return None


def _gives(function: ast.FunctionDef) -> bool:
    """Whether the function's own body returns or yields a value, or is left as a stub."""
    if all(
        isinstance(s, ast.Pass | ast.Raise) or (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
        for s in function.body
    ):
        return False
    stack: list[ast.AST] = list(function.body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom) or (
            isinstance(node, ast.Return) and node.value is not None
        ):
            return True
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            stack.extend(ast.iter_child_nodes(node))
    return False


def useless_function(view: View) -> Finding | None:
    """A lone function computes something and neither returns, yields, prints, changes nor calls anything."""
    trees = _trees(view)
    if len(trees) != 1 or _asked_names(view):
        return None
    functions = [node for node in trees[0].body if isinstance(node, ast.FunctionDef)]
    if len(functions) != 1 or _gives(functions[0]):
        return None
    for node in ast.walk(functions[0]):
        if isinstance(node, ast.Global | ast.Nonlocal | ast.Raise | ast.Assert | ast.Delete | ast.With):
            return None
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
            return None
        # A call that stands alone is made for its effect; nothing is known of what it does.
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Await):
            return None
    return Finding("no_result", f"{functions[0].name} returns nothing and changes nothing")


def undefined_name(view: View) -> Finding | None:
    """Python code reads a global name that it never binds, and that is no builtin."""
    trees = _trees(view)
    # Several blocks build on each other, and a fragment on what the instruction shows.
    if len(trees) != 1 or not any(isinstance(n, ast.FunctionDef | ast.ClassDef) for n in trees[0].body):
        return None
    bound = set().union(*map(_bound, trees))
    if any(isinstance(n, ast.ImportFrom) and any(a.name == "*" for a in n.names) for n in ast.walk(trees[0])):
        return None
    for name in _read_globals(textwrap.dedent(plain_python(python_blocks(view)[0]))):
        if (
            name not in bound
            and name not in _KNOWN
            and not re.search(rf"\b{re.escape(name)}\b", view.instruction)
        ):
            return Finding("undefined_name", f"{name} is never defined")
    return None


def _read_globals(code: str) -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tables = [symtable.symtable(code, "answer", "exec")]
        except (SyntaxError, ValueError, RecursionError):
            return
    while tables:
        table = tables.pop()
        tables.extend(table.get_children())
        top = table.get_type() == "module"
        for symbol in table.get_symbols():
            if symbol.is_referenced() and (
                symbol.is_global() or (top and not symbol.is_assigned() and not symbol.is_imported())
            ):
                yield symbol.get_name()
