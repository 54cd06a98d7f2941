"""Worked solutions: numbers out of nowhere, answers that are no result, grades of coherence."""

import pytest

from laserdb.scorers.checks.solutions import AGAIN, coherence, final_answer, steps
from laserdb.scorers.checks.view import View
from tests.scorers.checks.util import reasons

ASK = "A crate holds 12 rows of 8 bottles. A van takes 6 crates. How many bottles does a van take?"
GOOD = "12 * 8 = <<12*8=96>>96\n96 * 6 = <<96*6=576>>576\n#### 576"
CODES = {"answer_mismatch", "unfounded_number", "fractional_count"}


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (GOOD, set()),
        ("12 * 8 = 96\n96 * 6 = 576\n#### 600", {"answer_mismatch"}),
        ("12 * 8 = 96\nThat is 600 in all.\n#### 600", set()),
        ("12 * 47 = 564\n#### 564", {"unfounded_number"}),
        ("Six crates are 12 and 6 and 8.\n20 * 8 = 160\n#### 160", set()),
        ("12 / 8 = 1.5\n1.5 * 6 = 9\n#### 1.5", {"fractional_count"}),
        ("576", set()),
    ],
)
def test_solutions(response, expected):
    assert reasons(ASK, response) & CODES == expected


def test_only_problems_are_judged():
    assert not reasons("Compute.", "12 * 47 = 564\n#### 9") & CODES


def test_steps_are_distinct():
    found = steps(View(ASK, GOOD))
    assert [(step.operands, step.result) for step in found] == [((12.0, 8.0), 96.0), ((96.0, 6.0), 576.0)]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("#### 1,576", 1576.0),
        ("A: -3", -3.0),
        ("the answer is $4.50.", 4.5),
        ("so \\boxed{7}", 7.0),
        ("It is 7.", None),
    ],
)
def test_final_answer(text, answer):
    assert final_answer(View(ASK, text)) == answer


@pytest.mark.parametrize(
    ("response", "grade"),
    [
        (GOOD, 1.0),
        ("12 * 8 = 96\n#### 96", 2 / 3),
        ("12 * 8 = 96\n12 * 6 = 72\n#### 72", (1 / 2) * 1.0),
        ("12 * 8 = 96\n96 * 6 = 576\n#### 96", AGAIN),
        ("It is 576.", 0.0),
    ],
)
def test_coherence(response, grade):
    assert coherence(View(ASK, response)) == pytest.approx(grade)


def test_nothing_else_is_graded():
    assert coherence(View("What is the capital of Hawaii?", "Honolulu")) == 1.0
