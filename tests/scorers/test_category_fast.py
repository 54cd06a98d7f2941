"""The fast classifier: its n-grams against plain Python, its weights, its file."""

import re
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("scipy")

from laserdb.categories import CATEGORIES
from laserdb.errors import ModelNotFound, UsageError
from laserdb.scorers.base import Batch, Failed, ScorerOptions, Turn
from laserdb.scorers.category import Category
from laserdb.scorers.category import ngrams as module
from laserdb.scorers.category.fast import FastModel, load_fast_model, save_fast_model
from laserdb.scorers.category.ngrams import FORMAT, GROUPS, groups_of, joined, looks, pieces, sparse

RNG = np.random.default_rng(0)
LETTERS = st.text(alphabet="ab C1 2?.\n\té中 ", max_size=30)


def plain(text: str) -> dict[str, Counter]:
    """The n-grams of one text, as strings."""
    text = "".join("0" if c in "0123456789" else " " if c.isspace() else c for c in f" {text.lower()} ")
    words = re.findall(r"[a-z0é中]+|[^\sa-z0é中]", text)
    out = {
        f"chars{n}": Counter(
            text[i : i + n] for i in range(len(text) - n + 1) if " " not in text[i + 1 : i + n - 1]
        )
        for n in (3, 4, 5)
    }
    return out | {
        "words": Counter(words),
        "pairs": Counter(pairwise(words)),
        "first": Counter(words[:4]),
        "last": Counter(words[-4:]),
    }


@settings(max_examples=60)
@given(st.lists(LETTERS, min_size=1, max_size=5))
def test_ngrams_are_those_of_plain_python(texts):
    found = groups_of(joined(texts))
    assert set(found) == set(GROUPS)
    for name, (owner, hashes) in found.items():
        assert (np.diff(owner) >= 0).all()
        names: dict[int, object] = {}
        for i, text in enumerate(texts):
            mine = Counter(hashes[owner == i].tolist())
            wanted = plain(text)[name]
            # Equal n-grams have equal hashes, different ones different ones: the counts agree one by one.
            assert sorted(mine.values()) == sorted(wanted.values())
            for hashed, gram in zip(
                sorted(mine, key=lambda h: mine[h]), sorted(wanted, key=lambda g: wanted[g]), strict=True
            ):
                if list(mine.values()).count(mine[hashed]) == 1:
                    assert names.setdefault(hashed, gram) == gram


def model(k=7, buckets=1 << 10):
    return FastModel(
        RNG.standard_normal((buckets, k)).astype(np.float32),
        RNG.standard_normal((len(FORMAT), k)).astype(np.float32),
        RNG.standard_normal(k).astype(np.float32),
        CATEGORIES[:k],
        1.5,
    )


@settings(max_examples=30)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=6))
def test_a_text_is_judged_alike_in_any_company(texts):
    one = model()
    together = one.logits(texts)
    alone = np.vstack([one.logits([text]) for text in texts])
    np.testing.assert_allclose(together, alone, rtol=1e-3, atol=1e-3)
    assert np.isfinite(together).all()


def test_many_pieces_are_one(monkeypatch):
    one, texts = model(), [f"text {i} " * (i % 7) for i in range(50)]
    whole = one.logits(texts)
    monkeypatch.setattr(module, "CHARS_AT_ONCE", 64)
    assert len(list(pieces(texts))) > 10
    np.testing.assert_allclose(one.logits(texts), whole, rtol=1e-4, atol=1e-4)


def test_weights_of_a_group_are_one_over_the_root():
    (matrix,) = [sparse(groups_of(joined(["a b c d", ""]))["words"], 2, 1 << 16)]
    assert matrix.toarray().sum(axis=1).tolist() == pytest.approx([4 / 2, 0])


def test_looks():
    texts = ["Sort:\n\n```py\nx=1\n```", "Why?", "é" * 10]
    look = dict(zip(FORMAT, looks(texts, joined(texts)).T, strict=True))
    assert look["fenced"].tolist() == [1, 0, 0]
    assert look["ends ?"].tolist() == [0, 1, 0]
    assert look["lines"].tolist() == pytest.approx(np.log1p([4, 0, 0]).tolist())
    assert look["blank lines"].tolist() == pytest.approx(np.log1p([1, 0, 0]).tolist())
    assert look["count `"].tolist() == pytest.approx(np.log1p([6, 0, 0]).tolist())
    assert look["not ASCII"].tolist() == [0, 0, 1]
    assert look["length"].tolist() == pytest.approx(np.log1p([len(t) for t in texts]).tolist())


def test_file(tmp_path):
    one = model()
    save_fast_model(one, tmp_path / "m.npz")
    two = load_fast_model(tmp_path / "m.npz")
    assert (two.classes, two.temperature) == (one.classes, 1.5)
    texts = ["Write a poem", "1+1=?"]
    # Eight bits: half a step of 1/127 of the largest weight.
    step = np.abs(one.ngrams).max() / 127
    assert np.abs(two.ngrams - one.ngrams).max() <= step / 2 + 1e-6
    assert two.logits(texts).argmax(axis=1).tolist() == one.logits(texts).argmax(axis=1).tolist()
    save_fast_model(two, tmp_path / "n.npz")
    assert (tmp_path / "m.npz").read_bytes() == (tmp_path / "n.npz").read_bytes()


def test_unfit_files(tmp_path):
    small = model()
    save_fast_model(FastModel(small.ngrams, small.format[:-1], small.bias, small.classes), tmp_path / "m.npz")
    with pytest.raises(ModelNotFound, match="other features"):
        load_fast_model(tmp_path / "m.npz")


def test_the_scorer_uses_it(tmp_path):
    save_fast_model(model(k=3), tmp_path / "m.npz")
    scorer = Category(ScorerOptions(model=str(tmp_path / "m.npz")))
    assert (scorer.embedder, scorer.needs()) == (None, ("scipy",))
    blank, *rest = scorer.score(Batch([Turn(" "), Turn("Что это?"), Turn("素数とは何ですか")]))
    assert blank == Failed("empty_instruction")
    assert all(one.values["category"] in CATEGORIES[:3] for one in rest)
    assert all(1 / 3 < one.score <= 1 for one in rest)


def test_the_shipped_one():
    scorer = Category(ScorerOptions(fast=True))
    assert scorer.identity.model == "fast-ngrams"
    assert scorer.classifier.path.stat().st_size <= 1_000_000
    texts = {
        "Write a Python function that reverses a linked list.": "Coding",
        "Natalia sold 48 clips in April and half as many in May. How many clips did she sell in all?": "Math",
        "Write a short poem about autumn.": "Generation",
    }
    found = scorer.score(Batch([Turn(text) for text in texts]))
    assert [one.values["category"] for one in found] == list(texts.values())
    with pytest.raises(UsageError, match="--fast is a model of its own"):
        _ = Category(ScorerOptions(fast=True, model="x.npz")).classifier
