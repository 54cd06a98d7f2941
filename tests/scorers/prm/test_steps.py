"""Where a solution is split into steps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laserdb.scorers.prm import split

FENCE = "```python\nx = 1\n\ny = 2\n```"
TABLE = "| a | b |\n|---|---|\n| 1 | 2 |"


@pytest.mark.parametrize(
    ("solution", "steps"),
    [
        ("one", ["one"]),
        ("one\ntwo", ["one", "two"]),
        ("one\n\ntwo\nstill two", ["one", "two\nstill two"]),
        ("one\r\n\r\ntwo\rstill two", ["one", "two\nstill two"]),
        ("one\n \t\n\n\ntwo", ["one", "two"]),
        ("\n\none\ntwo\n\n", ["one", "two"]),
        ("  one  \n\n  two", ["one", "two"]),
        ("", []),
        (" \n\n ", []),
        (f"one\n\n{FENCE}\n\ntwo", ["one", FENCE, "two"]),
        (f"one\n{FENCE}\ntwo", ["one", FENCE, "two"]),
        (FENCE, [FENCE]),
        (f"one\n{TABLE}\n\ntwo", [f"one\n{TABLE}", "two"]),
        (f"{TABLE}\n", [TABLE]),
        ("so | is a bar\nand so |", ["so | is a bar", "and so |"]),
        ("one\n```\nnever\n\nclosed", ["one", "```\nnever\n\nclosed"]),
    ],
)
def test_steps(solution, steps):
    assert split(solution) == steps


@given(st.text(alphabet="ab |-`~\n\r\t", max_size=60))
def test_nothing_is_lost_and_no_step_is_empty(solution):
    steps = split(solution)
    assert all(step == step.strip() and step for step in steps)
    assert "".join("".join(steps).split()) == "".join(solution.split())


@given(st.lists(st.text(alphabet="ab ", min_size=1, max_size=5).filter(str.strip), min_size=2, max_size=5))
def test_blank_lines_rule_over_line_breaks(lines):
    stripped = [line.strip() for line in lines]
    assert split("\n".join(lines)) == stripped
    assert split("\n\n".join(lines)) == stripped
