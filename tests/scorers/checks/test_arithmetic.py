"""Equations that hold, that don't, and that can't be judged."""

from fractions import Fraction

import pytest

from laserdb.scorers.checks.expression import UnclearError, evaluate
from tests.scorers.checks.util import reasons

FALSE = [
    "48/2 = 25",
    "12 * 7 = 94 bottles",
    "340 + 51 = 381",
    "17 × 23 = 17 × 20 + 17 × 3 = 340 + 51 = 381",
    "She pays $1,500 + $2,000 = $3,600.",
    "That is 48/2=<<48/2=25>>25 clips.",
    "2^10 = 1000",
    "(3 + 4) * 2 = 10",
    "5 - 8 = 3",
    "20% * 50 = 15",
    "3/4 = 80%",
    "1. 5 x 6 = 35",
    r"\frac{1}{2} + \frac{1}{4} = 0.95",
    r"$3 \times 4 = 13$",
    "The total is **2 + 2 = 5**.",
    "15.5 * 2 = 30",
    "10 / 4 = 2.6",
    "−3 + 5 = 1",
]
TRUE_OR_UNCLEAR = [
    "48/2 = 24",
    "10/3 = 3.33",
    "2/3 = 0.67 = 67%",
    "2/3 = 0.66",
    "7 / 2 = 3",
    "16.67 * 6 = 100.00",
    "140/60 = 2.3333333333333335",
    "1,500 + 2,500 = 4,000",
    "1.500 + 2.500 = 4.000",
    "3,5 + 2 = 5,5",
    "20% of 50 = 10",
    "100 + 10% = 110",
    "5/20 * 100 = 25%",
    "2x + 3 = 7",
    "x = 5 + 3 = 8",
    "y - 3 = 7",
    "60 minutes = 1 hour",
    "3 dozen = 36",
    "500 + 500 = 1 thousand",
    "17 / 5 = 3 remainder 2",
    "Week 1 + Week 2 = 35 + 35",
    "5! = 120",
    "If 2 + 2 = 5, then pigs fly.",
    "It is not true that 2 + 2 = 5.",
    "10 + 5 = 3 (mod 12)",
    "- 5 + 3 = 8",
    "0900 - 0130 = 0730",
    "2024-01-05 = a date",
    "1 / 0 = 5",
    "a[1] = 5 * 2",
    "5 + 3 == 9",
    "5 + 3 >= 9",
    "f(2) = 2 * 3",
    "√16 + 2 = 6",
    "The ratio 2:3 = 4:6",
    "1010 + 1 = 1011 in binary",
]


@pytest.mark.parametrize("text", FALSE)
def test_false_arithmetic(text):
    assert "false_arithmetic" in reasons("Please compute.", f"Here it is.\n{text}\nDone.")


@pytest.mark.parametrize("text", TRUE_OR_UNCLEAR)
def test_no_false_arithmetic(text):
    assert "false_arithmetic" not in reasons("Please compute.", f"Here it is.\n{text}\nDone.")


def test_what_the_instruction_states_is_not_judged():
    assert "false_arithmetic" not in reasons(
        "Why is 2 + 2 = 5 a famous line?", "2 + 2 = 5 stems from Orwell."
    )


def test_code_is_not_judged():
    assert "false_arithmetic" not in reasons("Show me.", "See:\n```\n2 + 2 = 5\n```\nThat was it.")


@pytest.mark.parametrize(
    ("tokens", "value"),
    [
        (["2", "+", "3", "*", "4"], Fraction(14)),
        (["(", "2", "+", "3", ")", "×", "4"], Fraction(20)),
        (["2", "^", "3"], Fraction(8)),
        (["-", "2", "^", "2"], Fraction(-4)),
        (["1", "÷", "8"], Fraction(1, 8)),
        (["25", "%"], Fraction(1, 4)),
        (["1,234.5"], Fraction(2469, 2)),
        (["8", "/", "4", "/", "2"], None),
        (["9", "^", "9999"], None),
        (["2", "3"], None),
        (["(", "2"], None),
        (["1,2345"], None),
        ([], None),
        (["("] * 70 + ["1"] + [")"] * 9, None),
    ],
)
def test_evaluate(tokens, value):
    if value is None:
        with pytest.raises(UnclearError):
            evaluate(tokens)
    else:
        assert evaluate(tokens).exact == value
