"""Content keys: what is a duplicate, and that nothing is taken twice or told of twice."""

from __future__ import annotations

import hashlib
import unicodedata
import uuid

import duckdb
import pytest

from laserdb.warehouse.ingest import keys
from tests.warehouse.ingest.conftest import message


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def test_first_of_equal_rows_is_kept(pool):
    first = pool.write(
        "a.jsonl", {"question": "x", "id": 1}, {"question": "y", "id": 2}, {"question": "x", "id": 3}
    )
    second = pool.write("b.jsonl", {"question": "z", "id": 4}, {"question": "y", "id": 5})
    summary = pool.ingest(first, second)
    counts = [(file.read, file.samples, file.duplicates) for file in summary.files]
    assert counts == [(3, 2, 1), (2, 1, 1)]
    assert pool.ids() == ["1", "2", "4"]
    assert pool.rows("SELECT sample_id, turn_id FROM turns ORDER BY 1") == [(1, 1), (2, 2), (3, 3)]


def test_same_file_again_adds_nothing(pool):
    path = pool.write("a.jsonl", {"question": "x"}, "broken", {"text": "y"}, "broken")
    expected = {"read": 4, "samples": 1, "turns": 1, "duplicates": 0, "rejects": 3}
    assert pool.ingest(path).as_dict() == expected
    assert pool.ingest(path, path).as_dict() == {
        "read": 8,
        "samples": 0,
        "turns": 0,
        "duplicates": 2,
        "rejects": 6,
    }
    assert [line for line, _ in pool.rejects()] == [2, 3, 4]
    assert pool.rows("SELECT ingest_id, read, samples, duplicates, rejects FROM ingests ORDER BY 1") == [
        (1, 4, 1, 0, 3),
        (2, 4, 0, 1, 3),
        (3, 4, 0, 1, 3),
    ]


def test_same_broken_file_twice_in_one_call(pool):
    path = pool.write("a.jsonl", "broken")
    assert pool.ingest(path, path).rejects == 2
    assert pool.rejects() == [(1, "invalid JSON: Expecting value at character 1")]


def test_ids_go_on(pool):
    for name in ("a", "b", "c"):
        pool.ingest(pool.write(f"{name}.jsonl", {"question": name}, {"question": name + "2"}))
    assert pool.rows("SELECT sample_id, turn_id, instruction FROM turns ORDER BY 1") == [
        (1, 1, "a"), (2, 2, "a2"), (3, 3, "b"), (4, 4, "b2"), (5, 5, "c"), (6, 6, "c2"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("one_row", "other"),
    [
        ({"question": "x", "answer": "y"}, {"prompt": " x\n", "response": "\u3000y\t", "note": 1}),
        ({"question": "caf\u00e9"}, {"question": "cafe\u0301"}),
        ({"question": "x", "answer": "y"}, {"messages": [message("user", "x"), message("assistant", "y")]}),
        ({"question": "x"}, {"question": "x", "system": ""}),
        ({"messages": [message("user", "x", name="A")]}, {"messages": [message("human", "x ", name="B")]}),
    ],
)
def test_duplicates(one, one_row, other):
    assert len(one(one_row, other).ids()) == 1


@pytest.mark.parametrize(
    ("one_row", "other"),
    [
        ({"question": "x"}, {"question": "x", "answer": ""}),
        ({"question": "x"}, {"question": "X"}),
        ({"question": "x"}, {"question": "x", "system": "s"}),
        (
            {"messages": [message("user", "x"), message("assistant", "y")]},
            {"messages": [message("user", "x"), message("assistant", "y"), message("user", "z")]},
        ),
        (
            {"messages": [message("user", "x"), message("tool", "1"), message("assistant", "y")]},
            {"messages": [message("user", "x"), message("tool", "2"), message("assistant", "y")]},
        ),
        (
            {"messages": [message("user", "x"), message("assistant", "y", tool_calls=[1])]},
            {"messages": [message("user", "x"), message("assistant", "y", tool_calls=[2])]},
        ),
    ],
)
def test_not_duplicates(one, one_row, other):
    assert len(one(one_row, other).ids()) == 2


def test_keys_by_their_definition(one):
    pool = one(
        {
            "messages": [message("user", " cafe\u0301 "), message("assistant", "y\n"), message("user", "z")],
            "system": "s",
        },
        {"question": "x"},
    )
    asked, other = md5("caf\u00e9"), md5("z")
    turns = [md5(asked + "+y"), md5(other + "-")]
    single = md5("x")
    assert pool.rows("SELECT instruction_key, turn_key FROM turns ORDER BY turn_id") == [
        (uuid.UUID(asked), uuid.UUID(turns[0])),
        (uuid.UUID(other), uuid.UUID(turns[1])),
        (uuid.UUID(single), uuid.UUID(md5(single + "-"))),
    ]
    assert pool.rows("SELECT prompt_key, content_key FROM samples ORDER BY sample_id") == [
        (uuid.UUID(md5("caf\u00e9\n\nz")), uuid.UUID(md5(md5("s") + "".join(turns)))),
        (uuid.UUID(single), uuid.UUID(md5(md5("") + md5(single + "-")))),
    ]


def characters(pattern: str) -> set[int]:
    con = duckdb.connect()
    sql = (
        "SELECT i FROM range(1, 1114112) t(i) WHERE (i < 55296 OR i > 57343) "
        f"AND regexp_matches(chr(i::INTEGER), '[{pattern}]')"
    )
    try:
        return {number for (number,) in con.execute(sql).fetchall()}
    finally:
        con.close()


def test_spaces_are_those_of_python():
    assert characters(keys.SPACES) == {number for number in range(0x110000) if chr(number).isspace()}


def test_every_text_that_is_not_nfc_is_looked_at():
    second = set(range(0x1161, 0x1176)) | set(range(0x11A8, 0x11C3))
    needed = set()
    for number in range(1, 0x110000):
        if 0xD800 <= number < 0xE000:
            continue
        parts = unicodedata.decomposition(chr(number)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            second.add(int(parts[1], 16))
        if unicodedata.combining(chr(number)) or unicodedata.normalize("NFC", chr(number)) != chr(number):
            needed.add(number)
    assert (needed | second) - characters(keys.MAYBE_NOT_NFC) == set()
