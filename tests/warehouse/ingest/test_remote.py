"""URLs through fsspec, on its file system in memory: no network."""

from __future__ import annotations

import gzip
import io
import json
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from laserdb.errors import InputError, MissingExtra

fsspec = pytest.importorskip("fsspec")
LINES = b'{"question": "a"}\n{"question": "b"}\n'


@pytest.fixture
def bucket():
    system = fsspec.filesystem("memory")
    system.store.clear()
    yield system
    system.store.clear()


def test_files_and_globs(pool, bucket):
    sink = io.BytesIO()
    pq.write_table(pa.table({"question": ["c"]}), sink)
    bucket.pipe(
        {"/data/a.jsonl": LINES, "/data/b.jsonl.gz": gzip.compress(LINES), "/data/c.parquet": sink.getvalue()}
    )
    summary = pool.ingest("memory://data/a.jsonl", "memory://data/*.gz", "memory://data/c.parquet")
    assert [(file.file, file.source, file.read) for file in summary.files] == [
        ("memory://data/a.jsonl", "a", 2),
        ("memory://data/b.jsonl.gz", "b", 2),
        ("memory://data/c.parquet", "c", 1),
    ]
    assert pool.turns() == [("a", None), ("b", None), ("c", None)]


def test_missing(pool, bucket):
    bucket.pipe("/data/a.jsonl", LINES)
    for url, problem in (
        ("memory://data/x.jsonl", "no such file: memory://data/x.jsonl"),
        ("memory://data/*.csv", "no file matches memory://data/*.csv"),
        (
            "memory://data",
            "memory://data is a directory; name its files, for example 'memory://data/*.parquet'",
        ),
        ("nonsense://data/x", "can't read nonsense://data/x: Protocol not known: nonsense"),
    ):
        with pytest.raises(InputError) as error:
            pool.ingest(url)
        assert str(error.value) == problem


def test_failure_on_the_way_changes_nothing(pool, bucket, monkeypatch):
    bucket.pipe(
        "/data/a.jsonl", b"".join(json.dumps({"question": str(n)}).encode() + b"\n" for n in range(9))
    )
    opened = type(bucket).open
    calls = []

    def open_(self, *arguments, **options):
        calls.append(1)
        if len(calls) > 1:
            raise RuntimeError("connection lost\nsomewhere")
        return opened(self, *arguments, **options)

    monkeypatch.setattr(type(bucket), "open", open_)
    with pytest.raises(InputError) as error:
        pool.ingest("memory://data/a.jsonl")
    assert str(error.value) == "can't read memory://data/a.jsonl: connection lost"
    assert pool.turns() == []


@pytest.mark.parametrize(
    ("package", "url"), [("s3fs", "s3://b/x.jsonl"), ("huggingface_hub", "hf://datasets/a/b/x.jsonl")]
)
def test_missing_extra(pool, monkeypatch, package, url):
    def without(name):
        raise ImportError(f"install {package} to use {name}")

    monkeypatch.setattr(fsspec.core, "url_to_fs", without)
    with pytest.raises(MissingExtra) as error:
        pool.ingest(url)
    assert str(error.value) == f"{package} is not installed; run: pip install 'laserdb[remote]'"


def test_without_fsspec(pool, monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(MissingExtra, match="fsspec is not installed"):
        pool.ingest("s3://b/x.jsonl")
