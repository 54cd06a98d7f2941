"""Programs that lack the name, the result or a definition that their request needs."""

import pytest

from tests.scorers.checks.util import reasons

ASK = "Write a function to add two numbers.\n\nassert add(1, 2) == 3\nassert add(2, 2) == 4"
NAMED = "Write a Python function called `add` that returns the sum."
CODES = {"missing_name", "no_result", "undefined_name", "python_syntax", "code_syntax"}


@pytest.mark.parametrize(
    ("instruction", "response", "expected"),
    [
        (ASK, "def add(a, b):\n    return a + b", set()),
        (ASK, "def plus(a, b):\n    return a + b", {"missing_name"}),
        (ASK, "def add(a, b):\n    c = a + b", {"no_result"}),
        (ASK, "def add(a, b):\n    return a + c", {"undefined_name"}),
        (ASK, "def add(a, b:\n    return a + b", {"python_syntax"}),
        (ASK, "from operator import add\n\ndef main():\n    return add(1, 2)", set()),
        (NAMED, "```python\ndef add(a, b):\n    return a + b\n```", set()),
        (NAMED, "```python\ndef sum2(a, b):\n    return a + b\n```", {"missing_name"}),
        ("Write a function.", "def f(x):\n    y = x + 1", {"no_result"}),
        ("Write a function.", "def f(x):\n    print(x)", set()),
        ("Write a function.", "def f(x):\n    x[0] = 1", set()),
        ("Write a function.", "def f(x):\n    yield x", set()),
        ("Write a function.", "from math import *\n\ndef f(x):\n    return sqrt(x)", set()),
        ("Write a function that uses np.", "def f(x):\n    return np.sum(x)", set()),
        (
            "Rewrite in Java.\ndef f(x):\n    return x",
            "```java\nclass A { int g(int x) { return x; } }\n```",
            set(),
        ),
        ("Rewrite in Java.", "```java\nclass A { int g(int x { return x; } }\n```", {"code_syntax"}),
        ("Show me.", "```python\nreturn 1\n```", set()),
        ("Show me.", "```python\ndef f(x):\n    return x\n    break\n```", set()),
    ],
)
def test_programs(instruction, response, expected):
    assert reasons(instruction, response) & CODES == expected
