"""Code that parses in its language, code that doesn't, and code that leaves something out on purpose."""

import pytest

from laserdb.scorers.checks.grammars import LANGUAGES, MODULES, language_of, syntax_error

WHOLE = {
    "javascript": "const f = async (x) => { await g(x); };",
    "typescript": "interface A { b: number }\nfunction f(a: A): number { return a.b }",
    "tsx": "const a = <p>{x as string}</p>;",
    "java": "public class A { int f(int x) { return x + 1; } }",
    "c": "int main(void) { return 0; }",
    "cpp": "#include <vector>\nint f(std::vector<int> &v) { return v.size(); }",
    "csharp": "class A { public int F(int x) => x + 1; }",
    "go": "package main\nfunc f(x int) int { return x }",
    "rust": "fn f(x: &str) -> Option<u8> { x.parse().ok() }",
    "ruby": "def f(x)\n  x.map { |y| y + 1 }\nend",
    "php": "function f($x) { return $x + 1; }",
    "bash": 'for f in *.txt; do echo "$f"; done',
    "html": "<ul><li>a</li></ul>",
    "css": "p { color: red; }",
    "lua": "local function f(x) return x + 1 end",
    "scala": "object A { def f(x: Int): Int = x + 1 }",
}
BROKEN = {
    "javascript": "const f = (x => { return x; };",
    "typescript": "function f(a: : number) { return a }",
    "tsx": "const a = <p>{x</p>;",
    "java": "public class A { int f(int x) { return x + 1; }",
    "c": "int main(void) { return 0",
    "cpp": "int f(std::vector<int> &v { return v.size(); }",
    "csharp": "class A { public int F(int x { return x; } }",
    "go": "package main\nfunc f(x int int { return x }",
    "rust": "fn f(x: &str) -> { x.parse().ok() ",
    "ruby": "def f(x)\n  x.map { |y| y + 1\nend",
    "php": "function f($x { return $x + 1; }",
    "bash": 'for f in *.txt; do echo "$f"',
    "html": "<ul><li>a</p></ul",
    "css": "p { color: red; ",
    "lua": "local function f(x return x + 1 end",
    "scala": "object A { def f(x: Int: Int = x + 1 }",
}


def test_every_language_has_both_cases():
    assert LANGUAGES.keys() == WHOLE.keys() == BROKEN.keys()
    assert MODULES[0] == "tree_sitter"


@pytest.mark.parametrize("language", LANGUAGES)
def test_parses_or_not(language):
    assert syntax_error(WHOLE[language], language) is None
    assert (syntax_error(BROKEN[language], language) or "").startswith("line ")


@pytest.mark.parametrize(
    ("code", "language"),
    [("", "c"), ("int main() { ... }", "java"), ("$ ls -l\ntotal 4 (", "bash"), ("x(" * 20_000, "c")],
)
def test_what_cannot_be_judged(code, language):
    assert syntax_error(code, language) is None


@pytest.mark.parametrize(
    ("label", "language"), [("js", "javascript"), ("c++", "cpp"), ("sh", "bash"), ("", None), ("text", None)]
)
def test_labels(label, language):
    assert language_of(label) == language
