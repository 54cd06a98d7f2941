import json

import pytest

from laserdb.errors import InputError
from laserdb.rows import read_rows


def write(tmp_path, *parts):
    paths = []
    for i, part in enumerate(parts):
        paths.append(tmp_path / f"part-{i}.jsonl")
        paths[-1].write_bytes(part)
    return paths


LINES = [{"a": 1}, {"a": "é\n"}, {"a": [1, 2]}]
TEXT = "\n".join(json.dumps(line, ensure_ascii=False) for line in LINES).encode()


@pytest.mark.parametrize("cut", range(len(TEXT) + 1))
def test_parts_cut_anywhere(tmp_path, cut):
    assert list(read_rows(write(tmp_path, TEXT[:cut], TEXT[cut:]), ("a",))) == LINES


def test_whole_files_without_a_last_newline(tmp_path):
    assert list(read_rows(write(tmp_path, b'{"a": 1}', b'\n{"a": 2}', b"", b'{"a": 3}\n\n'), ("a",))) == [
        {"a": 1},
        {"a": 2},
        {"a": 3},
    ]


@pytest.mark.parametrize("line", [b"[1]", b'{"b": 1}', b"word", b"\xff"])
def test_bad_lines_are_named(tmp_path, line):
    with pytest.raises(InputError, match=r"part-0\.jsonl:2: "):
        list(read_rows(write(tmp_path, b'{"a": 1}\n' + line), ("a",)))


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        list(read_rows([tmp_path / "none"], ()))
