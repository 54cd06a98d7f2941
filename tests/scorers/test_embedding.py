import numpy as np
import pytest

from laserdb.backends import encoder
from laserdb.errors import MissingExtra, UsageError
from laserdb.scorers import embedding
from laserdb.scorers.base import Batch, ScorerOptions, Turn, Unit
from laserdb.scorers.embedding import Embedding
from tests.backends.real import needs_minilm


class Fake:
    dimension = 3

    def encode(self, texts):
        return np.arange(3 * len(texts), dtype=np.float32).reshape(-1, 3)


def test_known_models_need_no_loading(monkeypatch):
    monkeypatch.setattr(embedding, "load_encoder", None)
    assert Embedding.unit is Unit.PROMPT
    for model in (None, "sentence-transformers/all-MiniLM-L6-v2", "static:all-MiniLM-L6-v2"):
        assert dict(Embedding(ScorerOptions(model=model)).columns) == {"vector": "FLOAT[384]"}


def test_other_models_are_loaded_for_their_length(monkeypatch):
    monkeypatch.setattr(embedding, "load_encoder", lambda source, max_length: Fake())
    monkeypatch.setattr(embedding.importlib.util, "find_spec", lambda name: True)
    scorer = Embedding(ScorerOptions(model="owner/name"))
    assert dict(scorer.columns) == {"vector": "FLOAT[3]"}
    results = scorer.score(Batch([Turn("a"), Turn("")]))
    assert [r.score for r in results] == [None, None]
    assert [r.values["vector"].tolist() for r in results] == [[0, 1, 2], [3, 4, 5]]


def test_identity_changes_with_what_changes_vectors():
    def prints(model=None, **params):
        return Embedding(ScorerOptions(model=model, params=params)).identity.fingerprint

    assert prints() == prints("sentence-transformers/all-MiniLM-L6-v2") == prints(max_length="128")
    different = [prints(), prints(max_length="64"), prints("owner/name"), prints("static:all-MiniLM-L6-v2")]
    assert len(set(different)) == 4


@pytest.mark.parametrize("value", ["0", "-5", "many", "7"])
def test_bad_max_length(value):
    with pytest.raises(UsageError, match="max_length"):
        Embedding(ScorerOptions(params={"max_length": value}))


def test_missing_library_is_told_before_any_work(monkeypatch):
    scorer = Embedding()
    monkeypatch.setattr(encoder.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"laserdb\[score\]"):
        scorer.load()


@needs_minilm
def test_real_vectors():
    scorer = Embedding(ScorerOptions(params={"max_length": "64"}))
    scorer.load()
    results = scorer.score(Batch([Turn("What is DuckDB?"), Turn("")]))
    assert [r.values["vector"].shape for r in results] == [(384,), (384,)]
    scorer.close()
