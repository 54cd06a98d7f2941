"""Finding a classifier: the shipped ones, a `.npz` of `laserdb train category`, or a SetFit model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from laserdb.backends.models import find_model
from laserdb.errors import UsageError
from laserdb.scorers import weight_files
from laserdb.scorers.category.adapter import AdapterClassifier
from laserdb.scorers.category.classifier import TRAIN
from laserdb.scorers.category.fast import FastClassifier
from laserdb.scorers.category.head import HeadClassifier
from laserdb.scorers.category.setfit import SetFitClassifier
from laserdb.scorers.heads import WEIGHTS

if TYPE_CHECKING:
    from laserdb.scorers.base import ScorerOptions
    from laserdb.scorers.category.classifier import Classifier

DEFAULT, DEFAULT_NAME = "category-adapter.npz", "minilm-adapter"
"""What ships as the default: its file in WEIGHTS, and its name in runs."""
FAST, FAST_NAME = "category-fast.npz", "fast-ngrams"
"""What ships for `--fast`."""


def find_classifier(options: ScorerOptions) -> Classifier:
    """The classifier that the options ask for, not loaded. Raises UsageError and ModelNotFound."""
    if options.fast and options.model is not None:
        raise UsageError("--fast is a model of its own; leave out either --fast or --model")
    if options.fast:
        return of_file(WEIGHTS / FAST, FAST_NAME)
    if options.model is None:
        return of_file(WEIGHTS / DEFAULT, DEFAULT_NAME)
    if Path(options.model).suffix.lower() == ".npz":
        return of_file(Path(options.model).expanduser(), options.model)
    return SetFitClassifier(find_model(options.model), trust_remote_code=options.trust_remote_code)


def of_file(path: Path, model: str) -> Classifier:
    """The classifier that a `.npz` holds, told by its arrays. Raises ModelNotFound."""
    with weight_files.reading(path, "model", TRAIN) as file:
        names = set(file.files)
    if "head.weights" in names:
        return AdapterClassifier(path, model)
    if "ngram.weights" in names:
        return FastClassifier(path, model)
    return HeadClassifier(path, model)
