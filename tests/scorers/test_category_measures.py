"""The figures of a classifier against scikit-learn's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from laserdb.scorers.category.measures import calibration_error, measures

metrics = pytest.importorskip("sklearn.metrics")
CLASSES = ("a", "b", "c")


@given(st.lists(st.tuples(st.sampled_from(CLASSES), st.sampled_from(CLASSES)), min_size=1, max_size=40))
def test_as_scikit_learn(pairs):
    truth, found = zip(*pairs, strict=True)
    told = measures(truth, found, CLASSES)
    assert told["accuracy"] == pytest.approx(metrics.accuracy_score(truth, found), abs=1e-4)
    present = sorted(set(truth))
    f1 = metrics.f1_score(truth, found, labels=present, average="macro", zero_division=0)
    assert told["macro_f1"] == pytest.approx(f1, abs=1e-4)
    if len(set(truth) | set(found)) > 1:
        assert told["kappa"] == pytest.approx(metrics.cohen_kappa_score(truth, found), abs=1e-4)
    else:
        assert told["kappa"] is None
    matrix = metrics.confusion_matrix(truth, found, labels=CLASSES)
    for i, name in enumerate(CLASSES):
        assert told["confusion"]["rows"].get(name, [0, 0, 0]) == matrix[i].tolist()


def test_no_answer_is_wrong():
    told = measures(["a", "a", "b", "b"], ["a", None, "b", None], CLASSES)
    assert (told["accuracy"], told["failed"], told["texts"]) == (0.5, 2, 4)
    assert told["per_class"]["a"] == {"precision": 1.0, "recall": 0.5, "f1": 0.6667, "texts": 2}
    assert told["confusion"] == {
        "columns": ["a", "b", "c", "none"], "rows": {"a": [1, 0, 0, 1], "b": [0, 1, 0, 1]},
    }  # fmt: skip
    # Chance: rows a, b of 2 each, columns a, b of 1 each and none of 2.
    assert told["kappa"] == pytest.approx((0.5 - 0.25) / 0.75, abs=1e-4)


def test_calibration():
    truth, found, sure = ["a"] * 10, ["a"] * 8 + ["b"] * 2, [0.85] * 10
    assert calibration_error(truth, found, sure) == pytest.approx(0.05)
    assert calibration_error(truth, [None] * 10, [None] * 10) is None
    assert calibration_error(["a", "a"], ["a", "b"], np.array([1.0, 0.0]).tolist()) == 0
