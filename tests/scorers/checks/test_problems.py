"""Word problems: missing numbers, negative amounts, unused givens."""

import pytest

from tests.scorers.checks.util import reasons

ASK = "A crate holds 12 rows of 7 bottles. How many bottles are in 5 crates?"


@pytest.mark.parametrize(
    ("instruction", "response", "expected"),
    [
        (ASK, "Multiply rows by bottles by crates.", {"no_number"}),
        (ASK, "420", set()),
        (ASK, "There are four hundred and twenty bottles.", set()),
        (ASK, "Could you say how big the crates are?", set()),
        ("How many moons has Mars?", "It depends on the definition of a moon.", set()),
        (ASK, "12 * 7 = <<12*7=84>>84\n84 - 500 = <<84-500=-416>>-416\n#### -416", {"negative_result"}),
        (
            "It was 5 degrees and fell by 9 degrees. How many degrees was it then?",
            "5 - 9 = -4\nThe answer is -4",
            set(),
        ),
    ],
)
def test_word_problems(instruction, response, expected):
    assert reasons(instruction, response) & {"no_number", "negative_result"} == expected
