import numpy as np
import pytest

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
