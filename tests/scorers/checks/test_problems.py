"""Word problems: missing numbers, negative amounts, unused givens."""

import pytest

from laserdb.scorers.checks.solutions import coherence as figures_used
from laserdb.scorers.checks.view import View
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


@pytest.mark.parametrize(
    ("instruction", "response", "share"),
    [
        (ASK, "12 * 7 = 84 and 84 * 5 = 420", 1.0),
        (ASK, "12 * 7 = 84", 2 / 3),
        ("A rope of 1,500.0 m costs 3 euros per m. How much is it?", "1500 * 3 = 4500", 1.0),
        ("What is the capital of Hawaii?", "Honolulu", 1.0),
    ],
)
def test_figures_used(instruction, response, share):
    assert figures_used(View(instruction, response)) == share
