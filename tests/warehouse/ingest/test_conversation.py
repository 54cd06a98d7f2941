"""Messages → turns: roles, tools, parts, and what is kept when turns can't say it all."""

from __future__ import annotations

import pytest

from tests.warehouse.ingest.conftest import message

CALL = {"type": "function", "function": {"name": "f", "arguments": "{}"}}


def check(one, messages, turns, stored, system=None):
    pool = one({"messages": messages})
    assert pool.rejects() == []
    assert pool.turns() == turns
    assert pool.messages() == [stored]
    assert pool.systems() == [system]


@pytest.mark.parametrize("user", ["user", "human", "prompter", "User"])
@pytest.mark.parametrize(
    "assistant", ["assistant", "gpt", "chatgpt", "bing", "bard", "model", "bot", "ai", "GPT"]
)
def test_roles(one, user, assistant):
    check(one, [message(user, "q"), message(assistant, "a")], [("q", "a")], None)


def test_unanswered_and_empty(one):
    check(
        one,
        [
            message("user", "q"),
            message("assistant", ""),
            message("user", ""),
            message("assistant", "a"),
            message("user", "r"),
        ],
        [("q", ""), ("", "a"), ("r", None)],
        None,
    )


def test_text_is_stored_as_it_came(one):
    check(one, [message("user", "  q\r\n"), message("assistant", "\ta\n")], [("  q\r\n", "\ta\n")], None)


def test_leading_system_messages_are_joined(one):
    messages = [message("system", "A"), message("developer", "B"), message("user", "q")]
    stored = [message("system", "A"), message("system", "B"), message("user", "q")]
    check(one, messages, [("q", None)], stored, "A\n\nB")


def test_one_system_message(one):
    check(one, [message("system", "A"), message("user", "q")], [("q", None)], None, "A")


def test_later_system_message(one):
    messages = [message("user", "q"), message("system", "A"), message("assistant", "a")]
    check(one, messages, [("q", "a")], messages)


def test_two_users_two_assistants(one):
    messages = [
        message("user", "p"),
        message("user", "q"),
        message("assistant", "a"),
        message("assistant", "b"),
    ]
    check(one, messages, [("p\n\nq", "a\n\nb")], messages)


def test_assistant_speaks_first(one):
    messages = [message("assistant", "Hi!"), message("user", "q"), message("assistant", "a")]
    check(one, messages, [("q", "a")], messages)


def test_tools(one):
    messages = [
        message("user", "q"),
        message("assistant", None, tool_calls=[CALL]),
        message("tool", "42", tool_call_id="1"),
        message("assistant", "It is 42."),
        message("user", "thanks"),
    ]
    call = '[{"type":"function","function":{"name":"f","arguments":"{}"}}]'
    check(one, messages, [("q", f"{call}\n\nIt is 42."), ("thanks", None)], messages)


def test_sharegpt_tools(one):
    pool = one(
        {
            "conversations": [
                {"from": "human", "value": "q"},
                {"from": "function_call", "value": '{"name": "f"}'},
                {"from": "observation", "value": "42"},
                {"from": "gpt", "value": "It is 42."},
            ]
        }
    )
    assert pool.turns() == [("q", '{"name": "f"}\n\nIt is 42.')]
    assert pool.messages() == [
        [
            message("user", "q"),
            {"role": "assistant", "content": '{"name": "f"}', "from": "function_call"},
            message("tool", "42"),
            message("assistant", "It is 42."),
        ]
    ]


def test_extra_keys_keep_the_messages(one):
    messages = [message("user", "q", name="Ann"), message("assistant", "a", weight=0)]
    check(one, messages, [("q", "a")], messages)


def test_empty_extra_keys_are_nothing(one):
    messages = [message("user", "q", name=None), message("assistant", "a", tool_calls=[])]
    check(one, messages, [("q", "a")], None)


def test_parts(one):
    parts = [
        {"type": "text", "text": "What"},
        {"type": "image_url", "image_url": {"url": "x"}},
        {"type": "text", "text": "is it?"},
    ]
    messages = [message("user", parts), message("assistant", [{"type": "text", "text": "A cat."}])]
    check(
        one, messages, [("What\nis it?", "A cat.")], [message("user", parts), message("assistant", "A cat.")]
    )


def test_one_text_part_is_text(one):
    check(
        one, [message("user", [{"type": "text", "text": "q"}]), message("assistant", "a")], [("q", "a")], None
    )


def test_only_an_image(one):
    pool = one({"messages": [message("user", [{"type": "image_url", "image_url": {"url": "x"}}])]})
    assert pool.rejects() == [(1, "no text in message 1")]


def test_numbers_are_text(one):
    check(one, [message("user", 3), message("assistant", True)], [("3", "true")], None)


def test_answer_is_null(one):
    messages = [message("user", "q"), message("assistant", None), message("user", "r")]
    check(one, messages, [("q", None), ("r", None)], messages)
