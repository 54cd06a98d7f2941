"""The classifier of a SetFit model (Tunstall et al. 2022): a tuned sentence encoder, and a linear head.

A folder of `laserdb train category` holds the head twice: in `model_head.pkl`, where the library `setfit`
looks for it, and in `head.npz` with the temperature of its confidence, which is what is read here. Models of
others have the pickle alone, and reading a pickle runs whatever code is in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from laserdb.backends.encoder import LONG_TEXTS, SentenceEncoder
from laserdb.backends.models import fetch
from laserdb.errors import ModelNotFound
from laserdb.scorers.category.classifier import EncodingClassifier
from laserdb.scorers.heads import Head, load_head

if TYPE_CHECKING:
    from laserdb.backends.models import ModelSource

HEAD, PICKLE, CONFIG = "head.npz", "model_head.pkl", "config_setfit.json"
_LONGEST = 1 << 20  # as many tokens as the model itself reads


class SetFitClassifier(EncodingClassifier):
    """A SetFit model from a folder or the hub, batched by length, with calibrated confidence."""

    modules = ("sentence_transformers",)

    def __init__(self, source: ModelSource, *, trust_remote_code: bool = False) -> None:
        self.source, self.model = source, source.name
        self.trust_remote_code = trust_remote_code

    @property
    def revision(self) -> str:
        """Hash of the folder, or the revision that was asked for."""
        return self.source.revision

    @property
    def params(self) -> Mapping[str, Any]:
        """How it is read."""
        return {"kind": "setfit", "long_texts": LONG_TEXTS}

    def load(self) -> None:
        """Get encoder and head. Raises ModelNotFound, also for a pickled head that isn't trusted."""
        folder = fetch(self.source)
        config = _config(folder)
        head = self._read_head(folder, config)
        encoder = SentenceEncoder(
            self.source,
            max_length=int(head.meta.get("max_length", _LONGEST)),
            unit=bool(config.get("normalize_embeddings", False)),
            trust_remote_code=self.trust_remote_code,
        )
        self.use(encoder, head, self.model)

    def _read_head(self, folder: Path, config: Mapping[str, Any]) -> Head:
        if (folder / HEAD).is_file():
            return load_head(folder / HEAD)
        if not (folder / PICKLE).is_file():
            raise ModelNotFound(
                f"{self.model}: no SetFit model, it has neither {HEAD} nor {PICKLE}; train one with laserdb "
                "train category, or ask a language model with --backend"
            )
        if not self.trust_remote_code:
            raise ModelNotFound(
                f"{self.model}: its head is a pickle, and reading one can run any code; "
                "if you trust its author: --trust-remote-code"
            )
        return _of_pickle(folder / PICKLE, config.get("labels") or (), self.model)


def _config(folder: Path) -> Mapping[str, Any]:
    try:
        found = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _of_pickle(path: Path, labels: Sequence[str], model: str) -> Head:
    """A head that `setfit` wrote: its own linear layer, or scikit-learn's logistic regression."""
    import joblib

    try:
        read: Any = joblib.load(path)
    except Exception as error:  # a pickle can raise anything
        raise ModelNotFound(f"{path}: can't be read: {type(error).__name__}: {error}") from error
    if hasattr(read, "linear"):
        weight = read.linear.weight.detach().float().cpu().numpy().T
        given = read.linear.bias
        bias = np.zeros(weight.shape[1]) if given is None else given.detach().float().cpu().numpy()
        names, temperature = list(labels), float(getattr(read, "temperature", 1.0))
    elif hasattr(read, "coef_") and len(read.coef_) > 1:
        weight, bias, temperature = read.coef_.T, read.intercept_, 1.0
        names = [str(c) if isinstance(c, str) or not labels else labels[int(c)] for c in read.classes_]
    else:
        kind = type(read).__name__
        raise ModelNotFound(f"{model}: a head of type {kind}, not linear with 3 classes or more")
    return Head(weight.astype(np.float32), bias.astype(np.float32), tuple(names), temperature)
