"""Constraints found, verified by rules and by the judge, and what they come to (DESIGN §4.10)."""

import json

import pytest

from laserdb.backends import chat
from laserdb.backends.base import PermanentError, TransientError
from laserdb.scorers.base import Batch, Failed, Turn
from laserdb.scorers.instruction_following import InstructionFollowing, grounded
from laserdb.scorers.instruction_following.prompts import FIND, RATE, VERIFY
from tests.scorers.scripted import scripted

BLOG = (
    "Write a funny blog post with 5 or more words about the benefits of sleeping in a hammock, without using "
    "the word sleep."
)
FOUND = [
    {"span": "5 or more words", "type": "length"},
    {"span": "without using the word sleep", "type": "keyword_avoided"},
    {"span": "funny blog post", "type": "writing_type"},
]


class Judge:
    """Answers each kind of call with what it was given for it."""

    def __init__(self, found=(), verified=None, rating=None):
        self.answers = {FIND: found, VERIFY: verified, RATE: rating}

    def __call__(self, prompt, options):
        answer = self.answers[prompt[0].content]
        answer = answer(prompt) if callable(answer) else answer
        if isinstance(answer, Exception | str):
            return answer
        return json.dumps({"constraints": list(answer)} if prompt[0].content == FIND else answer)


def ask(judge, *turns):
    scorer = scripted(InstructionFollowing(), judge)
    return scorer, scorer.score(Batch(list(turns)))


def listed(told):
    return [(one["type"], one["followed"], one["by"]) for one in json.loads(told.values["constraints"])]


@pytest.mark.parametrize(
    ("response", "judged", "score", "followed"),
    [
        ("Lie down and laugh all day long.", True, 3.0, (True, True, True)),
        ("Lie down and laugh all day long.", False, 2 * 2 / 3, (True, True, False)),
        ("Lie down.", True, 2 * 2 / 3, (False, True, True)),
        ("sleep", False, 0.0, (False, False, False)),
    ],
)
def test_the_papers_example(response, judged, score, followed):
    scorer, (told,) = ask(Judge(FOUND, {"1": judged}), Turn(BLOG, response))
    assert told.score == pytest.approx(score)
    assert listed(told) == [
        ("length", followed[0], "rule"),
        ("keyword_avoided", followed[1], "rule"),
        ("writing_type", followed[2], "judge"),
    ]
    assert [one["span"] for one in json.loads(told.values["constraints"])] == [one["span"] for one in FOUND]
    assert json.loads(told.values["raw"]) == {
        "constraints": json.dumps({"constraints": FOUND}), "verification": json.dumps({"1": judged}),
    }  # fmt: skip
    assert told.values["rating"] is None
    assert len(scorer.backend.asked) == 2
    question = chat.plain(scorer.backend.asked[1][0])
    assert '1. Does the response follow the constraint "funny blog post" (writing type)?' in question
    assert "2." not in question.partition("Questions:")[2]


def test_nothing_is_asked_that_rules_can_tell():
    scorer, (told,) = ask(Judge(FOUND[:2]), Turn(BLOG, "Lie down and laugh all day."))
    assert told.score == 2.0
    assert len(scorer.backend.asked) == 1
    assert scorer.backend.asked[0][1].template == {"enable_thinking": False}


def test_without_constraints_the_response_is_rated():
    answer = {"analysis": "Fine.", "score": 7}
    _, (told,) = ask(Judge([], rating=answer), Turn("How do tides come about?", "The moon."))
    assert told.score == 0.7
    assert (told.values["constraints"], told.values["rating"]) == ("[]", 7)
    assert json.loads(told.values["raw"])["rating"] == json.dumps(answer)


def test_turns_of_a_batch_go_their_own_ways():
    def found(prompt):
        text = chat.plain(prompt[-1].content)
        if "broken" in text:
            return "no JSON"
        if "busy" in text:
            return TransientError("busy")
        if "refused" in text:
            return PermanentError("refused")
        if "two" in text:
            return [{"span": "formal", "type": "writing_style"}, {"span": "letter", "type": "writing_type"}]
        return []

    def verified(prompt):
        assert set(json.dumps(prompt[0].content)) is not None
        return {"1": True, "2": False}

    judge = Judge(found, verified, {"analysis": "", "score": 10})
    turns = [Turn(text, "Answer.") for text in ("broken", "busy", "refused", "two: a formal letter", "plain")]
    _, told = ask(judge, *turns)
    assert isinstance(told[0], Failed)
    assert (told[0].kind, told[0].values["constraints"]) == ("invalid_json", None)
    assert json.loads(told[0].values["raw"]) == {"constraints": "no JSON"}
    assert isinstance(told[1], TransientError)
    assert (told[2].kind, told[2].values["raw"]) == ("refused", "{}")
    assert told[3].score == 0.5
    assert told[4].score == 1.0


def test_a_failed_verification_fails_the_turn_and_keeps_what_is_known():
    _, (told,) = ask(Judge(FOUND, '{"1": "maybe"}'), Turn(BLOG, "Lie down and laugh all day long."))
    assert (told.kind, told.detail.partition(":")[0]) == ("off_schema", "verification")
    assert listed(told)[2] == ("writing_type", None, "judge")
    assert set(json.loads(told.values["raw"])) == {"constraints", "verification"}


def test_an_unreadable_rating_is_no_middle_one():
    _, (told,) = ask(Judge([], rating='{"analysis": "?", "score": 11}'), Turn("Why?", "So."))
    assert (told.kind, told.values["constraints"]) == ("off_schema", "[]")


def test_spans_that_are_not_in_the_instruction_are_none_of_its_constraints():
    text = "Write a “formal” letter, please. Use at most 50 words."
    found = [
        {"span": '"Formal" letter', "type": "writing_type"},
        {"span": "at most  50 words.", "type": "length"},
        {"span": "At most 50 words", "type": "length"},
        {"span": "close with See you on Saturday", "type": "start_and_ending"},
        {"span": " ", "type": "topic"},
    ]
    kept = grounded(found, text)
    assert [(str(one.type), one.span) for one in kept] == [
        ("writing_type", '"Formal" letter'), ("length", "at most  50 words."),
    ]  # fmt: skip
    assert kept[1].params is not None
