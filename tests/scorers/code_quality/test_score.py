"""From a review to a score (DESIGN §4.9)."""

import json

import pytest

from laserdb.backends.base import PermanentError, TransientError
from laserdb.scorers.base import Batch, Failed, Turn
from laserdb.scorers.code_quality import CodeQuality
from tests.scorers.scripted import scripted

CODE = "```python\na\nb\nc\nd\n```"


def review(verdict, revision):
    return json.dumps({"review": "Hm.", "verdict": verdict, "revision": revision})


def score(response, answer):
    scorer = scripted(CodeQuality(), lambda *_: answer)
    (told,) = scorer.score(Batch([Turn("Write it.", response)]))
    return told


@pytest.mark.parametrize(
    ("response", "verdict", "revision", "expected", "nls"),
    [
        (CODE, "correct", "no revision", 1.0, 1.0),
        (CODE, "Correct", "", 1.0, 1.0),
        ("```\nx\n```", "correct", "No revision.", 1.0, 1.0),
        (CODE, "correct", "a\nb\nc\nd", 1.0, 1.0),
        (CODE, "correct", "```\na\nB\nc\nd\n```", 0.75, 0.75),
        (CODE, "incorrect", "a\nB\nc\nd", 0.375, 0.75),
        (CODE, "incorrect", "w\nx\ny\nz\nzz", 0.0, 0.0),
        (CODE, "incorrect", "a\nb\nc\nd\ne\nf\ng\nh", 0.25, 0.5),
        ("Call it.", "correct", "no revision", 0.5, None),
        ("Call it.", "incorrect", "print(1)", 0.0, None),
    ],
)
def test_scores(response, verdict, revision, expected, nls):
    told = score(response, review(verdict, revision))
    assert told.score == expected
    assert told.values.get("nls") == nls
    assert told.values["verdict"] == verdict.lower()
    assert (told.values["review"], told.values["revision"]) == ("Hm.", revision)
    assert told.values["raw"] == review(verdict, revision)


def test_incorrect_without_a_revision_is_a_failure_with_everything_kept():
    told = score(CODE, review("incorrect", "no revision"))
    assert isinstance(told, Failed)
    assert told.kind == "no_revision"
    assert told.values["verdict"] == "incorrect"
    assert told.values["raw"] == review("incorrect", "no revision")


def test_unreadable_and_unanswered():
    told = score(CODE, "It is correct.")
    assert (told.kind, told.values) == ("invalid_json", {"raw": "It is correct."})
    assert score(CODE, PermanentError("too_long")).kind == "too_long"
    assert isinstance(score(CODE, TransientError("busy")), TransientError)


def test_the_response_is_never_cut():
    scorer = scripted(CodeQuality(), lambda *_: review("correct", ""))
    scorer.score(Batch([Turn("Write it.", CODE)]))
    ((system, user), options) = scorer.backend.asked[0]
    assert [part.text for part in user.content if part.cuttable] == ["Write it."]
    assert any(part.text == CODE for part in user.content)
    assert options.schema["properties"]["verdict"]["enum"] == ["correct", "incorrect"]
    assert "no revision" in system.content
