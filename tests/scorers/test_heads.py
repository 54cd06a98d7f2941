import numpy as np
import pytest

from laserdb.errors import ModelNotFound
from laserdb.scorers.heads import Head, fit_temperature, head_hash, load_head, save_head, softmax

RNG = np.random.default_rng(0)


def head(classes=("a", "b", "c")):
    k = max(1, len(classes))
    weight = RNG.standard_normal((4, k)).astype(np.float32)
    return Head(weight, np.zeros(k, dtype=np.float32), classes, 2.0, {"embedder": "é"})


def test_round_trip_gives_equal_bytes(tmp_path):
    one = head()
    save_head(one, tmp_path / "new" / "one.npz")
    read = load_head(tmp_path / "new" / "one.npz")
    assert (read.classes, read.temperature, read.meta) == (one.classes, 2.0, {"embedder": "é"})
    np.testing.assert_array_equal(read.weight, one.weight)
    save_head(read, tmp_path / "two.npz")
    assert head_hash(tmp_path / "two.npz") == head_hash(tmp_path / "new" / "one.npz")


def test_probabilities():
    x = RNG.standard_normal((5, 4)).astype(np.float32)
    one = head()
    found = one.probabilities(x)
    np.testing.assert_allclose(found, softmax(x.astype(float) @ one.weight.astype(float) / 2))
    np.testing.assert_allclose(found.sum(axis=1), 1)
    np.testing.assert_array_equal(found[2:3], one.probabilities(x[2:3]))


def test_softmax_of_large_logits():
    assert softmax(np.array([[1000.0, 0.0]])).tolist() == [[1.0, 0.0]]


def test_temperature_is_recovered():
    logits = RNG.standard_normal((20_000, 3)) * 3
    labels = np.array([RNG.choice(3, p=p) for p in softmax(logits / 2.5)])
    assert fit_temperature(logits, labels) == pytest.approx(2.5, rel=0.1)


@pytest.mark.parametrize("content", [b"", b"words", b"PK\x03\x04broken"])
def test_broken_file(tmp_path, content):
    path = tmp_path / "head.npz"
    path.write_bytes(content)
    with pytest.raises(ModelNotFound, match="not a head"):
        load_head(path)


def test_pickles_are_refused(tmp_path):
    path = tmp_path / "head.npz"
    np.savez(path, weight=np.array([{}], dtype=object))
    with pytest.raises(ModelNotFound, match="not a head"):
        load_head(path)


def test_wrong_shape_and_missing_file(tmp_path):
    one = head()
    save_head(Head(one.weight, one.bias, ("a", "b")), tmp_path / "head.npz")
    with pytest.raises(ModelNotFound, match="does not fit"):
        load_head(tmp_path / "head.npz")
    with pytest.raises(ModelNotFound, match="no such file"):
        load_head(tmp_path / "none.npz")
    with pytest.raises(ModelNotFound, match=r"none\.npz"):
        head_hash(tmp_path / "none.npz")
