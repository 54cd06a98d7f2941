"""Training the category head: logistic regression on frozen sentence vectors."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from laserdb.backends.encoder import DEFAULT_MAX_LENGTH, LONG_TEXTS, find_encoder, load_encoder
from laserdb.backends.models import MINILM
from laserdb.errors import MissingExtra
from laserdb.labelled import read_labelled
from laserdb.scorers.heads import Head, fit_temperature, save_head, softmax
from laserdb.train.cards import file_list, table, write_card
from laserdb.train.folds import random_folds, source_folds

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FOLDS = 5
_PENALTIES = (0.3, 1.0, 3.0, 10.0)  # inverse strength C of the L2 penalty
_REPEATS = 3


def train_category_head(
    data: Sequence[Path],
    out: Path,
    *,
    model: str = MINILM,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Train a category head on files with `text`, `label` and, if known, `source`.

    Writes `out` (.npz) and its card (.md); returns the figures. The penalty is chosen, the figures taken
    and the confidence calibrated on held-out folds: by source, three different splits, where every label
    has two sources or more; else on random folds alone.

    Raises InputError for unfit data, MissingExtra without sentence-transformers or scikit-learn.
    """
    for module, what in (("sentence_transformers", "sentence-transformers"), ("sklearn", "scikit-learn")):
        if importlib.util.find_spec(module) is None:
            raise MissingExtra(what, "score")
    say = progress or (lambda _: None)
    rows = read_labelled(data, least=_FOLDS)
    labels, sources, classes = rows.labels, rows.sources, rows.classes
    y = np.array([classes.index(label) for label in labels])
    say(f"embedding {len(rows)} texts with {model}")
    source = find_encoder(model)
    x = load_encoder(source).encode(rows.texts)

    splits = {"random folds": [random_folds(labels, _FOLDS, seed)]}
    if min(len({s for s, name in zip(sources, labels, strict=True) if name == c}) for c in classes) > 1:
        splits["unseen sources"] = [source_folds(labels, sources, _FOLDS, seed + i) for i in range(_REPEATS)]
    deciding = list(splits.values())[-1]
    tried = {}
    for penalty in _PENALTIES:
        tried[penalty] = [held_out_logits(x, y, folds, penalty, len(classes)) for folds in deciding]
        say(f"C = {penalty}: accuracy {np.mean([_accuracy(z, y) for z in tried[penalty]]):.3f}")
    best = max(_PENALTIES, key=lambda c: float(np.mean([_accuracy(z, y) for z in tried[c]])))
    temperature = fit_temperature(np.vstack(tried[best]), np.tile(y, len(deciding)))

    figures = {}
    for name, folds_list in splits.items():
        logits = (
            tried[best]
            if folds_list is deciding
            else [held_out_logits(x, y, folds, best, len(classes)) for folds in folds_list]
        )
        figures[name] = _figures(logits, y, classes, temperature)
    weight, bias = _fit(x, y, best)
    meta = {"embedder": source.name, "embedder_revision": source.revision, "seed": seed,
            "max_length": DEFAULT_MAX_LENGTH, "long_texts": LONG_TEXTS,
            "rows": len(rows), "C": best}  # fmt: skip
    save_head(Head(weight, bias, classes, temperature, meta), out)
    result = {"out": str(out), "rows": len(rows), "sources": len(set(sources)), "C": best,
              "temperature": round(temperature, 4), "model": source.name, "evaluation": figures}  # fmt: skip
    write_card(out, "Category head", _card(data, out, source.name, seed, result))
    return result


def held_out_logits(
    x: NDArray[np.float32], y: NDArray[np.int64], folds: NDArray[np.int64], penalty: float, k: int
) -> NDArray[np.float64]:
    """Logits (n, k) of each row from a head that was trained without its fold."""
    logits = np.full((len(y), k), -1e3)  # a class that a training fold lacks is never chosen
    for fold in np.unique(folds).tolist():
        train = folds != fold
        weight, bias = _fit(x[train], y[train], penalty)
        logits[np.ix_(~train, np.unique(y[train]))] = x[~train].astype(np.float64) @ weight + bias
    return logits


def _fit(
    x: NDArray[np.float32], y: NDArray[np.int64], penalty: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Multinomial logistic regression, labels weighted to count the same: weight (d, k), bias (k,)."""
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    model = LogisticRegression(C=penalty, class_weight="balanced", max_iter=2000)
    with threadpool_limits(1):  # products this small only wait for each other on several cores
        model.fit(x, y)
    weight, bias = model.coef_, model.intercept_
    if len(weight) == 1:  # two classes: one row for the second
        weight, bias = np.vstack([-weight / 2, weight / 2]), np.concatenate([-bias / 2, bias / 2])
    return weight.T.astype(np.float32), bias.astype(np.float32)


def _accuracy(logits: NDArray[np.float64], y: NDArray[np.int64]) -> float:
    return float((logits.argmax(axis=1) == y).mean())


def _figures(
    logits: Sequence[NDArray[np.float64]], y: NDArray[np.int64], classes: Sequence[str], temperature: float
) -> dict[str, Any]:
    """Means over the splits; `ece` is the calibration error of the confidence over ten bins."""
    from sklearn.metrics import cohen_kappa_score, f1_score, recall_score

    several = []
    for one in logits:
        chosen, sure = one.argmax(axis=1), softmax(one / temperature).max(axis=1)
        bins = np.minimum((sure * 10).astype(int), 9)
        right = chosen == y
        gaps = [abs(right[bins == b].mean() - sure[bins == b].mean()) * (bins == b).mean()
                for b in np.unique(bins)]  # fmt: skip
        several.append([right.mean(), f1_score(y, chosen, average="macro"), cohen_kappa_score(y, chosen),
                        sum(gaps), *recall_score(y, chosen, average=None)])  # fmt: skip
    means = [round(float(value), 4) for value in np.mean(several, axis=0)]
    return {"accuracy": means[0], "macro_f1": means[1], "kappa": means[2], "ece": means[3],
            "recall": dict(zip(classes, means[4:], strict=True))}  # fmt: skip


def _card(data: Sequence[Path], out: Path, model: str, seed: int, result: dict[str, Any]) -> str:
    files = " ".join(f"--data {path.name}" for path in data)
    evaluation: dict[str, Any] = result["evaluation"]
    names = list(evaluation)
    rows = [[key, *(evaluation[n][key] for n in names)] for key in ("accuracy", "macro_f1", "kappa", "ece")]
    rows += [
        [f"recall, {c}", *(evaluation[n]["recall"][c] for n in names)] for c in evaluation[names[0]]["recall"]
    ]
    return f"""## Training

    laserdb train category --method head {files} --out {out.name} --model {model} --seed {seed}

{file_list(data)}

{result["rows"]} texts of {result["sources"]} sources. Frozen vectors of {model}, first and last half of
{DEFAULT_MAX_LENGTH} tokens; multinomial logistic regression, C = {result["C"]}, classes weighted to count the
same; softmax at temperature {result["temperature"]}, fitted on held-out folds.

## Figures

Five folds, each text judged by a head that was not trained on its fold. "unseen sources": no text of a
test source in training, mean of {_REPEATS} splits. C and the temperature were chosen on the last column,
which flatters it by little. `ece`: mean gap between confidence and accuracy over ten bins.

{table(["", *names], rows)}
"""
