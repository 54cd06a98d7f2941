from __future__ import annotations

import gzip
import json

import pyarrow.parquet as pq
import pytest

from laserdb.database import Database
from laserdb.errors import ExportError, LaserdbError, UsageError
from laserdb.warehouse import Warehouse

TOOL_MESSAGES = [
    {"role": "user", "content": [{"type": "text", "text": "wea"}, {"type": "image"}, "ther?"]},
    {"role": "assistant", "content": None, "tool_calls": [{"name": "w"}]},
    {"role": "tool", "content": "sun"},
    {"role": "assistant", "content": "Sunny."},
]


@pytest.fixture
def database(warehouse: Warehouse) -> Database:
    samples = [
        (1, "plain", 1, None, '{"topic": "a", "n": 1}', None),
        (2, "multi", 2, "Be brief.", '{"topic": 2}', None),
        (3, "tools", 1, None, "{}", json.dumps(TOOL_MESSAGES)),
    ]
    turns = [
        (1, 1, 0, 'say "hi"\n', "hi"),
        (2, 2, 0, "one", "1"),
        (3, 2, 1, "two", None),
        (4, 3, 0, "weather?", "Sunny."),
    ]
    with warehouse.write() as session:
        for sample_id, data_id, n, system, metadata, messages in samples:
            session.run(
                "INSERT INTO samples VALUES (?, 's', ?, ?, ?, ?, ?, gen_random_uuid(), gen_random_uuid())",
                [sample_id, data_id, n, system, metadata, messages],
            )
        for row in turns:
            session.run(
                "INSERT INTO turns VALUES (?, ?, ?, ?, ?, gen_random_uuid(), gen_random_uuid())", list(row)
            )
    database = Database(warehouse)
    database.select("random", 3, name="all", seed=1)
    return database


def lines(path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def order(database: Database) -> list[str]:
    with database.warehouse.read() as session:
        return [
            row[0]
            for row in session.rows(
                "SELECT data_id FROM selected JOIN samples USING (sample_id) ORDER BY rank"
            )
        ]


EXPECTED = {
    "plain": [{"role": "user", "content": 'say "hi"\n'}, {"role": "assistant", "content": "hi"}],
    "multi": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "1"},
        {"role": "user", "content": "two"},
    ],
    "tools": [
        {"role": "user", "content": "wea\nther?"},
        {"role": "assistant", "content": '[{"name":"w"}]'},
        {"role": "tool", "content": "sun"},
        {"role": "assistant", "content": "Sunny."},
    ],
}


def test_messages_in_the_order_of_the_ranks(database, tmp_path):
    out = tmp_path / "train.jsonl"
    (written,) = database.export("all", out)
    assert (written.file, written.rows) == (str(out), 3)
    found = lines(out)
    assert [row["data_id"] for row in found] == order(database)
    assert {row["data_id"]: row["messages"] for row in found} == {
        name: [m | {"content": m["content"].replace('":"', '":"')} for m in want]
        for name, want in EXPECTED.items()
    }
    assert {row["data_id"]: json.loads(row["metadata"]) for row in found}["plain"] == {"topic": "a", "n": 1}
    assert set(found[0]) == {"messages", "data_id", "source", "metadata"}


@pytest.mark.parametrize("suffix", ["jsonl.gz", "jsonl.zst", "parquet"])
def test_other_suffixes_hold_the_same(database, tmp_path, suffix):
    plain, out = tmp_path / "a.jsonl", tmp_path / f"a.{suffix}"
    database.export("all", plain)
    database.export("all", out)
    if suffix == "parquet":
        assert pq.read_table(out).to_pylist() == lines(plain)
    elif suffix == "jsonl.gz":
        assert gzip.decompress(out.read_bytes()) == plain.read_bytes()
    else:
        with database.warehouse.read() as session:
            found = session.rows(f"SELECT data_id FROM read_json('{out}')")
        assert [name for (name,) in found] == order(database)
    assert sorted(p.name for p in tmp_path.glob("*a.*")) == sorted(["a.jsonl", out.name])


def test_alpaca_and_sharegpt(database, tmp_path):
    database.export("all", tmp_path / "a.jsonl", format="alpaca", columns=["data_id"])
    alpaca = {row["data_id"]: row for row in lines(tmp_path / "a.jsonl")}
    assert alpaca["plain"] == {
        "instruction": 'say "hi"\n', "input": "", "output": "hi", "system": "", "history": [],
        "data_id": "plain",
    }  # fmt: skip
    assert alpaca["multi"] == {
        "instruction": "two", "input": "", "output": "", "system": "Be brief.",
        "history": [["one", "1"]], "data_id": "multi",
    }  # fmt: skip
    database.export("all", tmp_path / "s.jsonl", format="sharegpt", columns=["data_id"])
    sharegpt = {row["data_id"]: row["conversations"] for row in lines(tmp_path / "s.jsonl")}
    assert sharegpt["multi"] == [
        {"from": "system", "value": "Be brief."},
        {"from": "human", "value": "one"},
        {"from": "gpt", "value": "1"},
        {"from": "human", "value": "two"},
    ]
    assert [m["from"] for m in sharegpt["tools"]] == ["human", "gpt", "tool", "gpt"]


def test_columns_are_chosen_by_name(database, tmp_path):
    database.export("all", tmp_path / "a.jsonl", columns=["rank", "reason", "n_turns", "p"])
    found = lines(tmp_path / "a.jsonl")
    assert [row["rank"] for row in found] == [1, 2, 3]
    assert {row["reason"] for row in found} == {"random"}
    assert set(found[0]) == {"messages", "rank", "reason", "n_turns", "p"}
    with pytest.raises(UsageError, match="unknown column 'ranks'; did you mean rank"):
        database.export("all", tmp_path / "b.jsonl", columns=["ranks"])


def test_splits_are_exact_disjoint_and_seeded(database, tmp_path):
    written = database.export("all", tmp_path / "a.jsonl", split={"train": 0.67, "val": 0.33})
    assert [(one.file.rsplit("/", 1)[1], one.rows) for one in written] == [
        ("a-train.jsonl", 2),
        ("a-val.jsonl", 1),
    ]
    parts = [[row["data_id"] for row in lines(tmp_path / f"a-{name}.jsonl")] for name in ("train", "val")]
    assert sorted(parts[0] + parts[1]) == ["multi", "plain", "tools"]


def test_a_folder_of_shards_loads_as_a_data_set(database, tmp_path):
    datasets = pytest.importorskip("datasets")
    database.export("all", tmp_path / "out", split={"train": 0.67, "test": 0.33})
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "test-00000-of-00001.parquet",
        "train-00000-of-00001.parquet",
    ]
    loaded = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    assert {name: len(part) for name, part in loaded.items()} == {"train": 2, "test": 1}


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_exports_load_with_datasets_unchanged(database, tmp_path, suffix):
    datasets = pytest.importorskip("datasets")
    out = tmp_path / f"a.{suffix}"
    database.export("all", out)
    kind = "json" if suffix == "jsonl" else "parquet"
    loaded = datasets.load_dataset(
        kind, data_files=str(out), split="train", cache_dir=str(tmp_path / "cache")
    )
    assert {row["data_id"]: row["messages"] for row in loaded} == EXPECTED


def test_a_query_of_samples_is_exported_in_its_order(database, tmp_path):
    query = "SELECT sample_id FROM samples WHERE sample_id < 3 ORDER BY sample_id DESC"
    database.export(query, tmp_path / "a.jsonl")
    assert [row["data_id"] for row in lines(tmp_path / "a.jsonl")] == ["multi", "plain"]


def test_any_other_query_is_written_as_it_is(database, tmp_path):
    database.export(
        "SELECT data_id, n_turns FROM samples ORDER BY n_turns DESC, data_id", tmp_path / "a.jsonl"
    )
    assert lines(tmp_path / "a.jsonl")[0] == {"data_id": "multi", "n_turns": 2}


@pytest.mark.parametrize(
    ("what", "out", "message"),
    [
        ("al", "a.jsonl", "unknown selection 'al'; did you mean all"),
        ("", "a.jsonl", "unknown selection"),
        ("all", "a.xlsx", "can't tell the format"),
        ("all", "none/a.jsonl", "doesn't exist"),
        ("SELECT nope FROM samples", "a.jsonl", "nope"),
        ("DROP TABLE samples", "a.jsonl", "one SELECT"),
        ("SELECT 1; SELECT 2", "a.jsonl", "one SELECT"),
    ],
)
def test_what_cannot_be_exported(database, tmp_path, what, out, message):
    with pytest.raises(LaserdbError) as error:
        database.export(what, tmp_path / out)
    assert message in str(error.value)
    assert list(tmp_path.glob("*.jsonl")) == []


def test_nothing_half_written_is_left(database, tmp_path):
    (tmp_path / "a.jsonl").mkdir()
    with pytest.raises(ExportError, match="it is a folder"):
        database.export("all", tmp_path / "a.jsonl")
    assert [p.name for p in tmp_path.iterdir() if p.name.endswith(".part")] == []
