import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from laserdb.categories import CATEGORIES
from laserdb.engine.catalog import make_scorers
from laserdb.errors import ModelNotFound, UsageError
from laserdb.scorers.base import Batch, Failed, ScorerOptions, Turn, Unit
from laserdb.scorers.category import Category
from laserdb.scorers.heads import WEIGHTS, Head, save_head
from tests.backends.real import needs_minilm

CLASSES = ("Math", "Coding")


def make(tmp_path, classes=CLASSES, **meta):
    k = max(1, len(classes))
    path = tmp_path / "head.npz"
    save_head(Head(np.eye(384, k, dtype=np.float32), np.zeros(k, dtype=np.float32), classes, 0.1, meta), path)
    return Category(ScorerOptions(model=str(path)))


def test_declares_what_the_engine_needs(tmp_path):
    assert (Category.unit, Category().embedder) == (Unit.INSTRUCTION, None)
    assert make(tmp_path).embedder == "all-MiniLM-L6-v2"
    assert dict(Category().columns) == {"category": "VARCHAR", "confidence": "DOUBLE"}


def test_most_probable_class_and_its_probability(tmp_path):
    vectors = np.eye(3, 384, dtype=np.float32)
    results = make(tmp_path).score(Batch([Turn("a"), Turn("b"), Turn("c")], vectors))
    assert [r.values["category"] for r in results] == ["Math", "Coding", "Math"]
    sure = 1 / (1 + np.exp(-10))
    assert [r.score for r in results] == pytest.approx([sure, sure, 0.5])
    assert all(r.values["confidence"] == r.score for r in results)


def test_failures(tmp_path):
    vectors = np.zeros((3, 384), dtype=np.float32)
    vectors[1, 5] = np.nan
    scorer = make(tmp_path)
    blank, bad, good = scorer.score(Batch([Turn(" \n"), Turn("b"), Turn("c")], vectors))
    assert blank == Failed("empty_instruction")
    assert bad == Failed("bad_vector", "not finite")
    assert good.score == 0.5
    assert [r.kind for r in scorer.score(Batch([Turn("a")]))] == ["no_vector"]
    assert [r.kind for r in scorer.score(Batch([Turn("a")], vectors[:1, :9]))] == ["bad_vector"]


def test_identity_follows_the_head(tmp_path):
    shipped = Category().identity
    assert (shipped.scorer, shipped.model) == ("category", "minilm-cascade")
    scorer = make(tmp_path)
    one = scorer.identity
    assert one.model == str(tmp_path / "head.npz")
    assert make(tmp_path, note="retrained").identity.revision != one.revision


@pytest.mark.parametrize(
    ("classes", "meta", "message"),
    [
        ((), {}, "not a classifier"),
        (("Math", "Maths"), {}, "needed: of Math, Coding"),
        (CLASSES, {"embedder": "other"}, "other"),
        (CLASSES, {"max_length": 256}, "256"),
    ],
)
def test_unfit_heads(tmp_path, classes, meta, message):
    with pytest.raises(ModelNotFound, match=message):
        make(tmp_path, classes, **meta).load()


def test_missing_head(tmp_path):
    with pytest.raises(ModelNotFound, match="no such file"):
        Category(ScorerOptions(model=str(tmp_path / "none.npz"))).load()


@pytest.mark.parametrize(("name", "most"), [("category-adapter", 2 << 20), ("category-fast", 1 << 20)])
def test_what_ships_is_small_and_has_a_card(name, most):
    path = WEIGHTS / f"{name}.npz"
    assert path.stat().st_size <= most
    with np.load(path, allow_pickle=False) as arrays:
        assert tuple(arrays["classes"].tolist()) == CATEGORIES
    card = path.with_suffix(".md").read_text(encoding="utf-8")
    assert all(part in card for part in ("laserdb train category", "## Data and licences", "## Limits"))
    assert "(name the data" not in card


@pytest.mark.parametrize("module", ["category", "difficulty", "embedding", "tokens"])
def test_import_is_light(module):
    code = (
        f"import sys, laserdb.scorers.{module}\n"
        "heavy = {'torch', 'transformers', 'sklearn', 'sentence_transformers', 'scipy', 'huggingface_hub'}\n"
        "print(heavy & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "set()"


def test_a_language_model_is_asked_only_if_one_is_named(tmp_path):
    from laserdb.scorers.category_llm import CategoryJudge

    named = ScorerOptions(model="a/b", backend="openai")
    assert Category.variant(named) is CategoryJudge
    assert Category.variant(ScorerOptions(backend="openai")) is Category
    assert Category.variant(ScorerOptions(model="a/b")) is Category
    params = {"category.model": "a/b", "base_url": "http://127.0.0.1:9"}
    judge, tokens = make_scorers(["category", "tokens"], ScorerOptions(backend="openai", params=params))
    assert isinstance(judge, CategoryJudge)
    assert (judge.model, tokens.name) == ("a/b", "tokens")
    with pytest.raises(UsageError, match=r"category does if you name it: --set category\.model=MODEL"):
        make_scorers(["category", "tokens"], ScorerOptions(backend="openai"))


def test_fast_is_for_scorers_that_have_a_faster_variant():
    category, _ = make_scorers(["category", "tokens"], ScorerOptions(fast=True))
    assert category.identity.model == "fast-ngrams"
    with pytest.raises(UsageError, match="--fast: tokens has no faster variant; these have one: category"):
        make_scorers(["tokens"], ScorerOptions(fast=True))


def test_labels_in_a_pool(tmp_path):
    import laserdb

    rows = ["Write a poem about rain.", "Sum 2 and 3.", "Schreibe eine Python-Funktion.", "什么是光合作用？"]
    path = tmp_path / "pool.jsonl"
    path.write_text("".join(json.dumps({"instruction": r, "output": "x"}) + "\n" for r in rows))
    with laserdb.connect(tmp_path / "pool.duckdb") as db:
        db.ingest(path)
        (told,) = db.score(["category"], fast=True)
        assert (told.scored, told.failed) == (4, 0)
        found = db.sql("SELECT category, confidence FROM labels").fetchall()
        assert all(category in CATEGORIES and 0 < confidence <= 1 for category, confidence in found)
        assert db.score(["category"], fast=True)[0].scored == 0
        with pytest.raises(UsageError, match="leave out either"):
            db.score(["category"], fast=True, model="x.npz")


def test_the_documented_queries_run(tmp_path):
    import laserdb

    rows = [
        {"messages": [{"role": role, "content": text} for role, text in turns]}
        for turns in (
            [("user", "Sum 2 and 3."), ("assistant", "5"), ("user", "Write a poem."), ("assistant", "x")],
            [("user", "Why do cats purr?"), ("assistant", "x")],
        )
    ]
    path = tmp_path / "pool.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    text = (Path(__file__).parents[2] / "docs" / "classification.md").read_text(encoding="utf-8")
    queries = re.findall(r"```sql\n(.*?)```", text, flags=re.DOTALL)
    assert len(queries) >= 4
    with laserdb.connect(tmp_path / "pool.duckdb") as db:
        db.ingest(path)
        db.score(["category"], fast=True)
        labels = dict(db.sql("SELECT turn_id, category FROM labels").fetchall())
        found = [db.sql(query).fetchall() for query in queries]
    assert len(found[0]) == 3
    assert [one[1] for one in found[0]] == sorted(one[1] for one in found[0])
    assert sum(row[1] for row in found[1]) == len(labels) == 3


@needs_minilm
def test_plain_cases():
    from laserdb.backends.encoder import load_encoder

    texts = {
        "Natalia sold 48 clips in April and half as many in May. How many in all?": "Math",
        "Write a Python function that reverses a linked list.": "Coding",
        "Write a short story about a dragon who is afraid of fire.": "Generation",
    }
    vectors = load_encoder("all-MiniLM-L6-v2").encode(list(texts))
    results = Category().score(Batch([Turn(text) for text in texts], vectors))
    assert [r.values["category"] for r in results] == list(texts.values())


LANGUAGES = {
    "Math": (
        "Un train roule à 120 km/h. Combien de temps lui faut-il pour 90 km ?",
        "計算してください：25 × 16",
    ),
    "Coding": (
        "Schreibe eine Python-Funktion, die eine Liste sortiert.",
        "Как в SQL удалить дубликаты строк?",
    ),
    "Generation": ("Escribe un poema corto sobre el otoño.", "اكتب رسالة شكر إلى معلمتي."),
    "Factual QA": ("Qual é a capital da Mongólia?", "Kto napisał Lalkę?"),
    "Brainstorming": (
        "아이와 함께 부산에서 할 만한 것을 추천해 주세요.",
        "İstanbul'da hafta sonu için ne önerirsin?",
    ),
}


@needs_minilm
@pytest.mark.parametrize("options", [ScorerOptions(), ScorerOptions(fast=True)])
def test_other_languages_spread_over_the_categories(options):
    texts = [text for both in LANGUAGES.values() for text in both]
    found = Category(options).score(Batch([Turn(text) for text in texts]))
    labels = [one.values["category"] for one in found]
    assert len(set(labels)) >= 4
    assert max(labels.count(name) for name in labels) <= len(texts) // 2
