import json

import numpy as np
import pytest

from laserdb.backends import encoder
from laserdb.database import Database
from laserdb.engine.catalog import make_scorer
from laserdb.errors import MissingExtra, UsageError
from laserdb.scorers import embedding
from laserdb.scorers.base import Batch, ScorerOptions, Turn, Unit
from laserdb.scorers.embedding import Embedding
from laserdb.warehouse import Warehouse
from laserdb.warehouse.views import embedding_table
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


class Recording:
    """A vector of the text's length; keeps what it was asked for."""

    dimension = 2

    def __init__(self):
        self.texts = []

    def encode(self, texts):
        self.texts += texts
        return np.array([[len(text), 1] for text in texts], np.float32)


@pytest.fixture
def encoder_of(monkeypatch):
    made = Recording()
    monkeypatch.setattr(embedding, "load_encoder", lambda source, max_length: made)
    monkeypatch.setattr(embedding.importlib.util, "find_spec", lambda name: True)
    return made


def conversations(tmp_path):
    def messages(*texts):
        roles = ("user", "assistant")
        found = [{"role": roles[i % 2], "content": text} for i, text in enumerate(texts)]
        return json.dumps({"messages": found})

    path = tmp_path / "c.jsonl"
    path.write_text("\n".join([messages("q1", "a1", "q2", "a2"), messages("q1"), messages("q1", "other")]))
    return path


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("instruction", ["q1", "q1\n\nq2"]),  # equal instructions once
        ("response", ["a1\n\na2", "other"]),
        ("both", ["q1", "q1\n\nother", "q1\n\nq2\n\na1\n\na2"]),
    ],
)
def test_what_is_embedded(encoder_of, tmp_path, text, seen):
    database = Database(Warehouse(":memory:"))
    database.ingest([str(conversations(tmp_path))])
    summary = database.score(["embedding"], model="owner/name", params={"text": text})[0]
    assert sorted(encoder_of.texts) == sorted(seen)
    name = "owner/name" if text == "instruction" else f"owner/name#{text}"
    assert summary.model == name
    assert summary.failures == ({"no_response": 1} if text == "response" else {})
    with database.warehouse.read() as session:
        assert session.rows("SELECT model, params->>'text' FROM runs") == [
            (name, None if text == "instruction" else text)
        ]
        found = session.rows("SELECT sample_id, embedder, vector[1] FROM embeddings ORDER BY 1")
        failed = session.rows(f'SELECT error FROM results."{embedding_table(name)}" WHERE error IS NOT NULL')
    lengths = {"instruction": [6, 2, 2], "response": [6, None, 5], "both": [14, 2, 9]}[text]
    assert found == [(n, name, size) for n, size in enumerate(lengths, 1) if size is not None]
    assert failed == ([("no_response",)] if text == "response" else [])
    again = database.score(["embedding"], model="owner/name", params={"text": text})[0]
    assert (again.scored, again.failed) == (0, 0)
    database.close()


OWN = """\
-- needs: embedding
-- param embedder = null: whose vectors
SELECT unnest(k_center(list(sample_id ORDER BY sample_id), {{ m }})) AS sample_id
FROM pool WHERE {{ candidate }}
"""


def test_a_strategy_takes_the_vectors_that_it_is_told(encoder_of, tmp_path):
    own = tmp_path / "own.sql"
    own.write_text(OWN)
    database = Database(Warehouse(":memory:"))
    database.ingest([str(conversations(tmp_path))])
    for text in ("instruction", "response"):
        params = {"embedding.model": "m/n", "embedding.text": text}
        database.score(["embedding"], params=params)
    for embedder, size in ((None, 3), ("m/n#response", 2)):
        params = {"embedder": embedder}
        assert database.select(str(own), 3, name="x", replace=True, params=params).selected == size
    coverage = {one["model"]: (one["done"], one["failed"]) for one in database.status()["scorers"]}
    assert coverage == {"m/n": (3, 0), "m/n#response": (2, 1)}
    database.close()


def test_an_unknown_text():
    with pytest.raises(UsageError, match="unknown text 'answer'"):
        make_scorer("embedding", ScorerOptions(params={"text": "answer"}))
