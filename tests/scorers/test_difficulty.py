import json

import numpy as np
import pytest

import laserdb
from laserdb.errors import ModelNotFound
from laserdb.scorers.base import Batch, Failed, Scored, ScorerOptions, Turn
from laserdb.scorers.difficulty import Difficulty
from laserdb.scorers.heads import Head, load_head, save_head
from tests.backends.real import needs_minilm


def make(tmp_path, k=1, classes=()):
    path = tmp_path / "head.npz"
    save_head(Head(np.eye(384, k, dtype=np.float32), np.full(k, 0.25, dtype=np.float32), classes), path)
    return Difficulty(ScorerOptions(model=str(path)))


def test_scores_and_failures(tmp_path):
    vectors = np.zeros((3, 384), dtype=np.float32)
    vectors[0, 0], vectors[1, 0] = 0.5, np.inf
    results = make(tmp_path).score(Batch([Turn("a"), Turn("b"), Turn("")], vectors))
    assert results == [Scored(0.75), Failed("bad_vector", "not finite"), Failed("empty_instruction")]


def test_needs_a_regression_head(tmp_path):
    with pytest.raises(ModelNotFound, match="not a regression"):
        make(tmp_path, 2, ("Math", "Coding")).load()


def test_shipped_head_has_a_card():
    scorer = Difficulty()
    assert dict(scorer.columns) == {}
    assert scorer.identity.model == "minilm-linear"
    assert load_head(scorer.path).weight.shape == (384, 1)
    card = scorer.path.with_suffix(".md").read_text(encoding="utf-8")
    assert all(part in card for part in ("laserdb train difficulty", "## Data and licences", "## Limits"))


def test_a_head_reads_the_vectors_that_it_was_trained_on(tmp_path):
    """Through the engine: the head's encoder is asked for, another head's vectors stay apart."""
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    pytest.importorskip("sentence_transformers")
    from laserdb.backends.hidden import HiddenEncoder
    from tests.backends import tiny

    model = tmp_path / "tiny"
    tiny.save(model, "Llama", bos=True, padding_side="right")
    name, texts = f"hidden:{model}", ["What is 2 + 2?", "Prove it.", "Name three rivers of Asia."]
    weight = np.random.default_rng(0).standard_normal((64, 1)).astype(np.float32)
    head = Head(weight, np.array([0.5], dtype=np.float32), meta={"embedder": name, "max_length": 128})
    save_head(head, tmp_path / "own.npz")
    rows = [{"instruction": text, "output": "yes"} for text in texts]
    (tmp_path / "pool.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    database = laserdb.connect(tmp_path / "p.duckdb")
    database.ingest(tmp_path / "pool.jsonl")
    database.score(["difficulty"], model=str(tmp_path / "own.npz"))
    found = database.sql(
        "SELECT t.instruction, d.score, d.error FROM score_difficulty d JOIN turns t USING (turn_id)"
    ).fetchall()
    vectors = HiddenEncoder(str(model)).encode(texts)
    expected = dict(zip(texts, head.values(vectors).tolist(), strict=True))
    assert {text: score for text, score, _ in found} == pytest.approx(expected, abs=0.05)
    assert [error for _, _, error in found] == [None] * 3
    scorer = Difficulty(ScorerOptions(model=str(tmp_path / "own.npz")))
    assert (scorer.embedder, Difficulty().embedder) == (name, "all-MiniLM-L6-v2")
    assert scorer.identity.params["embedder"] == name


def test_a_head_that_is_not_there(tmp_path):
    with pytest.raises(ModelNotFound, match=r"no\.npz"):
        _ = Difficulty(ScorerOptions(model=str(tmp_path / "no.npz"))).embedder


def test_shipped_heads_are_found_by_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scorer = Difficulty(ScorerOptions(model="difficulty-smollm2.npz"))
    assert scorer.embedder == "all-MiniLM-L6-v2+hidden:SmolLM2-135M-Instruct"
    assert load_head(scorer.path).weight.shape == (960, 1)
    card = scorer.path.with_suffix(".md").read_text(encoding="utf-8")
    assert all(part in card for part in ("laserdb train difficulty", "## Data and licences", "## Limits"))
    own = tmp_path / "difficulty-smollm2.npz"
    save_head(Head(np.zeros((4, 1), dtype=np.float32), np.zeros(1, dtype=np.float32)), own)
    assert Difficulty(ScorerOptions(model="difficulty-smollm2.npz")).path.resolve() == own


@needs_minilm
def test_higher_is_harder():
    from laserdb.backends.encoder import load_encoder

    texts = [
        "Tom has 3 apples and buys 2 more. How many apples does he have?",
        "Find the number of ordered triples (a, b, c) of positive integers with abc = 2310 and coprime a, b, "
        "and the remainder of the sum of all such a modulo 1000.",
    ]
    easy, hard = Difficulty().score(
        Batch([Turn(t) for t in texts], load_encoder("all-MiniLM-L6-v2").encode(texts))
    )
    assert easy.score < hard.score
