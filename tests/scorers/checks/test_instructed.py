"""Constraints of an instruction in the score and in the column `constraints`."""

import json

from laserdb.scorers.base import Batch, Scored, Turn
from laserdb.scorers.checks import Checks
from laserdb.scorers.checks.score import WEIGHTS

ASK = "Name a city in at most 5 words, without commas."


def scored(instruction: str, response: str) -> Scored:
    (result,) = Checks().score(Batch([Turn(instruction, response)]))
    assert isinstance(result, Scored)
    return result


def test_followed():
    result = scored(ASK, "Rome has seven hills.")
    assert result.values["reasons"] == []
    assert json.loads(result.values["constraints"]) == [
        {"type": "length", "span": "at most 5 words", "followed": True, "by": "rule"},
        {"type": "punctuation", "span": "without commas", "followed": True, "by": "rule"},
    ]


def test_half_broken():
    result = scored(ASK, "Rome, the city.")
    assert result.values["reasons"] == ["broken_constraint"]
    assert json.loads(result.values["details"]) == {"broken_constraint": "“without commas”"}
    assert [c["followed"] for c in json.loads(result.values["constraints"])] == [True, False]
    assert result.score == 1 - 0.5 * (1 - WEIGHTS["broken_constraint"])


def test_without_constraints():
    assert scored("What is the capital of Hawaii?", "Honolulu").values["constraints"] is None
