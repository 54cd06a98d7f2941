import socket
import subprocess
import sys

import numpy as np
import pytest

from laserdb.backends import encoder, static
from laserdb.backends.encoder import find_encoder, known_dimension, load_encoder, normalised, packs
from laserdb.backends.models import MINILM
from laserdb.errors import MissingExtra
from tests.backends.real import needs_minilm

TEXTS = [
    "",
    "What is the capital of France?",
    "Name France's capital city.",
    "Write a Python function that sorts a list.",
    "NUL \0 inside",
    "word " * 600 + "Sort this list in Python.",
    "   \n ",
    "🙂 état",
]


def test_packs_covers_every_index_within_the_budget():
    lengths = [5, 100, 3, 7, 2000, 5, 1]
    found = list(packs(lengths, 100))
    assert sorted(i for rows in found for i in rows) == list(range(7))
    assert found[0] == [4]
    for rows in found[1:]:
        assert len(rows) * max(lengths[i] for i in rows) <= 100
    assert list(packs([], 100)) == []
    assert list(packs([0, 0], 100)) == [[0, 1]]


def test_packs_with_enough_tokens_takes_no_row_that_would_be_much_padding():
    lengths = [100, 90, 84, 40, 40, 39, 10]
    assert list(packs(lengths, 1000, enough=150)) == [[0, 1], [2, 3], [4, 5, 6]]
    assert list(packs(lengths, 1000, enough=80)) == [[0, 1], [2], [3, 4, 5], [6]]
    assert list(packs(lengths, 200, enough=80)) == [[0, 1], [2], [3, 4, 5], [6]]
    assert list(packs(lengths, 1000)) == [[0, 1, 2, 3, 4, 5, 6]]


def test_normalised_keeps_zero_rows():
    result = normalised(np.array([[3, 4], [0, 0]], dtype=np.float32))
    assert result.tolist() == [[pytest.approx(0.6), pytest.approx(0.8)], [0, 0]]
    assert result.dtype == np.float32


def test_slices():
    assert list(static.slices([1, 2, 3, 9, 1], 3)) == [(0, 2), (2, 3), (3, 4), (4, 5)]
    assert list(static.slices([], 3)) == []


def test_known_dimensions():
    assert known_dimension(MINILM) == known_dimension(f"static:{MINILM}") == 384
    assert known_dimension("owner/name") is None


def test_missing_library(monkeypatch):
    monkeypatch.setattr(encoder.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"pip install 'laserdb\[score\]'"):
        load_encoder("owner/name")


def test_static_source_changes_with_its_original(monkeypatch):
    source = find_encoder(f"static:sentence-transformers/{MINILM}")
    assert source.name == f"static:{MINILM}"
    assert source.revision.endswith("+static1")


@pytest.fixture(scope="module")
def minilm():
    return load_encoder(MINILM)


@needs_minilm
class TestMinilm:
    def test_vectors(self, minilm):
        vectors = minilm.encode(TEXTS)
        assert vectors.dtype == np.float32
        assert vectors.shape == (len(TEXTS), minilm.dimension) == (8, 384)
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
        assert vectors[1] @ vectors[2] > 0.8 > 0.3 > vectors[1] @ vectors[3]
        assert minilm.encode([]).shape == (0, 384)

    def test_batches_change_vectors_by_rounding_alone(self, minilm):
        texts = TEXTS + [f"{'more ' * n}words {n}" for n in range(0, 120, 7)]
        together = minilm.encode(texts)
        alone = np.concatenate([minilm.encode([text]) for text in texts])
        assert (1 - (together * alone).sum(axis=1)).max() < 1e-3

    def test_close_to_float32(self, minilm):
        from sentence_transformers import SentenceTransformer

        original = SentenceTransformer(str(minilm.source.path_or_id), device="cpu", local_files_only=True)
        short = [text for text in TEXTS if len(text) < 500]
        assert (1 - (original.encode(short) * minilm.encode(short)).sum(axis=1)).max() < 1e-2

    def test_long_texts_keep_head_and_tail(self, minilm):
        middle = "filler " * 3000
        one, other = minilm.encode([f"Sort a list. {middle} In Python.", f"Sort a list. {middle} In Welsh."])
        assert one @ other < 0.999
        assert len(minilm._tokens(["filler " * 3000])[0]) == 128

    def test_huge_text(self, minilm):
        assert np.isfinite(minilm.encode(["long words " * 1_000_000])).all()

    def test_threads_are_put_back(self, minilm):
        import torch

        before = torch.get_num_threads()
        minilm.encode(TEXTS)
        assert torch.get_num_threads() == before


@needs_minilm
def test_static(monkeypatch, tmp_path, minilm):
    monkeypatch.setenv("LASERDB_CACHE", str(tmp_path))
    monkeypatch.setattr(encoder.SentenceEncoder, "encode_tokens", cheap_vectors)
    one = load_encoder(f"static:{MINILM}")
    vectors = one.encode(TEXTS)
    assert vectors.shape == (8, one.dimension) == (8, 384)
    norms = np.linalg.norm(vectors, axis=1)
    assert (norms[[0, 6]] == 0).all()
    np.testing.assert_allclose(np.delete(norms, [0, 6]), 1, atol=1e-5)
    alone = np.concatenate([one.encode([text]) for text in TEXTS])
    np.testing.assert_allclose(alone, vectors, atol=1e-6)
    monkeypatch.setattr(static, "_distil", None)  # the second time it comes from the cache
    np.testing.assert_array_equal(load_encoder(f"static:{MINILM}").encode(TEXTS), vectors)


def cheap_vectors(self, count):
    return np.random.default_rng(0).standard_normal((count, self.dimension)).astype(np.float32)


@needs_minilm
def test_no_network_and_nothing_printed(tmp_path):
    code = (
        "import socket\n"
        "def no(*a, **k): raise AssertionError('network')\n"
        "socket.socket.connect = socket.getaddrinfo = socket.create_connection = no\n"
        "from laserdb.backends.encoder import load_encoder\n"
        "assert load_encoder('all-MiniLM-L6-v2').encode(['hello']).shape == (1, 384)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert socket.socket.connect.__name__ == "connect"
