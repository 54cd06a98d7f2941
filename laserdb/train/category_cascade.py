"""Choosing the threshold of a cascade: how sure the quick classifier must be for its answer to stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from laserdb.categories import CATEGORIES
from laserdb.errors import UsageError
from laserdb.scorers.category.cascade import CascadeClassifier, CascadeFile, save_cascade
from laserdb.scorers.category.find import of_file
from laserdb.scorers.category.measures import measures
from laserdb.train.cards import file_list, table, write_card
from laserdb.train.settings import require

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from laserdb.labelled import Labelled
    from laserdb.scorers.category.classifier import Classifier

_STEPS = tuple(round(0.5 + 0.01 * i, 2) for i in range(50))


@dataclass(frozen=True, slots=True)
class CascadeSettings:
    """`loss`: how much less accurate than the careful classifier alone the cascade may be.

    `above` 0 lets the texts choose the threshold: the lowest from which on no higher one loses more.
    """

    loss: float = 0.005
    above: float = 0.0

    def __post_init__(self) -> None:
        require(self, loss=0, above=0)
        if self.above > 1:
            raise UsageError(f"above={self.above}: give a confidence from 0 to 1")


def train_cascade(
    data: Labelled, files: Sequence[Path], out: Path, settings: CascadeSettings, *, quick: Path, careful: Path
) -> dict[str, Any]:
    """Choose the threshold on labelled texts, write `out` (.json) and its card (.md); return the figures.

    The texts must be ones that neither classifier was trained on. Raises ModelNotFound, and UsageError for
    a classifier that doesn't read texts.
    """
    first, second = (of_file(path, path.name) for path in (quick, careful))
    fast, slow = (_answers(part, data.texts) for part in (first, second))
    lines = [_measured(data, fast, slow, above) for above in (*_STEPS, 1.0)]
    chosen = settings.above or _chosen([one["accuracy"] for one in lines], settings.loss)
    save_cascade(CascadeFile(quick, careful, chosen), out)
    told = _measured(data, fast, slow, chosen)
    result = {
        "out": str(out), "method": "cascade", "model": f"{quick.name} + {careful.name}",
        "rows": len(data), "above": chosen, "answered_by_quick": told["quick"],
        "revision": CascadeClassifier(first, second, chosen, out.name).revision,
        "settings": asdict(settings), "evaluation": told["measures"],
    }  # fmt: skip
    write_card(out, "Category classifier: a cascade", _card(files, lines, quick, careful, result))
    return result


def _answers(classifier: Classifier, texts: Sequence[str]) -> NDArray[np.float32]:
    if classifier.embedder is not None:
        raise UsageError(f"{classifier.model}: reads stored vectors; a cascade's parts read texts")
    classifier.load()
    try:
        return classifier.predict(texts)
    finally:
        classifier.close()


def _measured(
    data: Labelled, fast: NDArray[np.float32], slow: NDArray[np.float32], above: float
) -> dict[str, Any]:
    sure = fast.max(axis=1) > above
    both = np.where(sure[:, None], fast, slow)
    found = [CATEGORIES[i] for i in both.argmax(axis=1).tolist()]
    told = measures(data.labels, found, CATEGORIES, both.max(axis=1).tolist())
    return {"above": above, "quick": float(sure.mean()), "accuracy": told["accuracy"], "measures": told}


def _chosen(accuracy: Sequence[float], loss: float) -> float:
    """The lowest threshold from which on all of `_STEPS` keep the accuracy; 1 if none does."""
    chosen = 1.0
    for above, one in zip(reversed(_STEPS), list(accuracy[:-1])[::-1], strict=True):
        if one < accuracy[-1] - loss:
            break
        chosen = above
    return chosen


def _card(
    files: Sequence[Path], lines: Sequence[dict[str, Any]], quick: Path, careful: Path, result: dict[str, Any]
) -> str:
    data = " ".join(f"--data {path.name}" for path in files)
    settings = " ".join(f"--set {name}={value}" for name, value in result["settings"].items())
    shown = [one for one in lines if one["above"] in (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1, result["above"])]
    shown_measures = ("accuracy", "macro_f1", "kappa")
    rows = [
        (
            f"{one['above']:g}",
            f"{one['quick']:.0%}",
            *("–" if (value := one["measures"][k]) is None else f"{value:.3f}" for k in shown_measures),
        )
        for one in shown
    ]
    return f"""## Training

    laserdb train category --method cascade {data} --quick {quick.name} --careful {careful.name} {settings}

{file_list([*files, quick, careful])}

`{quick.name}` answers where its confidence is greater than **{result["above"]}**; `{careful.name}` reads the
other texts. The threshold was chosen on these {result["rows"]:,} texts; 1 is the careful classifier alone.

{table(["above", "answered by the quick one", "accuracy", "macro-F1", "kappa"], rows)}
"""
