"""Training the difficulty head: ridge regression of evaluation results on frozen sentence vectors."""

from __future__ import annotations

import importlib.util
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from laserdb.backends.encoder import DEFAULT_MAX_LENGTH, LONG_TEXTS, find_encoder, load_encoder
from laserdb.backends.models import MINILM
from laserdb.errors import InputError, MissingExtra
from laserdb.rows import read_rows
from laserdb.scorers.heads import Head, fit_ridge, save_head
from laserdb.train.cards import file_list, table, write_card
from laserdb.train.folds import random_folds

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FOLDS = 5
_PENALTIES = (0.3, 1.0, 3.0, 10.0, 30.0)

Key = tuple[str, str]
"""Data set and item."""


def train_difficulty_head(
    items: Sequence[Path],
    evals: Sequence[Path],
    out: Path,
    *,
    model: str = MINILM,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Train a difficulty head on items (`dataset, item_id, instruction`) and their evaluation results
    (`dataset, item_id, model, score` in [0, 1]), both JSON lines.

    Writes `out` (.npz) and its card (.md); returns the figures: Spearman correlations with the targets of
    items, and of whole data sets, that were held out. The penalty is the one with the best mean
    correlation within data sets on held-out items.

    Raises InputError for unfit data, MissingExtra without sentence-transformers.
    """
    if importlib.util.find_spec("sentence_transformers") is None:
        raise MissingExtra("sentence-transformers", "score")
    say = progress or (lambda _: None)
    keys = ("dataset", "item_id", "model", "score")
    targets = difficulty_targets(read_rows(evals, keys))
    texts: dict[Key, str] = {}
    for row in read_rows(items, ("dataset", "item_id", "instruction")):
        key = (str(row["dataset"]), str(row["item_id"]))
        if key in targets:
            texts[key] = str(row["instruction"])
    datasets = [dataset for dataset, _ in texts]
    if len(texts) < 2 * _FOLDS:
        raise InputError(
            f"only {len(texts)} items have an instruction and results; needs {2 * _FOLDS} or more"
        )
    say(f"embedding {len(texts)} items with {model}")
    source = find_encoder(model)
    x = load_encoder(source).encode(list(texts.values()))
    y = np.array([targets[key] for key in texts])
    names, groups = np.unique(datasets, return_inverse=True)

    folds = random_folds(datasets, _FOLDS, seed)
    scores = {}
    for alpha in _PENALTIES:
        held = predicted(x, y, groups, folds, alpha)
        scores[alpha] = float(np.mean(_by_group(held, y, groups)))
        say(f"alpha = {alpha}: Spearman {scores[alpha]:.3f} within data sets")
    best = max(_PENALTIES, key=lambda a: scores[a])
    held = predicted(x, y, groups, folds, best)
    seen = _by_group(held, y, groups)
    unseen = _by_group(predicted(x, y, groups, groups, best), y, groups) if len(names) > 1 else []
    per_set = {
        str(name): {"items": int((groups == i).sum()), "unseen_items": round(seen[i], 4),
                    "unseen_set": round(unseen[i], 4) if unseen else None}
        for i, name in enumerate(names)
    }  # fmt: skip
    weight, bias = fit_ridge(x, y, best, groups)
    meta = {"embedder": source.name, "embedder_revision": source.revision, "seed": seed,
            "max_length": DEFAULT_MAX_LENGTH, "long_texts": LONG_TEXTS,
            "rows": len(y), "alpha": best}  # fmt: skip
    save_head(Head(weight, bias, meta=meta), out)
    result = {
        "out": str(out), "rows": len(y), "model": source.name, "alpha": best,
        "spearman_unseen_items": round(spearman(held, y), 4),
        "spearman_unseen_items_within": round(float(np.mean(seen)), 4),
        "spearman_unseen_sets": round(float(np.mean(unseen)), 4) if unseen else None,
        "datasets": per_set,
    }  # fmt: skip
    write_card(out, "Difficulty head", _card(items, evals, out, source.name, seed, result))
    return result


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


def predicted(
    x: NDArray[np.float32],
    y: NDArray[np.float64],
    groups: NDArray[np.int64],
    folds: NDArray[np.int64],
    alpha: float,
) -> NDArray[np.float64]:
    """Predictions (n,) for each row by a head that was trained without its fold."""
    out = np.empty(len(y))
    for fold in np.unique(folds).tolist():
        train = folds != fold
        weight, bias = fit_ridge(x[train], y[train], alpha, groups[train])
        out[~train] = (x[~train].astype(np.float64) @ weight + bias)[:, 0]
    return out


def spearman(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Rank correlation, ties at their mean rank; 0 if one side is constant."""
    if len(a) < 2:
        return 0.0
    x, y = _ranks(a), _ranks(b)
    x, y = x - x.mean(), y - y.mean()
    norm = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / norm if norm else 0.0


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: NDArray[np.float64] = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return ranks


def _by_group(a: NDArray[np.float64], b: NDArray[np.float64], groups: NDArray[np.int64]) -> list[float]:
    return [spearman(a[groups == g], b[groups == g]) for g in np.unique(groups).tolist()]


def _card(
    items: Sequence[Path], evals: Sequence[Path], out: Path, model: str, seed: int, result: dict[str, Any]
) -> str:
    files = " ".join([*(f"--items {p.name}" for p in items), *(f"--evals {p.name}" for p in evals)])
    sets: dict[str, dict[str, Any]] = result["datasets"]
    rows = [[name, one["items"], one["unseen_items"], one["unseen_set"]] for name, one in sets.items()]
    rows.append(["mean", "", result["spearman_unseen_items_within"], result["spearman_unseen_sets"]])
    return f"""## Training

    laserdb train difficulty {files} --out {out.name} --model {model} --seed {seed}

{file_list([*items, *evals])}

{result["rows"]} items, without those that every model failed. Target: a model's score less its mean on the
data set, averaged over models, negated. Frozen vectors of {model}, first and last half of
{DEFAULT_MAX_LENGTH} tokens; ridge regression, alpha = {result["alpha"]}, within data sets (vectors and
targets centred per set).

## Figures

Spearman correlation with the target. "unseen items": five folds over items; "unseen set": the whole data
set left out of training. alpha was chosen on the former. All unseen items
in one ranking: {result["spearman_unseen_items"]:.3f}.

{table(["data set", "items", "unseen items", "unseen set"], rows)}
"""
