"""Examples that a request gives, and programs that keep or break them."""

import pytest

from laserdb.scorers.checks import examples
from laserdb.scorers.checks.score import judge
from laserdb.scorers.checks.view import View

STUB = '''Complete the following Python function.

def longest_run(bits: str) -> int:
    """Return the length of the longest run of '1' in bits.
    >>> longest_run("0110111")
    3
    >>> longest_run("000")
    0
    """
'''
RIGHT = '''def longest_run(bits: str) -> int:
    """Return the length of the longest run of '1' in bits.
    >>> longest_run("0110111")
    3
    """
    best = current = 0
    for b in bits:
        current = current + 1 if b == "1" else 0
        best = max(best, current)
    return best
'''


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("", "", None),
        ("max(", "min(", "failed_example"),
        ("= 0\n    for", "= 1\n    for", "failed_example"),
        ("return best", "return best - 1", "failed_example"),
        ("    return best\n", "", "no_result"),
        ("longest_run", "solve", "missing_name"),
        ("in bits:", "in bits", "python_syntax"),
    ],
)
def test_broken_in_several_ways(old, new, reason):
    code = RIGHT.replace(old, new) if old else RIGHT
    for answer in (code, f"Here it is:\n\n```python\n{code}```\n\nIt keeps the best run so far."):
        score, findings = judge(STUB, answer)
        assert reason in [finding.reason for finding in findings] if reason else findings == []
        assert (score < 0.75) is (reason is not None)


DOUBLE = "def double(x):\n    return x * 2"
TRIPLE = "def double(x):\n    return x * 3"


@pytest.mark.parametrize(
    "request_",
    [
        "Write a Python function.\n\nassert double(2) == 4\nassert double([1]) == [\n    1, 1]",
        "Write a Python function. For example, double(2) → 4.",
        "Write a Python function: `double(2)` should return `4`, because it doubles.",
        "Write a Python function that doubles.\n>>> double(2.05)\n4.1\n",
        "Write a Python function that doubles.\nInput: 2\nOutput: 4",
        "Write a Python function that doubles.\n**Input:** x = 2\n**Output:** 4",
    ],
)
def test_ways_to_give_an_example(request_):
    assert examples.failed_example(View(request_, DOUBLE)) is None
    found = examples.failed_example(View(request_, TRIPLE))
    assert found is not None
    assert "gives" in found.detail or "hold" in found.detail


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        ("Write a Python function: double(2) → 4", "def double(x):\n    print(x * 2)"),
        ("Write a Python function: double(n) = 2n", TRIPLE),
        (
            "Write a Python function: double(2) → 4",
            "import numpy as np\ndef double(x):\n    return np.array(x)",
        ),
        ("Write a Python function: double(2) → 4", "def double(x):\n    while True: pass"),
        ("Write a Python function: triple(2) → 6", DOUBLE),
        ("Write a Python function: double(2) → 4", "import sys\nx = input()\n" + TRIPLE),
    ],
)
def test_what_cannot_be_told(request_, answer):
    assert examples.failed_example(View(request_, answer)) is None


def test_half_of_the_examples():
    request = "Write a Python function.\nassert double(2) == 6\nassert double(0) == 0\nassert double(1) == 2"
    found = examples.failed_example(View(request, DOUBLE))
    assert found is not None
    assert found.severity == pytest.approx(0.5 + 1 / 6)
    assert found.detail == "assert double(2) == 6: doesn't hold"
    raises = examples.failed_example(View(request, "def double(x):\n    return {}[x]"))
    assert raises is not None
    assert raises.severity == 1.0
    assert "raises KeyError" in raises.detail
