"""Two classifiers in a row: a quick one answers where it is sure, a careful one reads the rest.

A file of JSON says which: `quick` and `careful`, files of `laserdb train category` beside it, and `above`,
the confidence of the quick one above which its answer stands. What a text gets depends on that text alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from laserdb.categories import CATEGORIES
from laserdb.errors import ModelNotFound
from laserdb.scorers.category.classifier import TRAIN, Classifier

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class CascadeFile:
    """What a cascade's file says; the classifiers are paths."""

    quick: Path
    careful: Path
    above: float


def save_cascade(cascade: CascadeFile, path: Path) -> None:
    """Write a cascade's file; its classifiers are named relative to it."""
    told = {
        "quick": _beside(cascade.quick, path), "careful": _beside(cascade.careful, path),
        "above": cascade.above,
    }  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def _beside(classifier: Path, path: Path) -> str:
    whole, folder = classifier.resolve(), path.resolve().parent
    return whole.relative_to(folder).as_posix() if whole.is_relative_to(folder) else str(whole)


def load_cascade(path: Path) -> CascadeFile:
    """Read what `save_cascade` wrote. Raises ModelNotFound if there is none, or a broken one."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        quick, careful = (path.parent / Path(told[name]).expanduser() for name in ("quick", "careful"))
        above = float(told["above"])
    except FileNotFoundError as error:
        raise ModelNotFound(f"{path}: no such file; make one with: {TRAIN} --method cascade") from error
    except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
        raise ModelNotFound(f"{path}: not a cascade ({type(error).__name__}: {error})") from error
    if not 0 <= above <= 1:
        raise ModelNotFound(f"{path}: above is {above}, not a confidence in [0, 1]")
    return CascadeFile(quick, careful, above)


class CascadeClassifier(Classifier):
    """The quick classifier's answer where its confidence is greater than `above`, else the careful one's.

    Both read texts alone, and the quick one's confidence must not depend on the texts beside it.
    """

    def __init__(self, quick: Classifier, careful: Classifier, above: float, model: str) -> None:
        self.quick, self.careful, self.above, self.model = quick, careful, above, model
        self.modules = tuple(dict.fromkeys((*quick.modules, *careful.modules)))  # type: ignore[misc]

    @property
    def revision(self) -> str:
        """Hash of both revisions and the threshold."""
        told = f"{self.quick.revision} {self.careful.revision} {self.above!r}"
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    @property
    def params(self) -> Mapping[str, Any]:
        """The threshold, and what else changes either's numbers."""
        return {"above": self.above, **self.quick.params, **self.careful.params}

    def load(self) -> None:
        """Get both. Raises ModelNotFound."""
        self.quick.load()
        self.careful.load()

    def close(self) -> None:
        """Forget both."""
        self.quick.close()
        self.careful.close()

    def predict(
        self,
        texts: Sequence[str],
        vectors: NDArray[np.float32] | None = None,  # noqa: ARG002 - it reads texts alone
    ) -> NDArray[np.float32]:
        """Probabilities of the texts, float32 (n, 7)."""
        out = np.zeros((len(texts), len(CATEGORIES)), dtype=np.float32)
        if not texts:
            return out
        out[:] = self.quick.predict(texts)
        unsure = np.flatnonzero(out.max(axis=1) <= self.above)
        if len(unsure):
            out[unsure] = self.careful.predict([texts[i] for i in unsure.tolist()])
        return out
