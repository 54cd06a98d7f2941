"""What the rules find in an instruction, and what they leave alone."""

import pytest

from laserdb.scorers.constraints import ConstraintType, find
from tests.scorers.constraints.cases import EXPRESSED, NOT_EXPRESSED


@pytest.mark.parametrize(("instruction", "expected"), EXPRESSED)
def test_constraints_found(instruction, expected):
    assert {constraint.params for constraint in find(instruction)} == expected


@pytest.mark.parametrize("instruction", NOT_EXPRESSED)
def test_nothing_found(instruction):
    assert find(instruction) == []
