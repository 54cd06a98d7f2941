import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from laserdb.errors import InputError
from laserdb.labelled import read_labelled, read_texts

ROWS = [
    {"text": 'a "quoted",\ntext', "label": "Math", "source": "s"},
    {"text": "12", "label": "Coding", "source": "t"},
]


def jsonl(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_three_formats(tmp_path):
    csv = tmp_path / "a.csv"
    csv.write_text('text,label,source\n"a ""quoted"",\ntext",Math,s\n12,Coding,t\n', encoding="utf-8")
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "a.parquet")
    files = [jsonl(tmp_path / "a.jsonl", ROWS), csv, tmp_path / "a.parquet"]
    one, two, three = (read_labelled([path]) for path in files)
    assert one == two == three
    assert one.texts == ('a "quoted",\ntext', "12")
    assert (one.classes, one.sources) == (("Math", "Coding"), ("s", "t"))
    assert len(read_labelled(files)) == 6


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"text": "x", "label": "Maths"}, r"b\.jsonl:2: unknown category 'Maths'"),
        ({"text": " ", "label": "Math"}, r"b\.jsonl:2: text is empty"),
        ({"text": 3, "label": "Math"}, r"b\.jsonl:2: text is no text"),
        ({"text": "x"}, r"b\.jsonl:2: lacks label"),
    ],
)
def test_bad_rows(tmp_path, row, message):
    with pytest.raises(InputError, match=message):
        read_labelled([jsonl(tmp_path / "b.jsonl", [ROWS[0], row])])


def test_bad_tables(tmp_path):
    (tmp_path / "a.csv").write_text("text,kind\nx,Math\n")
    with pytest.raises(InputError, match="lacks label; it has text, kind"):
        read_labelled([tmp_path / "a.csv"])
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match="can't be read"):
        read_labelled([tmp_path / "a.parquet"])
    with pytest.raises(InputError, match="two categories"):
        read_labelled([jsonl(tmp_path / "a.jsonl", ROWS)], least=2)


def test_unlabelled(tmp_path):
    path = jsonl(tmp_path / "u.jsonl", [{"text": "x"}, {"instruction": "y"}, {"text": " "}])
    assert read_texts([path]) == ["x", "y"]
