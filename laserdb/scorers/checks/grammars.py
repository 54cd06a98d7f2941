"""Whether code parses in its language: tree-sitter, with grammars that come as wheels and load nothing."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

LANGUAGES = {
    "javascript": ("tree_sitter_javascript", "language"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "java": ("tree_sitter_java", "language"),
    "c": ("tree_sitter_c", "language"),
    "cpp": ("tree_sitter_cpp", "language"),
    "csharp": ("tree_sitter_c_sharp", "language"),
    "go": ("tree_sitter_go", "language"),
    "rust": ("tree_sitter_rust", "language"),
    "ruby": ("tree_sitter_ruby", "language"),
    "php": ("tree_sitter_php", "language"),
    "bash": ("tree_sitter_bash", "language"),
    "html": ("tree_sitter_html", "language"),
    "css": ("tree_sitter_css", "language"),
    "lua": ("tree_sitter_lua", "language"),
    "scala": ("tree_sitter_scala", "language"),
}
"""A language → the module that carries its grammar, and the function that gives it."""
MODULES = ("tree_sitter", *dict.fromkeys(module for module, _ in LANGUAGES.values()))
"""Import names of everything that the parsers need."""
_LABELS = {
    "js": "javascript",
    "jsx": "javascript",
    "node": "javascript",
    "ts": "typescript",
    "c++": "cpp",
    "cc": "cpp",
    "cxx": "cpp",
    "c#": "csharp",
    "cs": "csharp",
    "golang": "go",
    "rs": "rust",
    "rb": "ruby",
    "sh": "bash",
    "shell": "bash",
    "zsh": "bash",
}
MAX_CODE = 20_000
"""Characters above which code isn't parsed."""
_LEFT_OUT = re.compile(r"\.\.\.|…|<[a-z_ -]+>|\[[a-z_ ]+\]|\{\{|^\s*(?:\$|>|%) ", re.MULTILINE)
_SESSION = re.compile(r"^\s*(?:[$>%#]|[\w.-]+@[\w.-]+[:~])\s", re.MULTILINE)


def language_of(label: str) -> str | None:
    """The language that a fence's label names, if there is a grammar for it."""
    name = _LABELS.get(label, label)
    return name if name in LANGUAGES else None


@cache
def _parser(language: str) -> Parser:
    from tree_sitter import Language, Parser

    module, function = LANGUAGES[language]
    return Parser(Language(getattr(import_module(module), function)()))


def syntax_error(code: str, language: str) -> str | None:
    """Where the code isn't of the language; None if it parses, or leaves something out on purpose."""
    if not code.strip() or len(code) > MAX_CODE or "\x00" in code:
        return None
    if language == "bash" and _SESSION.search(code):
        return None
    if language == "php" and "<?" not in code:
        code = "<?php\n" + code
    root = _parser(language).parse(code.encode()).root_node
    if not root.has_error or (language not in ("html",) and _LEFT_OUT.search(code)):
        return None
    node = _first_error(root)
    if node is None:
        return None
    line = node.start_point[0] + 1
    return f"line {line}: {'missing ' + node.type if node.is_missing else 'unexpected text'}"


def _first_error(root: Node) -> Node | None:
    """The first node in error, found without recursion: a tree may be deep."""
    stack = [root]
    while stack:
        node = stack.pop()
        if node.is_error or node.is_missing:
            return node
        stack.extend(child for child in reversed(node.children) if child.has_error)
    return None
