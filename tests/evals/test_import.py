"""Importing evaluation logs: exact rows of every layout, nothing twice, and one line for what is wrong."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from laserdb.cli import run
from laserdb.errors import InputError, UsageError
from laserdb.evals.load import import_logs
from laserdb.evals.ranges import known_range, parse_ranges
from laserdb.evals.records import ReadOptions
from laserdb.warehouse import Warehouse
from tests.evals import logs


def do(warehouse, *paths, **options):
    return import_logs(warehouse, paths, ReadOptions(**options))


def stored(warehouse, table="evals"):
    with warehouse.read() as session:
        return session.rows(f"SELECT * FROM {table} ORDER BY ALL")


def test_fastchat(warehouse, tmp_path):
    path = logs.fastchat(tmp_path)
    summary = do(warehouse, path)
    assert stored(warehouse) == [
        ("mt_bench", "81-1", "vicuna", 1.0, "mt_bench_rating"),
        ("mt_bench", "81-2", "vicuna", 0.5, "mt_bench_rating"),
    ]
    assert [row[2] for row in stored(warehouse, "eval_items")] == ["Write a post.", "Now shorter."]
    assert summary.bad_rows == [f"{path}:3: no score: the judge's answer couldn't be read"]


def test_fastchat_pairs(warehouse, tmp_path):
    """A win counts if the judge keeps to it with the answers the other way round."""
    games = [
        ("a", "base", "model_1", "model_1", 1), ("b", "base", "model_1", "model_2", 1),
        ("a", "b", "model_2", "model_2", 1), ("a", "base", "tie", "tie", 2), ("a", "b", "error", "tie", 2),
    ]  # fmt: skip
    rows = [
        {"question_id": 81, "model_1": one, "model_2": two, "g1_winner": g1, "g2_winner": g2, "turn": turn,
         "judge": ["gpt-4", "pair-v2"]}
        for one, two, g1, g2, turn in games
    ]  # fmt: skip
    folder = tmp_path / "mt_bench" / "model_judgment"
    folder.mkdir(parents=True)
    path = logs.write_lines(folder / "gpt-4_pair.jsonl", rows)
    summary = do(warehouse, path)
    assert stored(warehouse) == [
        ("mt_bench", "81-1", "a", 0.5, "mt_bench_win"),
        ("mt_bench", "81-1", "b", 0.75, "mt_bench_win"),
        ("mt_bench", "81-1", "base", 0.25, "mt_bench_win"),
        ("mt_bench", "81-2", "a", 0.5, "mt_bench_win"),
        ("mt_bench", "81-2", "base", 0.5, "mt_bench_win"),
    ]
    assert summary.bad_rows == [f"{path}:5: no winner: the judge's answer couldn't be read"]


def test_alpaca_eval(warehouse, tmp_path):
    path = logs.alpaca(tmp_path)
    summary = do(warehouse, path)
    with warehouse.read() as session:
        rows = session.rows(
            "SELECT instruction, score FROM evals JOIN eval_items USING (dataset, item_id) ORDER BY ALL"
        )
    assert rows == [("Say bye.", 1.0), ("Say hi.", 0.25), ("Say so.", 0.5)]
    assert summary.bad_rows == [f"{path}:32: no preference: the annotator's answer couldn't be read"]


def test_bigcode(warehouse, tmp_path):
    logs.bigcode(tmp_path)
    do(warehouse, tmp_path)
    assert stored(warehouse) == [
        ("humanevalsynthesize-python", "0", "org/coder", 0.5, "pass@1"),
        ("humanevalsynthesize-python", "1", "org/coder", 1.0, "pass@1"),
    ]
    with pytest.raises(InputError, match="holds averages, no results per item"):
        do(warehouse, tmp_path / "evaluation_results.json")


def test_completions(warehouse, tmp_path):
    rows = [
        {"task_id": "HumanEval/0", "completion": "", "passed": p, "result": ""} for p in (True, False, True)
    ]
    path = logs.write_lines(tmp_path / "samples.jsonl_results.jsonl", rows)
    with pytest.raises(InputError, match="give --dataset and --model"):
        do(warehouse, path)
    do(warehouse, path, dataset="humaneval", model="m")
    assert stored(warehouse) == [("humaneval", "HumanEval/0", "m", pytest.approx(2 / 3), "pass@1")]


ROWS = [
    {"dataset": "d", "item_id": "1", "model": "a", "score": 1.0, "metric": "accuracy"},
    {"dataset": "d", "item_id": "2", "model": "a", "score": 0.25, "metric": "accuracy"},
]


@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".csv", ".parquet", ".jsonl.gz"])
def test_tables(warehouse, tmp_path, suffix):
    path = tmp_path / f"results{suffix}"
    if suffix == ".json":
        logs.write_json(path, ROWS)
    elif suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(ROWS), path)
    elif suffix == ".csv":
        path.write_text("dataset,item_id,model,score,metric\nd,1,a,1,accuracy\nd,2,a,0.25,accuracy\n")
    else:
        with pa.output_stream(str(path), compression="detect") as file:
            file.write("".join(json.dumps(row) + "\n" for row in ROWS).encode())
    do(warehouse, path)
    assert stored(warehouse) == [("d", "1", "a", 1.0, "accuracy"), ("d", "2", "a", 0.25, "accuracy")]


def test_items_and_parts_cut_anywhere(warehouse, tmp_path):
    text = "".join(json.dumps(row) + "\n" for row in ROWS)
    (tmp_path / "p1.jsonl").write_text(text[:100])
    (tmp_path / "p2.jsonl").write_text(text[100:])
    logs.write_lines(
        tmp_path / "q.jsonl",
        [
            {
                "dataset": "d",
                "item_id": 1,
                "instruction": " Add. ",
                "category": "Math",
                "level": 2,
                "reference": "x",
            }
        ],
    )
    summary = do(warehouse, *(tmp_path / name for name in ("p1.jsonl", "p2.jsonl", "q.jsonl")))
    assert (summary.results, summary.items, summary.bad) == (2, 1, 0)
    assert stored(warehouse, "eval_items") == [("d", "1", "Add.", "Math", 2.0, "x")]
    only = do(warehouse, tmp_path / "p1.jsonl")
    assert only.bad_rows == [f"{tmp_path}/p1.jsonl:2: not JSON: the file ends in the middle of a line"]


def test_again_and_changed(warehouse, tmp_path):
    path = logs.write_lines(tmp_path / "r.jsonl", ROWS)
    assert do(warehouse, path).added == 2
    again = do(warehouse, path)
    assert (again.added, again.changed, again.unchanged) == (0, 0, 2)
    logs.write_lines(path, [ROWS[0] | {"score": 0.5}, ROWS[1]])
    changed = do(warehouse, path)
    assert (changed.added, changed.changed, changed.unchanged) == (0, 1, 1)
    assert [row[3] for row in stored(warehouse)] == [0.5, 0.25]


def test_items_keep_what_a_later_log_lacks(warehouse, tmp_path):
    item = {"dataset": "d", "item_id": "1", "instruction": "Add.", "category": "Math", "level": 3}
    do(warehouse, logs.write_lines(tmp_path / "i.jsonl", [item]))
    summary = do(warehouse, logs.write_lines(tmp_path / "j.jsonl", [ROWS[0] | {"instruction": "Add!"}]))
    assert summary.items_changed == 1
    assert stored(warehouse, "eval_items") == [("d", "1", "Add!", "Math", 3.0, None)]


def test_ranges(warehouse, tmp_path):
    rated = logs.write_lines(tmp_path / "r.jsonl", [row | {"metric": "stars", "score": 4} for row in ROWS])
    with pytest.raises(
        InputError, match=r"r.jsonl:1: the score 4 of metric stars .* --range stars=WORST,BEST"
    ):
        do(warehouse, rated)
    assert stored(warehouse) == []
    do(warehouse, rated, ranges=parse_ranges(["stars=1,5"]))
    assert {row[3] for row in stored(warehouse)} == {0.75}
    percent = logs.write_lines(tmp_path / "p.jsonl", [ROWS[0], ROWS[1] | {"score": 87}])
    with pytest.raises(
        InputError, match=r"p.jsonl:2: the score 87 of metric accuracy is not in its range \[0, 1\]"
    ):
        do(warehouse, percent)
    do(warehouse, percent, ranges={"accuracy": (0, 100)})
    errors = logs.write_lines(tmp_path / "e.jsonl", [ROWS[0] | {"metric": "wer", "score": 30}])
    do(warehouse, errors, ranges={"wer": (100, 0)})
    assert [row[3] for row in stored(warehouse) if row[4] == "wer"] == [0.7]


@pytest.mark.parametrize("text", ["stars", "stars=1", "=1,2", "stars=1,x", "stars=1,1"])
def test_bad_ranges(text):
    with pytest.raises(UsageError, match="METRIC=WORST,BEST"):
        parse_ranges([text])


def test_known_ranges():
    assert known_range("prompt_level_strict_acc") == (0, 1)
    assert known_range("pass@10") == (0, 1)
    assert known_range("mt_bench_rating") == (1, 10)
    assert known_range("word_perplexity") is None
    assert known_range("bleu") is None


def test_bad_rows_are_named(warehouse, tmp_path):
    path = tmp_path / "r.jsonl"
    path.write_text(
        json.dumps(ROWS[0])
        + '\n{broken\n{"dataset": "d"}\n'
        + json.dumps(ROWS[1] | {"score": "NaN"})
        + "\n"
        + json.dumps(ROWS[1] | {"model": None})
        + "\n"
        + json.dumps({"dataset": "d", "item_id": "5", "instruction": "x", "category": "Maths"})
        + "\n"
    )
    summary = do(warehouse, path)
    assert (summary.added, summary.bad) == (1, 5)
    reasons = [line.removeprefix(f"{path}:") for line in summary.bad_rows]
    assert reasons[0].startswith("2: not JSON")
    assert reasons[1] == "3: lacks item_id and score or instruction"
    assert reasons[2] == "4: score is no number: 'NaN'"
    assert reasons[3] == "5: model is empty (--model gives one)"
    assert reasons[4].startswith("6: unknown category 'Maths'")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.jsonl", "{broken\n{too\n", r"nothing to import: .*a.jsonl:1: not JSON"),
        ("a.jsonl", "", "nothing to import: no rows"),
        ("a.jsonl", '{"x": 1}\n', r"a.jsonl:1: no evaluation log that laserdb knows \(it has: x\)"),
        ("a.txt", "x", "unknown kind of file"),
        ("a.parquet", "x", "not a Parquet file"),
        ("a.jsonl.gz", "x", "can't be read"),
    ],
)
def test_nothing_usable(warehouse, tmp_path, name, text, message):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        do(warehouse, path)


def test_no_such_path(warehouse, tmp_path):
    with pytest.raises(InputError, match="no such file or folder"):
        do(warehouse, tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="the folder holds no"):
        do(warehouse, tmp_path / "empty")


def test_command(tmp_path, capsys):
    db, path = str(tmp_path / "e.duckdb"), tmp_path / "r.jsonl"
    logs.write_lines(path, [*ROWS, {"item_id": "3"}])
    assert run(["eval", "import", db, str(path)]) == 0
    out, err = capsys.readouterr()
    assert out == "2 results of 1 models on 1 data sets: 2 new, 0 changed, 0 as they were; " + (
        "0 items (0 new, 0 changed); 1 bad rows\n"
    )
    assert err == f"bad row: {path}:3: lacks item_id and score or instruction\n"
    assert run(["eval", "import", db, str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["unchanged"] == 2
    assert run(["eval", "import", db, str(path), "--range", "x"]) == 2
    assert run(["eval", "improt", db]) == 2
    assert "did you mean import?" in capsys.readouterr().err
    with Warehouse(db).read() as session:
        assert session.value("SELECT count(*) FROM evals") == 2
