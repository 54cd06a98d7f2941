"""Finding a classifier: the shipped ones, a file of `laserdb train category`, or a SetFit model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from laserdb.backends.models import find_model
from laserdb.errors import ModelNotFound, UsageError
from laserdb.scorers import weight_files
from laserdb.scorers.category.adapter import AdapterClassifier
from laserdb.scorers.category.cascade import CascadeClassifier, load_cascade
from laserdb.scorers.category.classifier import TRAIN
from laserdb.scorers.category.fast import FastClassifier
from laserdb.scorers.category.head import HeadClassifier
from laserdb.scorers.category.setfit import SetFitClassifier
from laserdb.scorers.heads import WEIGHTS

if TYPE_CHECKING:
    from laserdb.scorers.base import ScorerOptions
    from laserdb.scorers.category.classifier import Classifier

DEFAULT, DEFAULT_NAME = "category-default.json", "minilm-cascade"
"""What ships as the default, a cascade: its file in WEIGHTS, and its name in runs."""
CAREFUL, CAREFUL_NAME = "category-adapter.npz", "minilm-adapter"
"""What the default asks where `--fast` isn't sure, and alone with `--set above=1`."""
FAST, FAST_NAME = "category-fast.npz", "fast-ngrams"
"""What ships for `--fast`."""


def find_classifier(options: ScorerOptions) -> Classifier:
    """The classifier that the options ask for, not loaded. Raises UsageError and ModelNotFound."""
    if options.fast and options.model is not None:
        raise UsageError("--fast is a model of its own; leave out either --fast or --model")
    above = _threshold(options.params.get("above"))
    file = Path(options.model).expanduser() if options.model is not None else WEIGHTS / DEFAULT
    if not options.fast and file.suffix.lower() == ".json":
        return _cascade(file, above, options.model)
    if above is not None:
        raise UsageError("--set above: for a cascade only, such as the shipped default")
    if options.fast:
        return of_file(WEIGHTS / FAST, FAST_NAME)
    if file.suffix.lower() == ".npz":
        return of_file(file, str(options.model))
    return SetFitClassifier(find_model(str(options.model)), trust_remote_code=options.trust_remote_code)


def _threshold(given: str | None) -> float | None:
    if given is None:
        return None
    try:
        above = float(given)
    except ValueError:
        above = -1.0
    if not 0 <= above <= 1:
        raise UsageError(f"--set above={given}: give a confidence from 0 to 1")
    return above


def _cascade(file: Path, above: float | None, model: str | None) -> Classifier:
    """The cascade of a file, or at the threshold 1, which no confidence exceeds, its careful part."""
    found = load_cascade(file)
    above = found.above if above is None else above
    careful = of_file(found.careful, CAREFUL_NAME if model is None else str(found.careful))
    if above == 1:
        return careful
    quick = of_file(found.quick, FAST_NAME if model is None else str(found.quick))
    for path, part in ((found.quick, quick), (found.careful, careful)):
        if part.embedder is not None:
            raise ModelNotFound(
                f"{file}: {path.name} reads stored vectors; a cascade's classifiers read texts"
            )
    return CascadeClassifier(quick, careful, above, model or DEFAULT_NAME)


def of_file(path: Path, model: str) -> Classifier:
    """The classifier that a `.npz` holds, told by its arrays. Raises ModelNotFound."""
    with weight_files.reading(path, "model", TRAIN) as file:
        names = set(file.files)
    if "head.weights" in names:
        return AdapterClassifier(path, model)
    if "ngram.weights" in names:
        return FastClassifier(path, model)
    return HeadClassifier(path, model)
