"""What real files hold: broken lines, odd bytes, huge lines; each row is kept or told of."""

from __future__ import annotations

import io
import json

import pytest

from laserdb.warehouse.ingest import split
from laserdb.warehouse.ingest.batch import MAX_RAW


def test_physical_line_numbers(one):
    pool = one("", '{"question": "a"}', "", "   ", '{"question": ', "\r", '{"question": "b"}', "oops")
    assert pool.turns() == [("a", None), ("b", None)]
    assert pool.ids() == ["rows-2", "rows-7"]
    assert pool.rejects() == [
        (5, "invalid JSON: Expecting value at character 13"),
        (8, "invalid JSON: Expecting value at character 1"),
    ]
    assert pool.rows(
        "SELECT source, file = ?, raw FROM rejects ORDER BY line", [str(pool.folder / "rows.jsonl")]
    ) == [
        ("rows", True, '{"question": '),
        ("rows", True, "oops"),
    ]


def test_bom_and_crlf(pool):
    path = pool.folder / "rows.jsonl"
    path.write_bytes(
        b'\xef\xbb\xbf{"question": "a"}\r\n\r\n{"question": "b\\r\\n"}\r\n\xef\xbb\xbf{"question": "c"}'
    )
    assert pool.ingest(str(path)).as_dict() == {
        "read": 3,
        "samples": 3,
        "turns": 3,
        "duplicates": 0,
        "rejects": 0,
    }
    assert pool.turns() == [("a", None), ("b\r\n", None), ("c", None)]


def test_cut_off_last_line(pool):
    path = pool.folder / "rows.jsonl"
    path.write_bytes(b'{"question": "a"}\n{"question": "b')
    assert pool.ingest(str(path)).rejects == 1
    assert pool.rejects() == [(2, "invalid JSON: Unterminated string starting at at character 14")]


def test_invalid_utf8(one):
    pool = one('{"question": "a"}', b'{"question": "\xff\xfe"}', '{"question": "é"}')
    assert pool.turns() == [("a", None), ("é", None)]
    assert pool.rows("SELECT line, reason, raw FROM rejects") == [
        (2, "invalid UTF-8", '{"question": "\ufffd\ufffd"}')
    ]


def test_nul(one):
    """An escaped NUL is text like any other; a raw one isn't JSON."""
    pool = one('{"question": "a\\u0000b"}', '{"question": "a\\u0000c"}', b'{"question": "a\x00b"}')
    assert pool.turns() == [("a\0b", None), ("a\0c", None)]
    assert pool.rejects() == [(3, "invalid JSON: Invalid control character at at character 16")]


def test_nul_beside_other_scripts(one):
    pool = one('{"question": "e\\u0301\\u0000b"}', '{"question": "e\\u0301\\u0000c"}')
    assert len(pool.turns()) == 2


def test_last_of_equal_keys_counts(one):
    pool = one(
        '{"question": "a", "question": "b"}',
        '{"messages": [{"role": "user", "role": "assistant", "content": "x"},'
        ' {"role": "user", "content": "c"}]}',
        '{"question": "d", "n": 1, "n": 2}',
    )
    assert [instruction for instruction, _ in pool.turns()] == ["b", "c", "d"]
    assert pool.metadata()[2] == {"n": 2}


def test_lenient_where_duckdb_is(one):
    """Trailing commas are read, NaN and infinite numbers are null."""
    pool = one('{"question": "a", "n": [1, 2,],}', '{"question": "b", "n": NaN, "m": -Infinity}')
    assert pool.metadata() == [{"n": [1, 2]}, {"n": None, "m": None}]


def test_the_word_nan_in_metadata(one):
    assert one({"question": "a", "n": "NaN"}).metadata() == [{"n": "NaN"}]


def test_lone_surrogates_are_replaced(one):
    pool = one('{"question": "a\\ud800b", "\\uDFFF": "\\ud83d\\ude00"}')
    assert (pool.turns(), pool.metadata()) == ([("a\ufffdb", None)], [{"\ufffd": "😀"}])


def test_numbers_beyond_double(one):
    pool = one('{"question": 1e400, "n": 1e400}', f'{{"question": "b", "n": {"9" * 5000}}}')
    assert pool.turns()[0][0] == "1e400"
    assert pool.rows("SELECT count(*) FROM samples WHERE json_valid(metadata)") == [(2,)]


def test_deep_nesting(one):
    pool = one(
        '{"question": "a", "deep": ' + "[" * 50 + "]" * 50 + "}",
        '{"question": "b", "deep": ' + "[" * 150 + "]" * 150 + "}",
        '{"question": "c", "deep": ' + "[" * 100_000 + "]" * 100_000 + "}",
    )
    assert pool.turns() == [("a", None)]
    assert pool.rejects() == [(2, "nested deeper than 100 levels"), (3, "nested deeper than 100 levels")]


def test_long_lines(one):
    text = "long " * 2_000_000
    pool = one({"question": "a", "answer": text}, {"question": "b", "answer": "short"}, "x" * 2_000_000)
    assert pool.turns() == [("a", text), ("b", "short")]
    assert pool.rows("SELECT line, length(raw) FROM rejects") == [(3, MAX_RAW + 1)]


def test_endless_line(one, monkeypatch):
    monkeypatch.setattr(split, "CHUNK", 1000)
    monkeypatch.setattr(split, "MAX_ROW", 10_000)
    found = list(split.lines(io.BytesIO(b'{"a":1}\n' + b"x" * 100_000 + b'\n{"b":2}\n'), chunk=1000))
    texts = [(row["line"], row["text"]) for batch in found for row in batch.lines.to_pylist()]
    rejects = [(reject.line, reject.reason) for batch in found for reject in batch.rejects]
    assert texts == [(1, '{"a":1}\n'), (3, '{"b":2}\n')]
    assert rejects == [(2, "longer than 0 MB")]


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 16, 1000])
def test_lines_across_chunks(chunk):
    text = 'a\n\nbb\r\n  \n"ccc"\ndé\n\nlast'
    found = [
        row for batch in split.lines(io.BytesIO(text.encode()), chunk) for row in batch.lines.to_pylist()
    ]
    expected = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line not in ("", "\r")]
    assert [(row["line"], row["text"].rstrip("\n")) for row in found] == expected


ELEMENTS = [
    {"a": 'quote " and \\ and \\" [ ] { } ,'},
    {"b": [[1, {"c": "x,y"}], []]},
    "text, with [brackets",
    3,
    None,
    {"é": "日本\n"},
    {},
]


@pytest.mark.parametrize("chunk", [1, 5, 64, 10_000])
@pytest.mark.parametrize("indent", [None, 2])
def test_array_elements_across_chunks(chunk, indent):
    text = json.dumps(ELEMENTS, indent=indent, ensure_ascii=False)
    found = [
        row
        for batch in split.elements(io.BytesIO(text.encode()), array=True, chunk=chunk)
        for row in batch.lines.to_pylist()
    ]
    assert [json.loads(row["text"]) for row in found] == ELEMENTS
    assert [row["line"] for row in found] == list(range(1, 8))


@pytest.mark.parametrize("chunk", [1, 5, 64, 10_000])
def test_objects_across_chunks(chunk):
    objects = [element for element in ELEMENTS if isinstance(element, dict)]
    text = "\n".join(json.dumps(element, indent=1) for element in objects)
    found = [
        row
        for batch in split.elements(io.BytesIO(text.encode()), array=False, chunk=chunk)
        for row in batch.lines.to_pylist()
    ]
    assert [json.loads(row["text"]) for row in found] == objects
