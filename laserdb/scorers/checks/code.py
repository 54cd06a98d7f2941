"""Checks of code: Python and JSON that don't parse, code that was asked for and isn't there."""

from __future__ import annotations

import ast
import json
import re
import textwrap
import warnings
from functools import lru_cache

from laserdb.scorers.checks import grammars
from laserdb.scorers.checks.view import Finding, View, excerpt

MAX_CODE = 20_000
"""Characters above which code isn't parsed: a parser's stack is not bounded by ours."""
MAX_NESTING = 80
"""Open brackets above which code isn't parsed, for the same reason."""

_PYTHON_LABELS = frozenset({"python", "py", "python3"})
_PYTHON_START = re.compile(r"(?:def \w+ ?\(|class \w+ ?[:(]|import \w+|from [\w.]+ import |@\w+|async def )")
_PYTHON_MARK = re.compile(r"^\s*(?:def \w+ ?\(|import \w|from [\w.]+ import )", re.MULTILINE)
_OTHER_LANGUAGE = re.compile(
    r"\b(?:java|javascript|typescript|ruby|rust|golang|kotlin|swift|scala|haskell|julia|groovy|lua|php|perl|"
    r"bash|shell|pseudo-?code|cython|mojo|elixir|dart|matlab)\b|c\+\+|c#|python ?2"
)
_NOT_PYTHON = re.compile(
    r"^\s*(?:>>>|\$ |pip3? install|conda |python3? |%%|\{%)|<[a-z_ ]+ here>|\[\.\.\.\]", re.MULTILINE
)
_MAGIC = re.compile(r"^[ \t]*[!%].*$", re.MULTILINE)
_BARE_FIRST = re.compile(
    r"(?:[#@]|[A-Z_a-z]\w* ?= ?\S|\"\"\"|'''|(?:for|while|if|with|try|async)\b.*:|print ?\(|[\w., "
    r"]{1,60} = \S)"
)
_DOCSTRING = re.compile(r"\"{3}.*?\"{3}|'{3}.*?'{3}", re.DOTALL)
_PARTIAL_START = re.compile(r"\s*(?:else\b|elif\b|except\b|finally\b|case\b|[.)\]}])")
_PROSE_LINE = re.compile(r"^(?:[A-Z][\w'’]*,?)(?: [\w'’,()`/\"-]+){4}.*[.:!?]$", re.MULTILINE)
_ELLIPSIS = re.compile(r"\.\.\.|…")
_JSON_ASK = re.compile(r"\b(?:as|return|output) (?:an? )?(?:valid |single )?json\b(?! file| schema| parser)")
_JSON_COMMENT = re.compile(r"^\s*(?://|#|/\*)|(?:^|\s)// ", re.MULTILINE)

_CODE_ASK = re.compile(
    r"(?:^|[.!?] )(?:please |can you |could you )*(?:write|create|implement|develop|code|"
    r"build)\b[^.?!\n]{0,40}?"
    r"\b(?:python|javascript|java|c\+\+|c#|sql|bash|shell|html|css|typescript|ruby|golang|rust|"
    r"php)\b[^.?!\n]{0,30}?"
    r"\b(?:function|program|script|code|query|class|method|snippet|command|page|algorithm)\b"
)
_CODE_SIGNS = re.compile(r"[(){}\[\]=;<>|$`]|^\s*\w+ -", re.MULTILINE)


def python_syntax(view: View) -> Finding | None:
    """A block labelled Python, or an unfenced answer that is Python, doesn't compile as Python 3."""
    for block in python_blocks(view):
        if (error := python_error(block)) is not None:
            return Finding("python_syntax", error)
    return None


@lru_cache(maxsize=4)
def python_blocks(view: View) -> tuple[str, ...]:
    """The answer's Python: blocks labelled so, or the whole answer if it is bare Python."""
    if view.clipped or "python 2" in view.ask_lower or "python2" in view.ask_lower:
        return ()
    blocks = [fence.body for fence in view.fences if fence.label in _PYTHON_LABELS]
    return (view.response,) if not view.fences and _is_bare_python(view) else tuple(blocks)


def code_syntax(view: View) -> Finding | None:
    """A block labelled with another language doesn't parse in it."""
    if view.clipped or view.unclosed:
        return None
    for fence in view.fences:
        language = grammars.language_of(fence.label)
        if language and (error := grammars.syntax_error(fence.body, language)) is not None:
            return Finding("code_syntax", f"{language}, {error}")
    return None


def _is_bare_python(view: View) -> bool:
    """Whether the whole response is Python: asked for (or nothing else was), looks so, and has no prose."""
    text = view.response
    if _OTHER_LANGUAGE.search(view.ask_lower) or not _PYTHON_MARK.search(text):
        return False
    asked = "python" in view.ask_lower or "function" in view.ask_lower
    if not _PYTHON_START.match(text) and not (asked and _BARE_FIRST.match(text)):
        return False
    # Another language's braces and semicolons, or an explanation around the code.
    if (
        "`" in text
        or "</" in text
        or any(line == "end" or line.endswith((";", ") {", "){")) for line in view.lines)
    ):
        return False
    return not _PROSE_LINE.search(_DOCSTRING.sub('""', text))


def python_error(code: str) -> str | None:
    """Why the code isn't Python, or None if it is, or can't be expected to be (transcript, fragment)."""
    if not code.strip() or len(code) > MAX_CODE or _too_nested(code):
        return None
    if _NOT_PYTHON.search(_DOCSTRING.sub('""', code) if ">>>" in code else code):
        return None
    if "\x00" in code or _PARTIAL_START.match(code):
        return None
    text = plain_python(code)
    error = _syntax_error(textwrap.dedent(text))
    if error is not None and text[:1].isspace():
        error = _syntax_error(text) and error
    if error is None or _is_fragment(code, error):
        return None
    return f"line {error.lineno}: {excerpt(error.msg or 'invalid syntax')}: {excerpt(error.text or '', 40)}"


def plain_python(code: str) -> str:
    """The code without notebook magic, with tabs as spaces."""
    return _MAGIC.sub("", code.expandtabs(8)) if "%" in code or "!" in code else code.expandtabs(8)


def python_tree(code: str) -> ast.Module | None:
    """The parsed code; None if it doesn't compile or is too large to try."""
    if len(code) > MAX_CODE or _too_nested(code) or "\x00" in code:
        return None
    tree = _compiled(textwrap.dedent(plain_python(code)))
    return tree if isinstance(tree, ast.Module) else None


@lru_cache(maxsize=8)
def _compiled(code: str) -> ast.Module | SyntaxError | None:
    """The tree of code that compiles, else the error; None where the compiler gives up."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(code)
            compile(tree, "answer", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        except SyntaxError as error:
            return error
        except (RecursionError, MemoryError, ValueError):
            return None
    return tree


def _syntax_error(code: str) -> SyntaxError | None:
    found = _compiled(code)
    return found if isinstance(found, SyntaxError) else None


def _is_fragment(code: str, error: SyntaxError) -> bool:
    """A snippet that leaves something out on purpose: an ellipsis, or a body that is only a comment."""
    if _ELLIPSIS.search(code):
        return True
    if "outside" in (error.msg or ""):
        return True
    return "expected an indented block" in (error.msg or "") and "#" in code


def _too_nested(code: str) -> bool:
    depth = deepest = 0
    for char in code:
        if char in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in ")]}":
            depth -= 1
    return deepest > MAX_NESTING


def json_syntax(view: View) -> Finding | None:
    """A block labelled JSON, or an answer in braces to a request for JSON, doesn't parse."""
    if view.clipped:
        return None
    blocks = [fence.body for fence in view.fences if fence.label == "json"]
    text = view.response
    if not view.fences and "json" in view.ask_lower and text[:1] == "{" and text[-1:] == "}":
        blocks = [text]
    if "{" not in text and "[" not in text and "json" in view.ask_lower and _JSON_ASK.search(view.ask_lower):
        return Finding("json_syntax", "JSON was asked for and there is none")
    for block in blocks:
        if (error := json_error(block)) is not None:
            return Finding("json_syntax", error)
    return None


def json_error(text: str) -> str | None:
    """Why the text isn't JSON, or None if it is, or is JSON lines, commented or abbreviated."""
    text = text.strip()
    if len(text) > MAX_CODE or text[:1] not in ("{", "[") or _too_nested(text):
        return None
    if _ELLIPSIS.search(text) or _JSON_COMMENT.search(text):
        return None
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return None if _is_json_lines(text) else f"line {error.lineno}: {excerpt(error.msg)}"
    except (RecursionError, ValueError):
        return None
    return None


def _is_json_lines(text: str) -> bool:
    try:
        return all(isinstance(json.loads(line), dict | list) for line in text.split("\n") if line.strip())
    except (RecursionError, ValueError):
        return False


def no_code(view: View) -> Finding | None:
    """A program in a named language was asked for and the response has no sign of code."""
    if not _CODE_ASK.search(view.ask_lower) or _CODE_SIGNS.search(view.response) or view.is_code:
        return None
    return Finding("no_code", "no code in the response")
