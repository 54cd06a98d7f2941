"""Formats by suffix and by content, compression, globs, standard input; and files that can't be read."""

from __future__ import annotations

import gzip
import io
import json
import os
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from laserdb.errors import InputError, UsageError

ROWS = [{"question": "a", "answer": "b", "n": 1}, {"question": "c", "answer": None, "n": None}]
TURNS = [("a", "b"), ("c", None)]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
CHAT = [
    {
        "messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}],
        "n": 1,
        "tags": ["x"],
    }
]


def zstd(data: bytes) -> bytes:
    return pa.Codec("zstd").compress(data, asbytes=True)


def put(pool, name: str, data: bytes) -> str:
    path = pool.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return str(path)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("r.jsonl", LINES),
        ("r.ndjson", LINES),
        ("r.json", LINES),
        ("r.json", json.dumps(ROWS).encode()),
        ("r.json", b"\xef\xbb\xbf" + json.dumps(ROWS, indent=2).encode()),
        ("r.jsonl", json.dumps(ROWS, indent=2).encode()),
        ("r.json", b"\n".join(json.dumps(row, indent=2).encode() for row in ROWS)),
        ("r.jsonl.gz", gzip.compress(LINES)),
        ("r.jsonl.gz", gzip.compress(LINES[:20]) + gzip.compress(LINES[20:])),
        ("r.jsonl.zst", zstd(LINES)),
        ("r.jsonl", gzip.compress(LINES)),
        ("r.jsonl.gz", LINES),
        ("r", LINES),
        ("r.txt", json.dumps(ROWS).encode()),
        ("r.csv", b"question,answer,n\na,b,1\nc,,\n"),
        ("r.tsv", b"question\tanswer\tn\r\na\tb\t1\r\nc\t\t\r\n"),
        ("r.csv", b"\xef\xbb\xbfquestion;answer;n\na;b;1\nc;;\n"),
        ("r.csv.gz", gzip.compress(b"question,answer,n\na,b,1\nc,,\n")),
    ],
)
def test_text_formats(pool, name, data):
    summary = pool.ingest(put(pool, name, data))
    assert summary.as_dict() == {"read": 2, "samples": 2, "turns": 2, "duplicates": 0, "rejects": 0}
    assert pool.turns() == TURNS
    number = "1" if ".csv" in name or ".tsv" in name else 1
    assert pool.metadata() == [{"n": number}, {"n": None}]
    assert pool.ids()[0].endswith("-1")


def test_one_object(pool):
    pool.ingest(put(pool, "one.json", json.dumps(ROWS[0], indent=4).encode()))
    assert pool.turns() == [("a", "b")]


def write_table(pool, name: str, table: pa.Table) -> str:
    path = str(pool.folder / name)
    if name.endswith(".parquet"):
        pq.write_table(table, path)
    elif name.endswith(".feather"):
        pyarrow.feather.write_feather(table, path)
    elif name.startswith("stream"):
        with pa.OSFile(path, "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
            writer.write_table(table)
    else:
        with pa.OSFile(path, "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
    return path


@pytest.mark.parametrize("name", ["t.parquet", "t.arrow", "stream.arrow", "t.feather", "t.ipc"])
@pytest.mark.parametrize("packed", [False, True])
def test_tables(pool, name, packed):
    path = Path(write_table(pool, name, pa.Table.from_pylist(CHAT)))
    if packed:
        path = Path(put(pool, name + ".gz", gzip.compress(path.read_bytes())))
    assert pool.ingest(str(path)).samples == 1
    assert (pool.turns(), pool.metadata(), pool.messages()) == (
        [("a", "b")],
        [{"n": 1, "tags": ["x"]}],
        [None],
    )
    assert pool.rows("SELECT source FROM samples") == [(name.split(".")[0],)]


def test_parquet_of_json_text(pool):
    row = {"conversations": json.dumps([{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}])}
    pool.ingest(write_table(pool, "t.parquet", pa.Table.from_pylist([row])))
    assert pool.turns() == [("a", "b")]


def test_parquet_types(pool):
    table = pa.table(
        {
            "question": ["q"],
            "Question": [1],
            "big": pa.array([2**63 - 1], pa.int64()),
            "half": pa.array([1.5]).cast(pa.float16()),
            "nan": [float("nan")],
            "map": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
            "day": pa.array([0], pa.date32()),
            "label": pa.array(["x"]).dictionary_encode(),
            'a "b"': [True],
        }
    )
    pool.ingest(write_table(pool, "t.parquet", table))
    assert pool.metadata() == [
        {
            "Question": 1, "big": 2**63 - 1, "half": 1.5, "nan": None, "map": {"k": 1}, "day": "1970-01-01",
            "label": "x", 'a "b"': True,
        }
    ]  # fmt: skip


def test_parquet_with_broken_text(pool):
    text = pa.array([b"a", b"\xff", b"c"], pa.binary()).view(pa.string())
    pool.ingest(write_table(pool, "t.parquet", pa.table({"question": text})))
    assert pool.turns() == [("a", None), ("c", None)]
    assert pool.rows("SELECT line, reason, raw FROM rejects") == [(2, "invalid UTF-8", "\ufffd")]


def test_many_row_groups_keep_their_order(pool):
    table = pa.table({"question": [str(number) for number in range(1000)]})
    path = str(pool.folder / "t.parquet")
    pq.write_table(table, path, row_group_size=77)
    pool.ingest(path)
    assert pool.turns() == [(str(number), None) for number in range(1000)]
    assert pool.ids()[-1] == "t-1000"


def test_csv_rows(pool):
    text = 'question,answer,note\n"a, ""x""\ny",,""\nonly one\nc,d,e,f\n"g",\xff,h\ni,j,k\n'
    path = put(pool, "r.csv", text.encode("latin-1"))
    summary = pool.ingest(path)
    assert summary.as_dict() == {"read": 5, "samples": 2, "turns": 2, "duplicates": 0, "rejects": 3}
    assert pool.turns() == [('a, "x"\ny', None), ("i", "j")]
    assert (pool.metadata(), pool.ids()) == ([{"note": ""}, {"note": "k"}], ["r-1", "r-5"])
    assert pool.rows("SELECT line, reason, raw FROM rejects ORDER BY line") == [
        (2, "1 fields instead of 3", "only one"),
        (3, "4 fields instead of 3", "c,d,e,f"),
        (4, "invalid UTF-8", "g\t\ufffd\th"),
    ]


def test_csv_with_json_messages_and_wide_cells(pool):
    chat = json.dumps([{"role": "user", "content": "x" * 10_000_000}]).replace('"', '""')
    pool.ingest(put(pool, "r.csv", f'id,messages\n7,"{chat}"\n'.encode()))
    assert pool.rows("SELECT data_id, length(instruction) FROM samples JOIN turns USING (sample_id)") == [
        ("7", 10_000_000)
    ]


def test_broken_json_array(pool):
    text = '[{"question": "a"}, {"question": oops}, {"question": "b"}, {"question": "c'
    pool.ingest(put(pool, "r.json", text.encode()))
    assert pool.turns() == [("a", None), ("b", None)]
    assert [line for line, _ in pool.rejects()] == [2, 4]


def test_comma_before_the_end_of_an_array(pool):
    assert pool.ingest(put(pool, "r.json", b'[{"question": "a"},]')).read == 1


def test_text_after_an_array(pool):
    pool.ingest(put(pool, "r.json", b'[{"question": "a"}] \n what?'))
    assert (pool.turns(), pool.rejects()) == ([("a", None)], [(2, "text after the end of the array")])


@pytest.mark.parametrize("name", ["e.jsonl", "e.json", "e.csv", "e.parquet", "e", "e.jsonl.gz"])
@pytest.mark.parametrize("data", [b"", b"\n \n", gzip.compress(b"")])
def test_empty_file(pool, name, data):
    summary = pool.ingest(put(pool, name, data))
    assert summary.as_dict() == {"read": 0, "samples": 0, "turns": 0, "duplicates": 0, "rejects": 0}
    assert pool.rows("SELECT count(*) FROM ingests") == [(1,)]


@pytest.mark.parametrize("data", [b"question\n", b"[]", b"[ ]\n"])
def test_no_rows(pool, data):
    assert pool.ingest(put(pool, "e.csv" if data[:1] == b"q" else "e.json", data)).read == 0


def test_globs(pool):
    for name in ("b.jsonl", "a.jsonl", "sub/c.jsonl", "sub/deep/d.jsonl", "x.txt", "[odd].jsonl"):
        pool.write(name, {"question": name})
    summary = pool.ingest(
        f"{pool.folder}/?.jsonl", f"{pool.folder}/sub/**/*.jsonl", f"{pool.folder}/[odd].jsonl"
    )
    names = [os.path.relpath(file.file, pool.folder) for file in summary.files]
    assert names == ["a.jsonl", "b.jsonl", "sub/c.jsonl", "sub/deep/d.jsonl", "[odd].jsonl"]
    assert [instruction for instruction, _ in pool.turns()] == names


class Pipe(io.BytesIO):
    """Standard input from a pipe: can't be read again."""

    def seekable(self) -> bool:
        return False


@pytest.mark.parametrize("kind", ["lines", "array", "gzip", "parquet"])
def test_standard_input(pool, monkeypatch, kind):
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS), sink)
    data = {
        "lines": LINES,
        "array": json.dumps(ROWS).encode(),
        "gzip": gzip.compress(LINES),
        "parquet": sink.getvalue(),
    }[kind]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Pipe(data))))
    assert pool.ingest("-").read == 2
    assert pool.turns() == TURNS
    assert pool.rows("SELECT DISTINCT source, data_id FROM samples ORDER BY 2") == [
        ("stdin", "stdin-1"),
        ("stdin", "stdin-2"),
    ]


def test_long_standard_input(pool, monkeypatch):
    rows = [{"question": f"{number} " + "x" * 1000} for number in range(5000)]
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Pipe(data))))
    assert pool.ingest("-").samples == 5000


@pytest.mark.parametrize(
    ("name", "data", "problem"),
    [
        ("r.parquet", b"nonsense", "is not Parquet, though its name says so"),
        ("r.parquet", b"PAR1nonsense", "can't read"),
        ("r.arrow", b"nonsense", "is not Arrow, though its name says so"),
        ("r.jsonl", '{"question": "a"}'.encode("utf-16"), "is UTF-16 text; convert it to UTF-8"),
        ("r.jsonl", b"PK\x03\x04", "is a zip archive; unpack it"),
        ("r.jsonl.gz", gzip.compress(LINES * 1000)[:-20], "it is damaged or cut off"),
        ("r.jsonl.zst", zstd(os.urandom(100_000))[:-20], "Truncated compressed stream"),
        ("r.dat", b"\x00\x01", "can't tell what"),
    ],
)
def test_unreadable_files_change_nothing(pool, name, data, problem):
    good = pool.write("good.jsonl", {"question": "a"})
    with pytest.raises(InputError) as error:
        pool.ingest(good, put(pool, name, data))
    assert problem in str(error.value)
    assert "\n" not in str(error.value)
    assert pool.rows("SELECT (SELECT count(*) FROM samples), (SELECT count(*) FROM ingests)") == [(0, 0)]


def test_missing_files(pool):
    good = pool.write("good.jsonl", {"question": "a"})
    for name, problem in (
        ("gone.jsonl", "no such file: gone.jsonl"),
        (f"{pool.folder}/*.csv", f"no file matches {pool.folder}/*.csv"),
        (
            str(pool.folder),
            f"{pool.folder} is a directory; name its files, for example '{pool.folder}/*.jsonl'",
        ),
    ):
        with pytest.raises(InputError) as error:
            pool.ingest(good, name)
        assert str(error.value) == problem
    assert pool.turns() == []
    with pytest.raises(UsageError, match="name at least one file"):
        pool.ingest()
    with pytest.raises(UsageError, match="only once"):
        pool.ingest("-", "-")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(pool):
    path = pool.write("r.jsonl", {"question": "a"})
    os.chmod(path, 0)
    with pytest.raises(InputError, match="Permission denied"):
        pool.ingest(path)


class Listener:
    def __init__(self) -> None:
        self.said = []
        self.done = 0

    def start(self, description, total, unit):
        self.said.append((total, unit))

    def advance(self, n):
        self.done += n

    def note(self, text):
        raise AssertionError(text)

    def finish(self):
        self.said.append("finished")


def test_progress_counts_bytes(pool):
    from laserdb.warehouse.ingest import IngestOptions, ingest

    files = [
        put(pool, "a.jsonl", LINES),
        put(pool, "b.jsonl.gz", gzip.compress(LINES)),
        put(pool, "c.jsonl", b""),
    ]
    files.append(write_table(pool, "t.parquet", pa.Table.from_pylist(CHAT)))
    total = sum(os.path.getsize(file) for file in files)
    listener = Listener()
    ingest(pool.warehouse, files, IngestOptions(), listener)
    assert (listener.said, listener.done) == ([(total, "bytes"), "finished"], total)
