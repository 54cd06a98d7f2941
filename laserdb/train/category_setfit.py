"""Training a SetFit model (Tunstall et al. 2022) with the LASER paper's hyperparameters (A.1).

First the sentence encoder learns from pairs of texts whether they share a category; then a differentiable
head, and with `end_to_end` the encoder too, learn the categories (`setfit_phases`).
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from laserdb.backends.devices import quiet
from laserdb.backends.models import MINILM, find_model
from laserdb.errors import MissingExtra, UsageError
from laserdb.scorers.category.setfit import HEAD
from laserdb.train.cards import file_list
from laserdb.train.checkpoint import Checkpoint, fingerprint
from laserdb.train.setfit_phases import SetFitSettings, Training
from laserdb.train.validation import Split, counts_text, figures, figures_text

if TYPE_CHECKING:
    from laserdb.progress import Progress


def train_setfit(
    split: Split, files: Sequence[Path], out: Path, settings: SetFitSettings, *,
    body: str = MINILM, trust_remote_code: bool = False, seed: int = 0, progress: Progress,
) -> dict[str, Any]:  # fmt: skip
    """Train a model, write the folder `out` with its card (README.md), and return the figures.

    A state is kept beside `out` after the first phase and each epoch of the second; the same call goes on
    from there. Raises MissingExtra without setfit, ModelNotFound for an unfit body, UsageError if `out`
    is there and no model.
    """
    if importlib.util.find_spec("setfit") is None:
        raise MissingExtra("setfit", "score")
    if out.exists() and not (out.is_dir() and ((out / HEAD).is_file() or not any(out.iterdir()))):
        raise UsageError(f"{out}: is there already and no SetFit model; choose another --out")
    source = find_model(body)
    told = fingerprint({**asdict(settings), "body": body, "revision": source.revision, "seed": seed},
                       split.train, split.valid)  # fmt: skip
    with quiet():
        training = Training(source, split, settings, seed, progress, trust_remote_code=trust_remote_code)
        training.run(Checkpoint(out, told))
    temperature, evaluation = 1.0, None
    if split.valid is not None:
        temperature, evaluation = figures(split, training.logits(split.valid.texts))
    result = {
        "out": str(out), "method": "setfit", "model": source.name, "rows": len(split.train),
        "steps": list(training.steps), "epochs_run": training.epochs, "temperature": round(temperature, 4),
        "settings": asdict(settings), "seed": seed, "evaluation": evaluation,
    }  # fmt: skip
    training.save(out, temperature, {"base": source.name, "base_revision": source.revision, "seed": seed},
                  _card(split, files, result, trust_remote_code=trust_remote_code))  # fmt: skip
    Checkpoint(out, told).remove()
    return result


def _card(split: Split, files: Sequence[Path], result: dict[str, Any], *, trust_remote_code: bool) -> str:
    def shown(value: object) -> str:
        return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)

    settings = " ".join(f"--set {name}={shown(value)}" for name, value in result["settings"].items())
    data = " ".join(f"--data {path.name}" for path in files)
    trust = " --trust-remote-code" if trust_remote_code else ""
    told = "No texts were kept back." if result["evaluation"] is None else figures_text(result["evaluation"])
    pairs, categories = result["steps"]
    return f"""---
library_name: setfit
tags: [setfit, sentence-transformers, text-classification, laserdb]
base_model: {json.dumps(result["model"])}
---
# Category classifier: SetFit

## Training

    laserdb train category --method setfit {data} --body {result["model"]}{trust} --seed {result["seed"]} \
        {settings}

{counts_text(split, [file_list(files)])}

{pairs} steps on pairs, {categories} on categories ({result["epochs_run"]} epochs; the one with the least
validation loss is kept). Confidence is softmax at temperature {result["temperature"]}, in `{HEAD}`.

## Figures on the texts kept back

The epoch and the temperature were chosen on them, which flatters by little.

{told}

## Use

    laserdb score pool.duckdb category --model FOLDER
"""
