"""What the rules find in an instruction, and what they leave alone."""

import pytest

from laserdb.scorers.constraints import find
from tests.scorers.constraints.cases import EXPRESSED, NOT_EXPRESSED
from tests.scorers.constraints.wordings import ONLY_LIKE, WORDINGS


@pytest.mark.parametrize(("instruction", "expected"), [*EXPRESSED, *WORDINGS])
def test_constraints_found(instruction, expected):
    assert {constraint.params for constraint in find(instruction)} == expected


@pytest.mark.parametrize("instruction", [*NOT_EXPRESSED, *ONLY_LIKE])
def test_nothing_found(instruction):
    assert find(instruction) == []
