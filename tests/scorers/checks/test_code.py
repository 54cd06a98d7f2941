"""Python and JSON that don't parse, code that is missing."""

import pytest

from laserdb.scorers.checks.code import json_error, python_error
from tests.scorers.checks.util import reasons

ASK = "Write a Python function that doubles a number."


@pytest.mark.parametrize(
    "code",
    [
        "def f(x)\n    return x",
        "print('a)",
        "x = (1,\ny = 2",
        "def f(x):\nreturn x",
        "print 'hello'",
        "for i in range(3):\n  if i == 1\n    pass",
    ],
)
def test_python_error(code):
    assert python_error(code) is not None


@pytest.mark.parametrize(
    "code",
    [
        "def f(x):\n    return x",
        "    def f(x):\n        return x\n",
        ">>> f(2)\n4",
        "$ python run.py",
        "pip install numpy",
        "!pip install numpy\nimport numpy",
        "%matplotlib inline\nimport numpy",
        "def f(x):\n    # your code here",
        "def f(x):\n    ...\n    (unfinished",
        "else:\n    x = 1",
        "await f()",
        "s = '\\d'",
        "",
        "(" * 5000,
        "x = 1\x00",
        "-" * 20000 + "1",
    ],
)
def test_no_python_error(code):
    assert python_error(code) is None


@pytest.mark.parametrize(
    ("instruction", "response", "expected"),
    [
        (ASK, "```python\ndef double(x)\n    return 2 * x\n```", {"python_syntax"}),
        (ASK, "```py\ndef double(x):\n    return 2 * x\n```", set()),
        (ASK, "def double(x):\n    return (2 * x", {"python_syntax"}),
        (ASK, "def double(x):\n    return 2 * x", set()),
        (ASK, "Here is the function you asked for, it doubles x.\n\ndef double(x):\n    return 2 * x", set()),
        ("Write it in Java.", "import java.util.List;\n\nclass A { int x = 1; }", set()),
        ("Write a JavaScript function.", "```javascript\nfunction f( {\n```", set()),
        (ASK, "Doubling is multiplication by two.", {"no_code"}),
        ("Give me the data as JSON.", '```json\n{"a": 1}\n```', set()),
        ("Give me the data as JSON.", '```json\n{"a": 1,}\n```', {"json_syntax"}),
        ("Give me the data as JSON.", "{'a': 1}", {"json_syntax"}),
        ("Extract the ingredients as a JSON list.", "Flour, water, salt", {"json_syntax"}),
        ("What is JSON?", "A text format for data.", set()),
    ],
)
def test_code_in_turns(instruction, response, expected):
    assert reasons(instruction, response) & {"python_syntax", "json_syntax", "no_code"} == expected


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('{"a": [1, 2]}', False),
        ('{"a": 1}\n{"a": 2}', False),
        ('{"a": 1, ...}', False),
        ('{"a": 1} // the first', False),
        ('"a": 1', False),
        ("[" * 5000, False),
        ('{"a": [1, 2}', True),
        ("{a: 1}", True),
    ],
)
def test_json_error(text, wrong):
    assert (json_error(text) is not None) is wrong
