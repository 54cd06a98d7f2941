"""The language of scores: what it can, and what it refuses."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laserdb.scorers.judges.expression import Expression, ExpressionError

ANSWER = {
    "rating": 4, "ok": True, "why": "x", "tags": [{"tag": "A "}, {"tag": "a"}, {"tag": "b"}],
    "deep": {"er": {"n": 2}}, "p": [0.1, 0.6, 0.3], "none": [], "nothing": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("rating", 4),
        (" rating / 5 ", 0.8),
        ("-(rating - 1) * 2 + 1", -5),
        ("deep.er.n * rating", 8),
        ('deep["er"].n', 2),
        ("tags.tag", ["A ", "a", "b"]),
        ("len(tags)", 3),
        ("len(unique(lower(tags.tag)))", 2),
        ("tags[1].tag", "a"),
        ("p[-1]" if False else "p[2]", 0.3),
        ("argmax(p)", 1),
        ("max(p) - min(p)", 0.5),
        ("mean(1, 2, 6)", 3),
        ("std(p[0], p[0])", 0),
        ("sum(none)", 0),
        ("round(2.567, 1)", 2.6),
        ("abs(-2)", 2),
        ('number("3.5")', 3.5),
        ("1 if ok else 0", 1),
        ("0.5 if rating < 3 or not ok else rating > 3 and rating <= 4", True),
        ('why in ["x", "y"]', True),
        ("any([false, ok])", True),
        ("nothing == null", True),
        ("1 < 2 < 3 != 3", False),
    ],
)
def test_values(text, value):
    got = Expression(text, ANSWER)(ANSWER)
    assert got == pytest.approx(value) if isinstance(value, float) else got == value


@pytest.mark.parametrize(
    "text",
    [
        "", "rating +", "rating = 1", "__import__('os')", "open('x')", "rating.__class__", "tags._x",
        "(lambda: 1)()",
        "[x for x in tags]", "rating ** 9", "10 ** 10 ** 10", "f'{rating}'", "{1: 2}", "tags[0:1]",
        "rating[why]",
        "max(p, key=len)", "max(*p)", "rating % 2", "rating // 2", "1 << 9", "b'x'", "1j", "...", "len.x",
        "p @ p",
        "(yield)", "await rating", "x := 1", "1; 2", "rating\nrating", "len(len)(1)", "(" * 500 + ")" * 500,
        "1+" * 1500 + "1", "unknown_field", "sqrt(2)",
    ],
)  # fmt: skip
def test_refused_when_read(text):
    with pytest.raises(ExpressionError):
        Expression(text, ANSWER)


@pytest.mark.parametrize(
    "text",
    ["why * 2", "why + why", "tags * 2", "rating / 0", "mean(none)", "rating.x", "p[7]", "argmax(tags)",
     "len(rating)",
     'number("x")', "ok + 1", "nothing - 1", "rating < why", "all(rating)", "lower(1) / 2"],
)  # fmt: skip
def test_values_that_do_not_fit_are_errors(text):
    with pytest.raises(ExpressionError):
        Expression(text, ANSWER)(ANSWER)


def test_a_misspelt_field_is_told():
    with pytest.raises(ExpressionError, match="did you mean rating"):
        Expression("ratng + 1", ANSWER)


@given(st.lists(st.floats(0.01, 1), min_size=2, max_size=6))
def test_selectit_is_its_formula(p):
    """Liu et al., 2024: the likeliest rating × the mean distance of the other probabilities from its own."""
    best = max(range(len(p)), key=lambda i: (p[i], -i))
    by_hand = (best + 1) * sum(abs(one - p[best]) for one in p) / (len(p) - 1)
    # The file's form of it wants shares that sum to 1.
    shares = [one / math.fsum(p) for one in p]
    by_hand = (best + 1) * sum(abs(one - max(shares)) for one in shares) / (len(p) - 1)
    got = Expression("(argmax(p) + 1) * (len(p) * max(p) - 1) / (len(p) - 1)")({"p": shares})
    assert got == pytest.approx(by_hand, abs=1e-9)
