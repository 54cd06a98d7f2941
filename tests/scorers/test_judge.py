"""Reading a judge's answer: what is forgiven, and what is a typed failure."""

import pytest

from laserdb.backends.base import Generation, PermanentError
from laserdb.errors import UsageError
from laserdb.scorers.base import Failed, ScorerOptions
from laserdb.scorers.category_llm import SCHEMA as CATEGORY
from laserdb.scorers.category_llm import CategoryJudge
from laserdb.scorers.code_quality import CodeQuality
from laserdb.scorers.judge import Said, read

SCHEMA = {
    "type": "object",
    "properties": {"verdict": {"enum": ["correct", "incorrect"]}, "n": {"type": "integer", "minimum": 1}},
    "required": ["verdict"],
    "additionalProperties": False,
}


def told(text, finish="stop"):
    return read(Generation(text, finish, 1, 1), SCHEMA)


@pytest.mark.parametrize(
    "text",
    [
        '{"verdict": "correct"}',
        '\n {"verdict": "Correct "} ',
        '```json\n{"verdict": "correct"}\n```',
        '```\n{"verdict": "CORRECT"}\n```',
        '<think>Is it {"verdict": "incorrect"}?</think>\n{"verdict": "correct"}',
        'Well.</think>{"verdict": "correct"}',
    ],
)
def test_readable_answers(text):
    assert told(text) == Said(text, {"verdict": "correct"})


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "invalid_json"),
        ("correct", "invalid_json"),
        ('{"verdict": "correct"} I think', "invalid_json"),
        ('{"verdict": "right"}', "off_schema"),
        ('{"verdict": 1}', "off_schema"),
        ('{"n": 1}', "off_schema"),
        ('["correct"]', "off_schema"),
        ('{"verdict": "correct", "n": 0}', "off_schema"),
        ('{"verdict": "correct", "n": NaN}', "invalid_json"),
        ('{"verdict": "correct", "why": "it is"}', "off_schema"),
        ('{"verdict": "\\ud800"}', "invalid_json"),
        ("[" * 100_000, "invalid_json"),
    ],
)
def test_unreadable_answers_fail_with_the_text_kept(text, kind):
    failed = told(text)
    assert isinstance(failed, Failed)
    assert (failed.kind, failed.values) == (kind, {"raw": text})


def test_an_answer_that_ran_out_of_tokens_says_so():
    assert told('{"verdict": "corr', "length").kind == "cut_off"


def test_errors_of_the_backend_pass():
    error = PermanentError("too_long")
    assert read(error, SCHEMA) is error


def test_settings():
    judge = CodeQuality(ScorerOptions(params={"max_tokens": "99", "thinking": "auto"}))
    assert judge.settings == {"max_tokens": 99}
    assert CodeQuality().settings == {"max_tokens": 4096, "enable_thinking": False}
    assert CodeQuality().generate_options({}).template == {"enable_thinking": False}
    for params, message in ({"max_tokens": "0"}, "at least 1"), ({"thinking": "on"}, "give off or auto"):
        with pytest.raises(UsageError, match=message):
            _ = CodeQuality(ScorerOptions(params=params)).settings


def test_a_model_classifies():
    from laserdb.scorers.base import Batch, PermanentError, Scored, Turn
    from tests.scorers.scripted import scripted

    answers = iter(['{"category": "factual qa"}', '{"category": "Poetry"}', PermanentError("refused")])
    judge = scripted(CategoryJudge(), lambda *_: next(answers))
    first, second, third = judge.score(Batch([Turn("Who?"), Turn("Ode"), Turn("x")]))
    assert first == Scored(None, {"category": "Factual QA", "raw": '{"category": "factual qa"}'})
    assert (second.kind, second.values) == ("off_schema", {"raw": '{"category": "Poetry"}'})
    assert third.kind == "refused"
    ((system, user), options) = judge.backend.asked[0]
    assert options.schema == CATEGORY
    assert all(f"- {name}: " in system.content for name in CATEGORY["properties"]["category"]["enum"])
    assert [part.text for part in user.content if part.cuttable] == ["Who?"]
