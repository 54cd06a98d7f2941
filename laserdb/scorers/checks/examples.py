"""Check of a Python program against the examples that its request gives: asserts, doctests, "f(2) → 4"."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from laserdb.scorers.checks.code import python_blocks, python_tree
from laserdb.scorers.checks.trial import Function, GaveUpError, Program
from laserdb.scorers.checks.view import Finding, View, excerpt

MAX_EXAMPLES = 8
_HINT = re.compile(r"assert\b|>>>|->|→|➞|=>|==|\breturns?\b|\b[Oo]utputs?\b|\w\([^()\n]*\) ?=")
_ASSERT = re.compile(r"^[ \t]*(assert\b.*)$", re.MULTILINE)
_SESSION = re.compile(r"^[ \t]*>>> ?(.+)\n((?:[ \t]*(?!>>>)\S.*\n?)+)", re.MULTILINE)
_INLINE = re.compile(
    r"\b([A-Za-z_]\w*\([^\n]{0,200}?\))`?\s*(?:->|→|➞|=>|==|=|(?:should |must |would )?(?:return|give|"
    r"output|produce|"
    r"equal|evaluate to)s?|# (?:returns |Output: )?)\s*:?\s*`?([^\n]{1,200})"
)
_PAIR = re.compile(
    r"\binputs?\b[*_`]*\s*:[*_`]*[ \t]*\n?[ \t]*`?([^\n`]{1,200})`?\s*\n[\s*_`-]*\b(?:expected "
    r")?outputs?\b[*_`]*\s*:[*_`]*"
    r"[ \t]*\n?[ \t]*`?([^\n`]{1,200})",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Example:
    """A call and what it should give, or an assertion (`expected` is None); `text` says it in words."""

    call: ast.expr
    expected: ast.expr | None
    text: str


def failed_example(view: View) -> Finding | None:
    """The program doesn't give what an example in the request says, or fails on it.

    It is run by our own interpreter of a small part of Python (`trial`); nothing is said of a program that
    does more than that. Severe in the share of the examples that fail, at least half.
    """
    if not _HINT.search(view.instruction) or not python_blocks(view):
        return None
    program = _program(view)
    if program is None:
        return None
    failed, tried = [], 0
    for example in _examples(view.instruction, program):
        told = _try(program, example)
        if told is None:
            break  # the others would cost as much and tell as little
        tried += 1
        if told:
            failed.append(f"{excerpt(example.text, 80)}: {told}")
    if not failed:
        return None
    return Finding("failed_example", "; ".join(failed[:3]), 0.5 + len(failed) / tried / 2)


@lru_cache(maxsize=2)
def _program(view: View) -> Program | None:
    """The answer's code with its top level run; None if it can't be tried."""
    trees = [python_tree(block) for block in python_blocks(view)]
    body = [statement for tree in trees if tree is not None for statement in tree.body]
    if not any(isinstance(statement, ast.FunctionDef) for statement in body):
        return None
    try:
        return Program(ast.Module(body, []))
    except Exception:  # of the program that is tried, whatever it is
        return None


def _try(program: Program, example: Example) -> str | None:
    """What is wrong with the example's result; "" if nothing is; None if that can't be told."""
    try:
        found = program.evaluate(example.call)
        expected = None if example.expected is None else program.evaluate(example.expected)
    except GaveUpError:
        return None
    except Exception as error:  # of the program that is tried, whatever it is
        return f"raises {type(error).__name__}"
    if example.expected is None:
        return "" if found else "doesn't hold"
    if found is None and expected is not None and program.prints:
        return None  # what it shows may be what was meant
    return "" if _same(found, expected) else f"gives {excerpt(repr(found), 40)}"


def _same(found: Any, expected: Any) -> bool:
    if isinstance(found, float) and isinstance(expected, int | float):
        decimals = len(repr(expected).partition(".")[2]) if isinstance(expected, float) else 6
        return found == expected or abs(found - expected) <= 0.51 * 10.0 ** -min(decimals, 6)
    if isinstance(found, list | tuple) and isinstance(expected, list | tuple):
        return len(found) == len(expected) and all(map(_same, found, expected))
    return bool(found == expected)


def _examples(text: str, program: Program) -> Iterator[Example]:
    """At most `MAX_EXAMPLES`, all of functions that the program defines."""
    functions = {name: value for name, value in program.globals.values.items() if isinstance(value, Function)}
    count = 0
    for call, expected, said in _written(text, functions):
        names = {node.id for node in ast.walk(call) if isinstance(node, ast.Name)}
        if names & functions.keys() and count < MAX_EXAMPLES:
            count += 1
            yield Example(call, expected, said)


def _written(text: str, functions: dict[str, Function]) -> Iterator[tuple[ast.expr, ast.expr | None, str]]:
    for match in _ASSERT.finditer(text) if "assert" in text else ():
        statement = _statement(text[match.start(1) : match.start(1) + 1000])
        if isinstance(statement, ast.Assert):
            yield statement.test, None, ast.unparse(statement)
    for match in _SESSION.finditer(text) if ">>>" in text else ():
        shown = re.split(r"\n\s*(?:\n|\"{3}|'{3})", textwrap.dedent(match[2]).rstrip())[0]
        call, expected = _expression(match[1]), _literal(shown)
        if isinstance(call, ast.Call) and expected is not None:
            yield call, expected, f"{match[1]} → {ast.unparse(expected)}"
    for match in _INLINE.finditer(_ASSERT.sub("", text) if "assert" in text else text):
        call, expected = _expression(match[1]), _leading_literal(match[2])
        if isinstance(call, ast.Call) and expected is not None and _is_plain_call(call):
            yield call, expected, f"{match[1]} → {ast.unparse(expected)}"
    if len(functions) == 1:
        (name,) = functions
        for match in _PAIR.finditer(text):
            call, expected = _expression(f"{name}({match[1].strip()})"), _leading_literal(match[2])
            if isinstance(call, ast.Call) and expected is not None and _fits(call, functions[name]):
                yield call, expected, f"{match[1]} → {ast.unparse(expected)}"


def _statement(text: str) -> ast.stmt | None:
    """The statement that the text begins with, over as many lines as it takes."""
    lines = text.split("\n")
    for count in range(1, min(len(lines), 6) + 1):
        try:
            return ast.parse("\n".join(lines[:count])).body[0]
        except (SyntaxError, ValueError, IndexError, RecursionError, MemoryError):
            continue
    return None


def _expression(text: str) -> ast.expr | None:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _literal(text: str) -> ast.expr | None:
    """The expression, if it is a constant or a container of such."""
    found = _expression(text)
    return found if found is not None and all(map(_is_literal, ast.walk(found))) else None


def _leading_literal(text: str) -> ast.expr | None:
    """The literal that the text begins with; what follows in words ("4, because …") is left out."""
    text = text.replace("`", "").strip().strip("*").strip()
    for candidate in (
        text,
        text.rstrip(".,;:`*) "),
        re.split(r"(?<=[\])}'\"\w])[.,;]?\s+(?=[a-z(#])", text)[0].rstrip(".,;`"),
    ):
        if candidate and (found := _literal(candidate)) is not None:
            return found
    return None


def _is_literal(node: ast.AST) -> bool:
    return isinstance(
        node,
        ast.Constant | ast.List | ast.Tuple | ast.Dict | ast.Set | ast.UnaryOp | ast.USub | ast.expr_context,
    )


def _is_plain_call(call: ast.Call) -> bool:
    """Whether a name is called with literals only."""
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return isinstance(call.func, ast.Name) and all(_is_literal(n) for value in given for n in ast.walk(value))


def _fits(call: ast.Call, function: Function) -> bool:
    """Whether the literals in an "Input:" line are the function's arguments, by name or by number."""
    spec = function.node.args
    names = [argument.arg for argument in spec.args]
    required = len(names) - len(spec.defaults)
    if not _is_plain_call(call) or spec.vararg or spec.kwonlyargs:
        return False
    if call.keywords:
        return not call.args and {keyword.arg for keyword in call.keywords} == set(names)
    return required <= len(call.args) <= len(names) and (required == 1 or len(call.args) > 1)
