import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from laserdb.errors import ModelNotFound
from laserdb.scorers.base import Batch, Failed, ScorerOptions, Turn
from laserdb.scorers.difficulty import Difficulty
from laserdb.scorers.heads import Head, save_head
from laserdb.scorers.shape import NAMES, shape_of, shapes
from laserdb.scorers.shaped import KEY, ShapeHead, from_meta, standardiser


def features(text):
    return dict(zip(NAMES, shape_of(text), strict=True))


def counts(text, *names):
    return [round(float(np.expm1(features(text)[name]))) for name in names]


def test_counts():
    text = "Tom buys 3 pens at $1.50 each and 12 more than Ann. How many pens, at most, does he have?"
    assert counts(text, "numbers", "distinct_numbers", "largest_number", "decimals") == [3, 3, 12, 1]
    assert counts(text, "conditions", "question_marks", "sentences", "commas") == [3, 1, 2, 2]
    assert features(text)["asks_how_many"] == features(text)["asks_how"] == 1
    assert features(text)["asks_why"] == 0


def test_formulas():
    found = features(r"Let $x^2 + \frac{1}{(y+1)} = [3]$. Find $x$.")
    assert found["depth"] == 2
    assert counts(r"\frac{1}{2} + \frac{\pi}{3}", "commands", "distinct_commands") == [3, 2]
    assert counts("Let $a + b = c$.", "variables", "equations", "formulas") == [3, 1, 1]


def test_passage_and_question():
    text = "Read this. The cat sat on a mat in Rome for years.\n\nQuestion: Where did the cat sit?"
    assert counts(text, "question_words") == [5]
    assert features(text)["overlap"] == pytest.approx(1 / 3)
    assert features("Where did the cat sit?")["overlap"] == 0


def test_options():
    text = "Which is even?\nA. 3\nB. 4\nC. red cat\nD. red dog"
    found = features(text)
    assert counts(text, "question_words") == [3]
    assert found["numeric_options"] == 0.5
    assert found["option_likeness"] == pytest.approx((1 / 4) / 6)


def test_code_is_counted_in_code_only():
    assert counts("def f(x):\n    for i in x:\n        x.pop()", "loops", "statements", "calls") == [1, 2, 1]
    assert features("Wait for me while I sleep.")["loops"] == 0


@given(st.text(max_size=300))
def test_any_text_has_finite_features(text):
    assert np.isfinite(shapes([text])).all()


def test_long_texts_are_read_at_both_ends():
    text = "Find 7. " + "word " * 100_000 + "Is it 9?"
    assert counts(text, "numbers", "question_marks") == [2, 1]


def head(weights):
    made = standardiser(shapes(["a b c", "a"]))
    return ShapeHead(made.mean, made.scale, np.array([weights.get(name, 0.0) for name in NAMES]))


def test_head():
    made = head({"words": 2.0})
    assert made.values(["a b c", "a"]).tolist() == pytest.approx([2, -2])
    assert made.values(["a " * 5000]).tolist() == [8]  # four standard deviations at most
    again = from_meta({KEY: json.loads(json.dumps(made.as_meta()))}, "x")
    assert again.values(["a b"]) == pytest.approx(made.values(["a b"]), abs=1e-4)
    assert from_meta({}, "x") is None
    with pytest.raises(ModelNotFound, match="train it anew"):
        from_meta({KEY: made.as_meta() | {"version": "0"}}, "x.npz")


def test_scorer_adds_both(tmp_path):
    path, vectors = tmp_path / "h.npz", np.zeros((3, 384), dtype=np.float32)
    vectors[:, 0] = 0.5
    weight = np.eye(384, 1, dtype=np.float32)
    bias = np.zeros(1, dtype=np.float32)
    save_head(Head(weight, bias, meta={KEY: head({"words": 2.0}).as_meta()}), path)
    scorer = Difficulty(ScorerOptions(model=str(path)))
    results = scorer.score(Batch([Turn("a b c"), Turn("a"), Turn(" ")], vectors))
    assert [one.score for one in results[:2]] == pytest.approx([2.5, -1.5], abs=1e-4)
    assert results[2] == Failed("empty_instruction")
