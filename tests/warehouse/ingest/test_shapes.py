"""Every shape of DESIGN §2, found by looking; and what a mapping does."""

from __future__ import annotations

import json

import pytest

from laserdb.errors import UsageError
from laserdb.warehouse.ingest import IngestOptions

ASK, ANSWER = {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}
SHAREGPT = [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]


@pytest.mark.parametrize(
    "row",
    [
        {"messages": [ASK, ANSWER]},
        {"conversations": SHAREGPT},
        {"conversation": [ASK, ANSWER]},
        {"dialog": SHAREGPT},
        {"conversations": json.dumps(SHAREGPT)},
        {"messages": {"role": ["user", "assistant"], "content": ["Hi", "Hello"]}},
        {
            "messages": [
                {"from": "human", "value": "Hi", "weight": None},
                {"from": "gpt", "value": "Hello", "weight": None},
            ]
        },
        {"instruction": "Hi", "input": "", "output": "Hello"},
        {"instruction": "Hi", "input": None, "output": "Hello"},
        {"instruction": "", "input": "Hi", "output": "Hello"},
        {"instruction": "Hi", "output": "Hello"},
        {"instruction": "Hi", "response": "Hello"},
        {"instruction": "Hi", "context": "", "response": "Hello"},
        {"prompt": "Hi", "response": "Hello"},
        {"prompt": "Hi", "completion": "Hello"},
        {"prompt": [ASK], "completion": [ANSWER]},
        {"question": "Hi", "answer": "Hello"},
        {"query": "Hi", "response": "Hello"},
        {"problem": "Hi", "solution": "Hello"},
        {"input": "Hi", "output": "Hello"},
        # As columns of a table where other rows have other shapes.
        {"messages": None, "instruction": None, "prompt": "Hi", "response": "Hello"},
        {"messages": [], "question": "Hi", "answer": "Hello"},
    ],
)
def test_shape(one, row):
    pool = one(row)
    assert pool.turns() == [("Hi", "Hello")]
    assert pool.messages() == [None]
    assert pool.rejects() == []


def test_instruction_and_input_are_joined(one):
    pool = one(
        {"instruction": "Translate.", "input": "chat", "output": "cat"},
        {"instruction": "Who?", "context": "A text.", "response": "She."},
        {"instruction": "Who? ", "input": " \n", "output": "She."},
    )
    assert pool.turns() == [("Translate.\n\nchat", "cat"), ("Who?\n\nA text.", "She."), ("Who? ", "She.")]


def test_messages_win_over_prompt(one):
    pool = one({"prompt": "p", "prompt_id": "x1", "messages": [ASK, ANSWER]})
    assert (pool.turns(), pool.metadata(), pool.ids()) == ([("Hi", "Hello")], [{"prompt": "p"}], ["x1"])


def test_answers(one):
    pool = one(
        {"instruction": "a"},
        {"instruction": "b", "output": None},
        {"instruction": "c", "output": ""},
        {"question": 3, "answer": 4.5},
        {"question": "yes?", "answer": True},
        {"problem": "p", "solution": "s", "answer": "4"},
    )
    assert pool.turns() == [("a", None), ("b", None), ("c", ""), ("3", "4.5"), ("yes?", "true"), ("p", "s")]
    assert pool.metadata()[-1] == {"answer": "4"}


def test_system_columns(one):
    pool = one(
        {"system": "S", "instruction": "a"},
        {"system_prompt": "P", "question": "b"},
        {"system": "", "question": "c"},
        {"system": "S", "messages": [ASK, ANSWER]},
        {"system": "S", "messages": [{"role": "system", "content": "T"}, ASK, ANSWER]},
        {
            "system": "S",
            "messages": [{"role": "system", "content": "S"}, ASK, {"role": "assistant", "content": "x"}],
        },
    )
    assert pool.systems() == ["S", "P", None, "S", "S\n\nT", "S"]
    assert pool.messages() == [
        None,
        None,
        None,
        None,
        [{"role": "system", "content": "S"}, {"role": "system", "content": "T"}, ASK, ANSWER],
        None,
    ]


def test_shape_is_decided_row_by_row(one):
    pool = one({"question": "a", "answer": "b"}, {"messages": [ASK, ANSWER]}, {"text": "c"}, {"prompt": "d"})
    assert pool.turns() == [("a", "b"), ("Hi", "Hello"), ("d", None)]
    assert pool.rows("SELECT sample_id, turn_id, turn_index FROM turns ORDER BY 1") == [
        (1, 1, 0),
        (2, 2, 0),
        (3, 3, 0),
    ]
    assert pool.rejects() == [(3, "no recognised shape (keys: text)")]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({}, "no recognised shape (keys: none)"),
        ({"text": "x", "n": 1}, "no recognised shape (keys: text, n)"),
        ({"instruction": "", "input": " \t"}, "blank instruction"),
        ({"instruction": None, "output": "x"}, "blank instruction"),
        ({"question": "\u00a0"}, "blank question"),
        ({"instruction": ["a"], "output": "x"}, "instruction is a list, not text"),
        ({"instruction": "a", "output": {"b": 1}}, "output is an object, not text"),
        ({"messages": 5}, "messages is a number, not a list of messages"),
        ({"messages": "Hi"}, "messages is text, not a list of messages"),
        ({"messages": {"role": "user"}}, "messages is an object, not a list of messages"),
        ({"messages": []}, "no messages"),
        ({"messages": None}, "messages is null, not a list of messages"),
        ({"messages": ["Hi"]}, "message 1 is text, not an object"),
        ({"messages": [{"content": "Hi"}]}, "message 1 has no role"),
        ({"messages": [ASK, {"role": "narrator", "content": "x"}]}, "unknown role 'narrator' in message 2"),
        (
            {"messages": [{"role": "user", "content": {"a": 1}}]},
            "the content of message 1 is an object, not text",
        ),
        ({"messages": [{"role": "user", "content": None}]}, "no text in message 1"),
        ({"messages": [{"role": "user", "content": " "}]}, "no user message with text"),
        ({"messages": [ANSWER]}, "no user message with text"),
        ([1], "the row is a list, not an object"),
        ("3", "the row is a number, not an object"),
        ('"x"', "the row is text, not an object"),
        ("null", "the row is null, not an object"),
    ],
)
def test_rejected(one, row, reason):
    pool = one({"question": "fine"}, row)
    assert pool.rejects() == [(2, reason)]
    ((raw,),) = pool.rows("SELECT raw FROM rejects")
    assert raw == (row if isinstance(row, str) else json.dumps(row))


def test_data_ids(one):
    pool = one(
        {"data_id": "a", "id": "b", "question": "1"},
        {"id": 7, "question": "2"},
        {"uuid": "u", "question": "3"},
        {"id": None, "conversation_id": "c", "question": "4"},
        {"question": "5"},
        {"id": "", "question": "6"},
        {"id": ["x"], "question": "7"},
        {"id": 123456789012345678901234567890, "question": "8"},
    )
    big = "123456789012345678901234567890"
    assert pool.ids() == ["a", "7", "u", "c", "rows-5", "rows-6", "rows-7", big]
    assert pool.metadata()[:7] == [{"id": "b"}, {}, {}, {"id": None}, {}, {}, {"id": ["x"]}]


def test_metadata_keeps_types_and_order(one):
    text = '{"n":12345678901234567890123,"f":0.1,"t":true,"z":null,"l":[1,{"a":"\\u00e9"}],"o":{},"s":"x"}'
    pool = one(f'{{"question":"q",{text[1:]}', {"question": "r", "Question": 1, 'a.b"c': 2, "": 3})
    assert pool.rows("SELECT metadata FROM samples ORDER BY sample_id") == [
        (text.replace("\\u00e9", "é"),),
        ('{"Question":1,"a.b\\"c":2,"":3}',),
    ]


def test_mapping(one):
    pool = one(
        {"id": "kept", "key": 5, "ask": "q", "more": "i", "say": "r", "who": "s"},
        {"id": "kept", "key": 6, "ask": "q2", "more": None, "say": None, "who": None},
        {"ask": "q3"},
        mapping={"instruction": "ask", "input": "more", "output": "say", "system": "who", "data_id": "key"},
    )
    assert pool.turns() == [("q\n\ni", "r"), ("q2", None)]
    assert (pool.systems(), pool.ids()) == (["s", None], ["5", "6"])
    assert pool.metadata() == [{"id": "kept"}, {"id": "kept"}]
    assert pool.rejects() == [(3, "no key 'more', which input is mapped to")]


def test_mapping_of_messages(one):
    pool = one({"chat": [ASK, ANSWER], "messages": 1}, mapping={"messages": "chat"})
    assert (pool.turns(), pool.metadata()) == ([("Hi", "Hello")], [{"messages": 1}])


@pytest.mark.parametrize(
    ("mapping", "problem"),
    [
        (
            {"instructions": "a"},
            "can't map 'instructions' (did you mean instruction?); "
            "the keys are instruction, input, output, system, messages, data_id",
        ),
        ({"instruction": ""}, "the column for instruction is missing"),
        ({"messages": "a", "output": "b"}, "map either messages, or instruction"),
        ({"output": "b"}, "needs one of instruction too"),
    ],
)
def test_bad_mapping(mapping, problem):
    with pytest.raises(UsageError) as error:
        IngestOptions(mapping=mapping)
    assert problem in str(error.value)


def test_source(pool):
    pool.ingest(pool.write("a.b.jsonl", {"question": "1"}))
    pool.ingest(pool.write("c.jsonl", {"question": "2"}), source="mine")
    assert pool.rows("SELECT source, data_id FROM samples ORDER BY 1") == [
        ("a.b", "a.b-1"),
        ("mine", "mine-1"),
    ]
    with pytest.raises(UsageError, match="blank"):
        IngestOptions(source=" ")
