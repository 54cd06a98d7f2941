"""The shipped demo data holds what its README promises."""

import json
import unicodedata
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[2] / "laserdb" / "demo"
LINES = {"assistant": 82, "tasks": 94, "chats": 36}
BROKEN_LINE = ("tasks", 41)
NO_USER = ("assistant", "gen-029")
DUPLICATES = {
    frozenset({("tasks", "reason-011"), ("tasks", "reason-029")}),
    frozenset({("tasks", "fact-013"), ("assistant", "fact-031")}),
    frozenset({("chats", "extract-003"), ("chats", "extract-030")}),
}
ROLES = {"human": "user", "gpt": "assistant"}


def lines(name):
    # Not splitlines(): a text may hold other line separators than "\n".
    text = (DEMO / f"{name}.jsonl").read_text(encoding="utf-8")
    assert text.endswith("\n")
    return text.removesuffix("\n").split("\n")


def rows(name):
    return [json.loads(line) for n, line in enumerate(lines(name), 1) if (name, n) != BROKEN_LINE]


def row_id(row):
    return row["id"] if "conversations" in row else row["data_id"]


def messages(row):
    """The conversation as (role, text) pairs, whatever the row's shape."""
    if "messages" in row:
        pairs = [(m["role"], m["content"] or json.dumps(m.get("tool_calls"))) for m in row["messages"]]
    elif "conversations" in row:
        pairs = [(ROLES.get(m["from"], m["from"]), m["value"]) for m in row["conversations"]]
    else:
        prompt = "\n\n".join(filter(None, [row["instruction"], row["input"]]))
        pairs = [("user", prompt), ("assistant", row["output"])]
    return tuple((role, unicodedata.normalize("NFC", text).strip()) for role, text in pairs)


@pytest.mark.parametrize("name", LINES)
def test_line_counts(name):
    assert len(lines(name)) == LINES[name]


def test_only_the_named_line_does_not_parse():
    broken = []
    for name in LINES:
        for n, line in enumerate(lines(name), 1):
            try:
                json.loads(line)
            except json.JSONDecodeError:
                broken.append((name, n))
    assert broken == [BROKEN_LINE]


def test_shapes():
    for row in rows("assistant"):
        assert {"data_id", "messages"} <= row.keys()
        assert {m["role"] for m in row["messages"]} <= {"system", "user", "assistant", "tool"}
    for row in rows("tasks"):
        assert {"data_id", "instruction", "input", "output"} <= row.keys()
        assert all(isinstance(row[key], str) for key in ("instruction", "input", "output"))
    for row in rows("chats"):
        assert {"id", "conversations"} <= row.keys()
        assert {m["from"] for m in row["conversations"]} <= {"system", "human", "gpt"}


@pytest.mark.parametrize("name", LINES)
def test_ids_are_unique_per_file(name):
    ids = [row_id(row) for row in rows(name)]
    assert len(set(ids)) == len(ids)


def test_one_row_has_no_user_message():
    without = [
        (name, row_id(row))
        for name in LINES
        for row in rows(name)
        if not any(role == "user" for role, _ in messages(row))
    ]
    assert without == [NO_USER]


def test_duplicates():
    seen = defaultdict(list)
    for name in LINES:
        for row in rows(name):
            seen[messages(row)].append((name, row_id(row)))
    assert {frozenset(where) for where in seen.values() if len(where) > 1} == DUPLICATES


def test_oddities_of_real_data():
    roles = [[role for role, _ in messages(row)] for row in rows("assistant")]
    assert any("tool" in r for r in roles)
    assert any(r[-1] == "user" for r in roles)
    assert any(("user", "user") in pairwise(r) for r in roles)
    assert sum(r[0] == "system" for r in roles) >= 5


def test_multi_turn_share():
    turns = {name: [sum(r == "user" for r, _ in messages(row)) for row in rows(name)] for name in LINES}
    assert sum(n > 1 for n in turns["assistant"]) >= 25
    assert sum(n > 1 for n in turns["chats"]) >= len(turns["chats"]) // 2
    assert max(max(n) for n in turns.values()) <= 4


def test_every_category_is_there():
    prefixes = Counter(row_id(row).rsplit("-", 1)[0] for name in LINES for row in rows(name))
    assert prefixes.keys() == {"math", "code", "gen", "reason", "brain", "fact", "extract"}
    assert all(25 <= n <= 37 for n in prefixes.values())


def test_size():
    assert sum(path.stat().st_size for path in DEMO.glob("*.jsonl")) < 300_000
