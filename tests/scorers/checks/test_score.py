"""The formula, the scorer's contract, hostile input."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laserdb.scorers.base import Batch, Failed, Scored, ScorerOptions, Turn, Unit
from laserdb.scorers.checks import Checks, score
from laserdb.scorers.checks.score import CHECKS, WEIGHTS, factor, judge
from laserdb.scorers.checks.view import LIMIT, Finding

GOOD = [
    ("What is the capital of Hawaii?", "Honolulu"),
    ("Is 7 a prime number?", "Yes"),
    ("What is 6 * 7?", "42"),
    ("夏威夷的首府是哪里？", "火奴鲁鲁"),
    (
        "请解释一下为什么天空是蓝色的。",
        "阳光穿过大气时，波长较短的蓝光比红光更容易被空气分子散射，所以天空看起来是蓝色的。",
    ),
    ("Was ist die Hauptstadt von Hawaii?", "Die Hauptstadt ist Honolulu."),
    ("¿Cuál es la capital de Hawái?", "La capital de Hawái es Honolulu."),
    ("ハワイの州都はどこですか？", "ホノルルです。"),
    ("ما هي عاصمة فرنسا؟", "باريس"),
    ("Reverse a string in Python.", "```python\nprint('abc'[::-1])\n```"),
    ("Show all files.", "find . -type f | sort"),
    ("Select adults.", "SELECT * FROM users WHERE age > 17"),
    ("Solve 2x + 3 = 7.", "2x = 4, so x = 2."),
    ("Janet has 3 eggs and buys 5. How many has she?", "3 + 5 = <<3+5=8>>8\n#### 8"),
    (
        "Write a haiku about winter.",
        "Snow erases shore\nOne slow beam combs the black waves\nShips remember home",
    ),
    ("Translate to German: Good morning", "Guten Morgen"),
]
NOTHING = {"reasons": [], "details": None, "constraints": None}
WORDS = [f"word{i}" for i in range(60)]
HOSTILE = [
    "a" * 10**6,
    "1+" * 10**5,
    "(" * 10**6,
    "1=" * 10**5,
    "9" * 10**6,
    "1 " * 10**5,
    " " * 10**6 + "x",
    "```" * 10**5,
    "```python\n" + "(" * 10**6 + "\n```",
    "```python\n" + "x = 1\n" * 3000 + "\n```",
    "```json\n" + "[" * 10**5,
    "import a\n" + '"""a' * 10**5,
    "<<1=" * 10**5,
    "i am sorry " * 10**5,
    "\\begin{a}" * 10**5,
    "一二" * 10**5,
    "how many 1 2 " * 10**4 + "?",
    "\x00" * 10**6,
    "- a\n" * 10**5,
    "please write a " * 10**5,
]


@pytest.mark.parametrize(("instruction", "response"), GOOD)
def test_good_answers_have_no_reasons(instruction, response):
    assert judge(instruction, response) == (1.0, [])


def test_score_is_the_product_of_factors():
    response = "I'm sorry, but I can't help with that. As an AI language model I have limits."
    found, findings = judge("How do I bake bread in an oven with no door?", response)
    assert [f.reason for f in findings] == ["refusal", "ai_boilerplate"]
    assert found == pytest.approx(WEIGHTS["refusal"] * WEIGHTS["ai_boilerplate"])


def test_fuller_answers_to_open_requests_grade_higher():
    scores = [judge("Explain how vaccines work.", " ".join(WORDS[:n]) + ".")[0] for n in (20, 40, 60)]
    assert scores == sorted(set(scores))
    assert scores[1] == pytest.approx(1 - score.GRADED * (1 - 40 / 80))


def test_severity_scales_a_weight():
    assert factor(Finding("refusal", "", 0.5)) == pytest.approx(0.6)
    assert factor(Finding("refusal", "", 0.0)) == 1.0


def test_weights_lie_between_zero_and_one():
    assert all(0 <= weight < 1 for weight in WEIGHTS.values())
    assert len(set(CHECKS)) == len(CHECKS)


def test_contract():
    checks = Checks(ScorerOptions())
    assert (checks.name, checks.unit, checks.extra) == ("checks", Unit.TURN, "score")
    assert {"markdown_it", "py3langid", "tree_sitter", "tree_sitter_java"} <= set(checks.modules)
    assert checks.columns == {"reasons": "VARCHAR[]", "details": "JSON", "constraints": "JSON"}
    identity = checks.identity
    assert (identity.scorer, identity.model, identity.revision, dict(identity.params)) == (
        "checks",
        "rules",
        "",
        {},
    )
    assert identity.code_version == score.CODE_VERSION


def test_results_in_order():
    turns = [Turn("a?"), Turn("a?", ""), Turn("What is 2 + 2?", "2 + 2 = 5"), Turn("What is 2 + 2?", "4")]
    missing, empty, wrong, good = Checks().score(Batch(turns))
    assert missing == Failed("no_response")
    assert empty == Scored(
        0.0, {"reasons": ["empty"], "details": json.dumps({"empty": "no text"}), "constraints": None}
    )
    assert isinstance(wrong, Scored)
    assert wrong.score == 0.4
    assert wrong.values["reasons"] == ["false_arithmetic"]
    assert json.loads(wrong.values["details"]) == {"false_arithmetic": "“2 + 2 = 5”"}
    assert good == Scored(1.0, NOTHING)


def test_category_is_not_read():
    response = "2 + 2 = 5"
    results = Checks().score(
        Batch([Turn("Add.", response, category) for category in (None, "Math", "Coding")])
    )
    assert results[0] == results[1] == results[2]


def test_a_crash_fails_its_turn_only(monkeypatch):
    def crash(view):
        if "boom" in view.response:
            raise RuntimeError("boom")

    monkeypatch.setattr(score, "CHECKS", (*CHECKS, crash))
    broken, fine = Checks().score(Batch([Turn("q", "boom"), Turn("q", "fine")]))
    assert broken == Failed("internal_error", "RuntimeError: boom")
    assert fine == Scored(1.0, NOTHING)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:12]))
def test_hostile_texts_take_little_time(text):
    for instruction, response in ((text, text), ("q?", text), (text, "short")):
        start = time.process_time()
        found, _ = judge(instruction, response)
        assert time.process_time() - start < 2
        assert 0 <= found <= 1


def test_text_beyond_the_limit_is_not_called_unfinished():
    response = "```\n" + "".join(f"line {i}\n" for i in range(LIMIT)) + "```"
    assert judge("q?", response) == (1.0, [])


FRAGMENTS = st.sampled_from(
    [
        "```python\n",
        "```",
        "1 + 1 = ",
        "= 3",
        "(",
        "\\begin{a}",
        "def f(",
        "how many 3 ",
        "json",
        "<<",
        ">>",
        "%",
        "**",
        "\n",
        "?",
        "as a json ",
    ]
)


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(st.text(), st.lists(FRAGMENTS, max_size=12).map("".join)),
    st.one_of(
        st.text(alphabet=st.characters()),
        st.text(alphabet="0123456789+-*/=().,% x\n<>$", max_size=60),
        st.lists(st.one_of(FRAGMENTS, st.text(max_size=8)), max_size=15).map("".join),
    ),
)
def test_any_text_is_scored(instruction, response):
    (result,) = Checks().score(Batch([Turn(instruction, response)]))
    assert isinstance(result, Scored)
    assert 0 <= result.score <= 1
    assert set(result.values["reasons"]) <= set(WEIGHTS)
    if result.values["details"]:
        details = json.loads(result.values["details"])
        assert list(details) == result.values["reasons"]
        result.values["details"].encode()
