"""What the difficulty head is trained on: targets, ratings, and what is held out together."""

import json

import numpy as np
import pytest

from laserdb.errors import InputError, UsageError
from laserdb.train.difficulty_data import Ratings, read_data


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def files(tmp_path):
    """Three items of each of a, b and c; on the last one of each every model failed."""
    items, evals = [], []
    for dataset in "abc":
        for i in range(3):
            items.append(
                {"dataset": dataset, "item_id": f"{dataset}{i}", "instruction": f"{dataset} asks {i}"}
            )
            evals.append(
                {"dataset": dataset, "item_id": f"{dataset}{i}", "model": "m", "score": (1, 0.5, 0)[i]}
            )
    return [write(tmp_path / "items.jsonl", items)], [write(tmp_path / "evals.jsonl", evals)]


@pytest.fixture
def ratings(tmp_path):
    rows = [
        {"dataset": "a", "item_id": "a0", "difficulty": 2},
        {"dataset": "a", "item_id": "a2", "difficulty": 9.5},
        {"dataset": "mine", "instruction": "Prove it.", "difficulty": 5},
    ]
    return Ratings(write(tmp_path / "ratings.jsonl", rows), 0.5)


def test_rows_are_targets_and_then_ratings(files, ratings):
    data = read_data(*files, [ratings], [("b", "c")])
    assert data.names == ("a", "b", "c", "a", "mine")
    assert data.shares.tolist() == [1, 1, 1, 0.5, 0.5]
    assert data.texts[-3:] == ["a asks 0", "a asks 2", "Prove it."]
    assert data.y.tolist() == [-0.25, 0.25] * 3 + [2, 9.5, 5]
    assert data.group.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4]
    assert data.is_target.tolist() == [True] * 6 + [False] * 3


def test_a_data_set_is_of_one_family_with_its_ratings(files, ratings):
    data = read_data(*files, [ratings], [("b", "c")])
    assert data.family.tolist() == [0, 0, 1, 1, 1, 1, 0, 0, -1]


def test_a_rated_item_is_in_the_fold_of_its_results(files, ratings):
    data = read_data(*files, [ratings])
    folds = data.folds(np.array([4, 3, 2, 1, 0, 0]))
    # a2 has no target, since every model failed it: it is never held out
    assert folds.tolist() == [4, 3, 2, 1, 0, 0, 4, -1, -1]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"dataset": "a", "item_id": "a0", "difficulty": "hard"}, "difficulty 'hard' is no number"),
        ({"dataset": "a", "item_id": "a0", "difficulty": True}, "difficulty True is no number"),
        ({"dataset": "a", "item_id": "a9", "difficulty": 1}, "neither an instruction nor an item.*a9 of a"),
        ({"dataset": "a", "instruction": "", "difficulty": 1}, "neither an instruction nor an item"),
        ({"dataset": "a", "item_id": "a0"}, "lacks difficulty"),
    ],
)
def test_unfit_ratings(files, tmp_path, row, message):
    path = write(tmp_path / "bad.jsonl", [row])
    with pytest.raises(InputError, match=f"bad.jsonl:1: .*{message}"):
        read_data(*files, [Ratings(path)])


def test_unknown_data_sets_can_not_be_held_out_together(files):
    with pytest.raises(UsageError, match=r"--together d: no such data set \(there are: a, b, c\)"):
        read_data(*files, (), [("a", "d")])
