"""Prompts cut to a number of tokens; here a token is a character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laserdb.backends import chat
from laserdb.backends.base import Message, Part, PermanentError
from laserdb.errors import UsageError
from tests.backends import tiny


def count(prompt):
    return len(chat.plain(prompt))


def test_what_fits_stays_as_it_is():
    prompt = (Message("system", "s"), Message("user", "u"))
    assert chat.fit(prompt, 2, count) == (prompt, False)


def test_only_the_parts_that_may_be_cut_lose_their_middle():
    prompt = (
        Message("system", "S" * 50),
        Message("user", (Part("Rate: "), Part("a" * 100 + "b" * 100, True), Part(" Now."))),
    )
    fitted, cut = chat.fit(prompt, 150, count)
    assert cut
    system, user = fitted
    assert chat.plain(system.content) == "S" * 50
    text = chat.plain(user.content)
    head, gap, tail = text.partition(chat.GAP)
    assert gap
    assert head == "Rate: " + "a" * (len(head) - 6)
    assert tail == "b" * (len(tail) - 5) + " Now."
    assert abs((len(head) - 6) - (len(tail) - 5)) <= 1
    assert 140 <= count(fitted) <= 150


def test_short_parts_stay_whole_beside_long_ones():
    prompt = (Part("short one", True), Part("|"), Part("x" * 1000, True))
    fitted, _ = chat.fit(prompt, 200, count)
    assert chat.plain(fitted).startswith("short one|x")


def test_unmarked_prompts_are_cut_but_for_system_messages():
    fitted, _ = chat.fit((Message("system", "S" * 90), Message("user", "u" * 500)), 200, count)
    assert chat.plain(fitted[0].content) == "S" * 90
    fitted, _ = chat.fit("x" * 500, 100, count)
    assert chat.GAP in chat.plain(fitted)
    assert 90 <= count(fitted) <= 100


@pytest.mark.parametrize(
    "prompt", [(Part("x" * 100), Part("y", True)), (Message("system", "S" * 100), Message("user", "u"))]
)
def test_too_long_whatever_is_cut(prompt):
    with pytest.raises(PermanentError) as caught:
        chat.fit(prompt, 50, count)
    assert caught.value.kind == "too_long"


@given(st.lists(st.tuples(st.integers(0, 300), st.booleans()), min_size=1, max_size=6), st.integers(40, 900))
def test_the_limit_holds_and_fixed_parts_survive(parts, limit):
    prompt = tuple(Part(chr(97 + i) * n, cuttable) for i, (n, cuttable) in enumerate(parts))
    try:
        fitted, cut = chat.fit(prompt, limit, count)
    except PermanentError:
        return
    assert count(fitted) <= limit
    assert cut == (count(prompt) > limit)
    if any(p.cuttable for p in prompt):
        assert all(p in fitted for p in prompt if not p.cuttable)


def test_templates():
    tokenizer = tiny.tokenizer(bos=True, padding_side="right")
    prompt = (Message("system", "S"), Message("user", (Part("u"), Part("v", True))))
    assert chat.render(tokenizer, prompt) == "<|system|>S<|end|><|user|>uv<|end|><|assistant|>"
    answered = (Message("user", "u"), Message("assistant", "a"))
    assert chat.render(tokenizer, answered) == "<|user|>u<|end|><|assistant|>a<|end|>"
    ids = tokenizer.convert_tokens_to_ids(["<|user|>", "u", "<|end|>", "<|assistant|>"])
    assert chat.encode(tokenizer, (Message("user", "u"),)) == ids
    assert chat.encode(tokenizer, "u") == [0, ids[1]]
    tokenizer.chat_template = "{{ raise_exception('no system') if messages[0].role == 'system' }}" + tiny.CHAT
    assert chat.render(tokenizer, prompt) == "None<|user|>S\n\nuv<|end|><|assistant|>".removeprefix("None")
    tokenizer.chat_template = None
    with pytest.raises(UsageError, match="no chat template"):
        chat.render(tokenizer, prompt)
