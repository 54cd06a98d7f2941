"""What the difficulty head is trained on: items with evaluation results, and texts that people rated."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from laserdb.errors import InputError, UsageError
from laserdb.rows import placed_rows, read_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

Key = tuple[str, str]
"""Data set and item."""


@dataclass(frozen=True, slots=True)
class Ratings:
    """A file of ratings: JSON lines of `dataset`, `difficulty` and either `item_id` or `instruction`.

    Each of its data sets is ranked within itself and counts `weight` times as much as a data set with
    evaluation results.
    """

    path: Path
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Data:
    """Rows to train on: first those with evaluation results, then those that people rated.

    `group` says within what a row is ranked, as a place in `names` and `shares`: data sets first, in the
    order of their names, then those of each file of ratings. `family` numbers data sets that are held out
    together; −1 is for rated texts that are of none.
    """

    texts: list[str]
    keys: list[Key | None]
    y: NDArray[np.float64]
    group: NDArray[np.int64]
    family: NDArray[np.int64]
    names: tuple[str, ...]
    shares: NDArray[np.float64]
    datasets: int

    @property
    def is_target(self) -> NDArray[np.bool_]:
        """Which rows have evaluation results."""
        found: NDArray[np.bool_] = self.group < self.datasets
        return found

    def folds(self, of_targets: NDArray[np.int64]) -> NDArray[np.int64]:
        """A fold for each row: of rated items that of the same item with results, −1 for other texts."""
        places = [key for key in self.keys[: len(of_targets)] if key is not None]
        fold = dict(zip(places, of_targets.tolist(), strict=True))
        return np.array([fold.get(key, -1) if key else -1 for key in self.keys], dtype=np.int64)


def read_data(
    items: Sequence[Path], evals: Sequence[Path], ratings: Sequence[Ratings] = (),
    together: Sequence[Sequence[str]] = (),
) -> Data:  # fmt: skip
    """Read items, results and ratings; `together` lists data sets that are held out together.

    Raises InputError for unfit rows, UsageError for an unknown data set in `together`.
    """
    targets = difficulty_targets(read_rows(evals, ("dataset", "item_id", "model", "score")))
    texts: dict[Key, str] = {}
    for row in read_rows(items, ("dataset", "item_id", "instruction")):
        texts[str(row["dataset"]), str(row["item_id"])] = str(row["instruction"])
    keys: list[Key | None] = [key for key in texts if key in targets]
    names = sorted({key[0] for key in keys if key})
    rows = [(texts[key], targets[key], names.index(key[0])) for key in keys if key]
    shares, datasets = [1.0] * len(names), len(names)
    for file in ratings:
        places: dict[str, int] = {}
        for key, name, text, value in _rated(file.path, texts):
            if name not in places:
                places[name] = len(names)
                names.append(name)
                shares.append(file.weight)
            keys.append(key)
            rows.append((text, value, places[name]))
    group = np.array([row[2] for row in rows], dtype=np.int64)
    return Data(
        texts=[row[0] for row in rows], keys=keys, y=np.array([row[1] for row in rows]), group=group,
        family=_families(names, datasets, together)[group] if rows else group,
        names=tuple(names), shares=np.array(shares), datasets=datasets,
    )  # fmt: skip


def _rated(path: Path, texts: Mapping[Key, str]) -> Iterable[tuple[Key | None, str, str, float]]:
    """Key, data set, text and rating of each row. Raises InputError."""
    for where, row in placed_rows([path], ("dataset", "difficulty")):
        name, value = str(row["dataset"]), row["difficulty"]
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
            raise InputError(f"{where}: difficulty {value!r} is no number")
        if row.get("instruction"):
            yield None, name, str(row["instruction"]), float(value)
            continue
        key = (name, str(row.get("item_id")))
        if key not in texts:
            raise InputError(f"{where}: neither an instruction nor an item of --items: {key[1]} of {name}")
        yield key, name, texts[key], float(value)


def _families(names: Sequence[str], datasets: int, together: Sequence[Sequence[str]]) -> NDArray[np.int64]:
    """The family of each group; a file's ratings of a data set are of that data set's."""
    family = {name: i for i, name in enumerate(names[:datasets])}
    for members in together:
        strange = [name for name in members if name not in family]
        if strange:
            raise UsageError(f"--together {strange[0]}: no such data set (there are: {', '.join(family)})")
        for name in members:
            family[name] = family[members[0]]
    return np.array([family.get(name, -1) for name in names], dtype=np.int64)


def difficulty_targets(rows: Iterable[Mapping[str, Any]]) -> dict[Key, float]:
    """How hard each item is (LASER §3.2.1), higher = harder, in points of score around 0.

    Items on which every model has 0 are dropped; then each model's mean over the data set is taken off
    its scores, and their mean over the models is negated. Raises InputError for a score outside [0, 1].
    """
    scores: dict[Key, dict[str, float]] = defaultdict(dict)
    for row in rows:
        key = (str(row["dataset"]), str(row["item_id"]))
        try:
            score = float(row["score"])
        except (TypeError, ValueError):
            score = -1.0
        if not 0 <= score <= 1:
            raise InputError(f"item {key[1]} of {key[0]}: score {row['score']!r} is not in [0, 1]")
        scores[key][str(row["model"])] = score
    scores = {key: by_model for key, by_model in scores.items() if any(by_model.values())}
    of_model: dict[Key, list[float]] = defaultdict(list)
    for (dataset, _), by_model in scores.items():
        for name, score in by_model.items():
            of_model[dataset, name].append(score)
    means = {key: sum(values) / len(values) for key, values in of_model.items()}
    return {
        (dataset, item): -sum(s - means[dataset, name] for name, s in by_model.items()) / len(by_model)
        for (dataset, item), by_model in scores.items()
    }
