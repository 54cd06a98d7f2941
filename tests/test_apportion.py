from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laserdb.apportion import apportion, largest_remainder
from tests.engine import oracle

WEIGHTS = [float(weight) for weight in oracle.PROPORTIONS.values()]
supplies = st.lists(st.integers(0, 300), min_size=7, max_size=7)


@pytest.mark.parametrize(
    ("m", "expected"),
    [
        (1000, [250, 250, 250, 100, 100, 25, 25]),
        (10, [3, 3, 2, 1, 1, 0, 0]),
        (7, [2, 2, 2, 1, 0, 0, 0]),
        (1, [1, 0, 0, 0, 0, 0, 0]),
        (0, [0] * 7),
    ],
)
def test_largest_remainder(m, expected):
    assert largest_remainder(m, WEIGHTS) == expected


def test_a_short_category_gives_all_and_the_rest_goes_to_the_others_in_proportion():
    assert apportion(100, [0.5, 0.25, 0.25], [10, 100, 100]) == [10, 45, 45]
    assert apportion(100, [0.5, 0.25, 0.25], [10, 20, 100]) == [10, 20, 70]
    assert apportion(100, [0.5, 0.25, 0.25], [10, 20, 30]) == [10, 20, 30]


def test_without_redistribution_the_shortfall_stays():
    assert apportion(100, [0.5, 0.25, 0.25], [10, 100, 100], False) == [10, 25, 25]


def test_zero_weights_get_nothing():
    assert apportion(10, [0, 1], [100, 4]) == [0, 4]
    assert apportion(10, [0, 0], [100, 4]) == [0, 0]


@given(st.integers(0, 2000), supplies, st.booleans())
def test_against_the_oracle(m, supply, redistribute):
    want = oracle.quotas(m, dict(zip(oracle.PROPORTIONS, supply, strict=True)), redistribute)
    found = apportion(m, WEIGHTS, supply, redistribute)
    assert found == [want[name] for name in oracle.PROPORTIONS]


@given(st.integers(0, 2000), supplies)
def test_the_budget_is_met_or_everything_is_given(m, supply):
    assert sum(apportion(m, WEIGHTS, supply)) == min(m, sum(supply))


@pytest.mark.parametrize(
    "arguments", [(-1, [1.0], [1]), (1, [-1.0], [1]), (1, [1.0], [-1]), (1, [1.0], [1, 2])]
)
def test_bad_input(arguments):
    with pytest.raises(ValueError, match=r"≥ 0|weights for"):
        apportion(*arguments)
