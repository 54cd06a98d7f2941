"""How well a classifier does: agreement with given labels, by class, and whether its confidence is true."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def measures(
    truth: Sequence[str],
    found: Sequence[str | None],
    classes: Sequence[str],
    confidence: Sequence[float | None] | None = None,
) -> dict[str, Any]:
    """Accuracy, macro-F1, Cohen's kappa, a table by class and the confusion matrix; JSON-able.

    `found` is None where there was no answer: that counts as wrong, and has a column `none` of its own in
    the confusion matrix (rows are the true classes). Macro-F1 is the mean over the classes that occur in
    the truth. Kappa takes no answer for a class of its own. `ece` is the mean gap of confidence and
    accuracy over ten bins of equal width, over what was answered.
    """
    names = [*classes, None]
    place = {name: i for i, name in enumerate(names)}
    matrix = np.zeros((len(names), len(names)), dtype=np.int64)
    for true, given in zip(truth, found, strict=True):
        matrix[place[true], place[given]] += 1
    n = int(matrix.sum())
    right, rows, columns = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    per_class: dict[str, dict[str, float | int | None]] = {}
    for i, name in enumerate(classes):
        if not rows[i] and not columns[i]:
            continue
        per_class[name] = {
            "precision": _ratio(right[i], columns[i]),
            "recall": _ratio(right[i], rows[i]),
            "f1": _ratio(2 * right[i], rows[i] + columns[i]),
            "texts": int(rows[i]),
        }
    f1 = [float(one["f1"] or 0) for one in per_class.values() if one["texts"]]
    agreed = float(right.sum()) / n if n else 0.0
    chance = float((rows * columns).sum()) / n**2 if n else 0.0
    out: dict[str, Any] = {
        "texts": n,
        "failed": int(columns[-1]),
        "accuracy": round(agreed, 4),
        "macro_f1": round(float(np.mean(f1)), 4) if f1 else 0.0,
        "kappa": round((agreed - chance) / (1 - chance), 4) if chance < 1 else None,
    }
    if confidence is not None:
        out["ece"] = calibration_error(truth, found, confidence)
    kept = [i for i in range(len(names)) if i < len(classes) or columns[i]]
    out["per_class"] = per_class
    out["confusion"] = {
        "columns": [names[i] or "none" for i in kept],
        "rows": {name: [int(matrix[i, j]) for j in kept] for i, name in enumerate(classes) if rows[i]},
    }
    return out


def calibration_error(
    truth: Sequence[str], found: Sequence[str | None], confidence: Sequence[float | None]
) -> float | None:
    """Expected calibration error over ten bins; None if nothing was answered with a confidence."""
    answered = [
        (sure, true == given)
        for true, given, sure in zip(truth, found, confidence, strict=True)
        if given is not None and sure is not None
    ]
    if not answered:
        return None
    sure, right = (np.array(column) for column in zip(*answered, strict=True))
    bins = np.minimum((sure * 10).astype(np.int64), 9)
    members = [bins == b for b in np.unique(bins)]
    gaps = [abs(right[one].mean() - sure[one].mean()) * one.mean() for one in members]
    return round(float(sum(gaps)), 4)


def _ratio(part: np.integer[Any], whole: np.integer[Any]) -> float | None:
    return round(float(part) / float(whole), 4) if whole else None
