"""Training the difficulty head: ridge regression of evaluation results on sentence vectors and text features.

What did better on data sets that were left out than the plain regression of the targets: targets ranked
within their data set, every data set with the same weight, features counted in the text, and texts written
at known levels beside the evaluation results.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from laserdb.backends.encoder import DEFAULT_MAX_LENGTH, LONG_TEXTS, find_encoder, load_encoder
from laserdb.backends.models import MINILM
from laserdb.errors import InputError, MissingExtra
from laserdb.scorers.heads import Head, save_head
from laserdb.scorers.shape import shapes
from laserdb.scorers.shaped import KEY, ShapeHead, standardiser
from laserdb.train.cards import file_list, table, write_card
from laserdb.train.difficulty_data import Data, Ratings, read_data
from laserdb.train.folds import random_folds
from laserdb.train.within import (
    by_group,
    equal_weights,
    fit,
    less,
    predicted,
    ranked_targets,
    slope,
    spearman,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FOLDS = 5
_PENALTIES = (30.0, 100.0, 300.0, 1000.0)
LESS_LENGTH = 0.3
"""More costs agreement, less makes it a measure of length."""
_ABOUT = 0.005  # of mean correlation: what is less apart isn't told apart by so few data sets
_VECTOR_SPREAD = 3.0
"""Of all components of a vector together, beside a feature's of 1; a larger one trusts topics more."""


def train_difficulty_head(
    items: Sequence[Path],
    evals: Sequence[Path],
    out: Path,
    *,
    ratings: Sequence[Ratings] = (),
    together: Sequence[Sequence[str]] = (),
    less_length: float = LESS_LENGTH,
    held_out: Path | None = None,
    model: str = MINILM,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Train a difficulty head on items (`dataset, item_id, instruction`) and their evaluation results
    (`dataset, item_id, model, score` in [0, 1]), both JSON lines, and on `ratings`.

    Writes `out` (.npz) and its card (.md); returns the figures: Spearman correlations with the targets of
    items, and of whole data sets, that were held out. A data set is held out with its ratings and with
    those it is `together` with; `held_out` takes what the head then says of its items, for
    `laserdb eval difficulty --scores`. Of what the length explains of the targets within a data set, the
    share `less_length` is taken off before the training. The penalty is chosen on held-out data sets (on
    held-out items where there is one set): of those about as good as the best, the one whose predictions
    follow the length least.

    Raises InputError for unfit data, UsageError, MissingExtra without sentence-transformers.
    """
    if importlib.util.find_spec("sentence_transformers") is None:
        raise MissingExtra("sentence-transformers", "score")
    say = progress or (lambda _: None)
    data = read_data(items, evals, ratings, together)
    targets = data.is_target
    if int(targets.sum()) < 2 * _FOLDS:
        raise InputError(
            f"only {int(targets.sum())} items have an instruction and results; needs {2 * _FOLDS} or more"
        )
    unique = list(dict.fromkeys(data.texts))
    say(f"embedding {len(unique)} items with {model}")
    source = find_encoder(model)
    encoder = load_encoder(source)
    vectors = encoder.encode(unique)
    shape = standardiser(shapes(data.texts[: int(targets.sum())]))
    place = {text: i for i, text in enumerate(unique)}
    rows = [place[text] for text in data.texts]
    y, d = data.y[targets], vectors.shape[1]
    seen = vectors[rows[: len(y)]].astype(np.float64)
    spread = _spread(seen, getattr(encoder, "sizes", (d,)))
    x = np.hstack([vectors.astype(np.float64) * spread, shape.standardised(shapes(unique))])[rows]
    found = _Fitted(data, x, less_length, seed, say)
    # Back from ranks to points of score, by what they predicted of them out of sample.
    weight = found.weight * slope(found.foreign, y, data.group[targets])
    scaled = weight[:d] * spread
    bias = y.mean() - seen.mean(axis=0) @ scaled
    counted = ShapeHead(shape.mean, shape.scale, weight[d:])
    meta = {"embedder": source.name, "embedder_revision": source.revision, "seed": seed,
            "max_length": DEFAULT_MAX_LENGTH, "long_texts": LONG_TEXTS,
            "rows": len(data.y), "alpha": found.alpha, KEY: counted.as_meta()}  # fmt: skip
    head = Head(scaled[:, None].astype(np.float32), np.array([bias], dtype=np.float32), meta=meta)
    save_head(head, out)
    if held_out is not None:
        _write_scores(held_out, data, found.foreign)
    result = {"out": str(out), "rows": len(y), "model": source.name, **found.figures()}
    call = _call(items, evals, ratings, together, out, source.name, seed, less_length)
    write_card(out, "Difficulty head", _card(call, [*items, *evals, *(r.path for r in ratings)], result))
    return result


class _Fitted:
    """The regression on everything, and what it says of what it was kept from seeing.

    `held` and `foreign` (n,) are predictions of the items with results: of each by a head that didn't see
    it, and by one that saw nothing of its family of data sets (the same where there is one family).
    """

    def __init__(
        self, data: Data, x: NDArray[np.float64], less_length: float, seed: int, say: Callable[[str], None]
    ) -> None:
        self.data, self.x = data, x
        self.t = data.is_target
        self.length = np.array([len(text) for text in data.texts], dtype=np.float64)
        self.ranked = less(ranked_targets(data.y, data.group), self.length, data.group, less_length)
        self.weights = equal_weights(data.group, data.shares)
        families = len(np.unique(data.family[self.t]))
        labels = [data.names[g] for g in data.group[self.t].tolist()]
        folds = data.folds(random_folds(labels, _FOLDS, seed))
        self.by_set = families > 1
        left_out = data.family if self.by_set else folds
        scores, lengths = {}, {}
        for alpha in _PENALTIES:
            told = self._held(left_out, alpha)
            scores[alpha], lengths[alpha] = float(np.mean(self._within(told))), self._with_length(told)
            say(f"alpha = {alpha}: Spearman {scores[alpha]:.3f} on what was left out, "
                f"{lengths[alpha]:.3f} with the length")  # fmt: skip
        good = [a for a in _PENALTIES if scores[a] >= max(scores.values()) - _ABOUT]
        self.alpha = min(good, key=lambda a: lengths[a])
        self.held = self._held(folds, self.alpha)
        self.foreign = self._held(left_out, self.alpha)
        self.weight = fit(x, self.ranked, data.group, self.weights, self.alpha)

    def _held(self, folds: NDArray[np.int64], alpha: float) -> NDArray[np.float64]:
        return predicted(self.x, self.ranked, self.data.group, folds, self.weights, alpha)[self.t]

    def _within(self, told: NDArray[np.float64]) -> list[float]:
        return by_group(told, self.data.y[self.t], self.data.group[self.t])

    def _with_length(self, told: NDArray[np.float64]) -> float:
        found = by_group(told, self.length[self.t], self.data.group[self.t])
        return float(np.mean(np.abs(found)))

    def figures(self) -> dict[str, Any]:
        """All figures of the card."""
        data, groups = self.data, self.data.group[self.t]
        seen = self._within(self.held)
        unseen = self._within(self.foreign) if self.by_set else []
        return {
            "alpha": self.alpha,
            "spearman_unseen_items": round(spearman(self.held, data.y[self.t]), 4),
            "spearman_unseen_items_within": round(float(np.mean(seen)), 4),
            "spearman_unseen_sets": round(float(np.mean(unseen)), 4) if unseen else None,
            "spearman_length": round(self._with_length(self.foreign), 4),
            "datasets": {
                data.names[i]: {"items": int((groups == i).sum()), "unseen_items": round(seen[i], 4),
                                "unseen_set": round(unseen[i], 4) if unseen else None}
                for i in range(data.datasets)
            },
            "rated": [self._rated(g) for g in range(data.datasets, len(data.names))],
        }  # fmt: skip

    def _rated(self, group: int) -> dict[str, Any]:
        """Agreement with a group of ratings by a head that saw nothing of their data set."""
        data, members = self.data, self.data.group == group
        family = data.family[members][0]
        train = ~members & ((data.family != family) | (family < 0))
        weight = fit(self.x[train], self.ranked[train], data.group[train], self.weights[train], self.alpha)
        told, rated = self.x[members] @ weight, data.y[members]
        return {
            "dataset": data.names[group], "texts": int(members.sum()),
            "spearman": round(spearman(told, rated), 4),
            "length": round(spearman(self.length[members], rated), 4),
        }  # fmt: skip


def _write_scores(path: Path, data: Data, told: NDArray[np.float64]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for key, score in zip(data.keys[: len(told)], told.tolist(), strict=True):
            assert key is not None
            row = {"dataset": key[0], "item_id": key[1], "score": score}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _spread(vectors: NDArray[np.float64], sizes: Sequence[int]) -> NDArray[np.float64]:
    """What brings each encoder's part of the vectors to `_VECTOR_SPREAD`, (d,): they place texts differently
    far apart."""
    parts = np.split(vectors.var(axis=0), np.cumsum(sizes)[:-1])
    factors = [_VECTOR_SPREAD / max(float(np.sqrt(part.sum())), 1e-9) for part in parts]
    return np.repeat(factors, sizes)


def _call(
    items: Sequence[Path], evals: Sequence[Path], ratings: Sequence[Ratings],
    together: Sequence[Sequence[str]], out: Path, model: str, seed: int,
    less_length: float,
) -> str:  # fmt: skip
    parts = [*(f"--items {p.name}" for p in items), *(f"--evals {p.name}" for p in evals)]
    parts += [f"--ratings {r.path.name}={r.weight:g}" for r in ratings]
    parts += [f"--together {','.join(names)}" for names in together]
    parts += [f"--less-length {less_length:g} --out {out.name} --model {model} --seed {seed}"]
    return f"laserdb train difficulty {' '.join(parts)}"


def _card(call: str, files: Sequence[Path], result: dict[str, Any]) -> str:
    sets: dict[str, dict[str, Any]] = result["datasets"]
    rows = [[name, one["items"], one["unseen_items"], one["unseen_set"]] for name, one in sets.items()]
    rows.append(["mean", "", result["spearman_unseen_items_within"], result["spearman_unseen_sets"]])
    return f"""## Training

    {call}

{file_list(files)}

{result["rows"]} items, without those that every model failed. Target: a model's score less its mean on the
data set, averaged over models, negated; ranked within its data set. Inputs: frozen vectors of
{result["model"]} (first and last half of {DEFAULT_MAX_LENGTH} tokens), and what can be counted in the text
(`scorers/shape.py`).
Ridge regression, alpha = {result["alpha"]}, within data sets (both sides centred per set), every set with
the same weight, ratings with that given. Of what the length in characters explains of a target's rank in its
set, the share given by --less-length was taken off first.

## Figures

Spearman correlation with the target. "unseen items": five folds over items; "unseen set": the whole data
set left out of training, with its ratings and the data sets that it is held out together with. alpha was
chosen on the latter, which flatters it by little: of values about as good as the best, the one with which
predictions follow the length least. All unseen items in one ranking:
{result["spearman_unseen_items"]:.3f}. Mean |Spearman| with the number of characters within unseen sets:
{result["spearman_length"]:.2f}.

{table(["data set", "items", "unseen items", "unseen set"], rows)}
{_ratings_text(result["rated"])}"""


def _ratings_text(rated: Sequence[dict[str, Any]]) -> str:
    if not rated:
        return ""
    rows = [[one["dataset"], one["texts"], one["spearman"], one["length"]] for one in rated]
    return f"""
Spearman correlation with the ratings, which this head was trained without (for ratings of a data set:
without any part of it), and of the number of characters with them:

{table(["rated texts", "texts", "head", "length"], rows)}
"""
