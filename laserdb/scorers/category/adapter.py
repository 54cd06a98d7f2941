"""The classifier that ships as the default: MiniLM with a low-rank adapter, and a linear head; one `.npz`.

Arrays: `lora.<module>.A` (r, in) and `lora.<module>.B` (out, r), `head.weights` (d, k), `head.bias` (k,),
`classes` (k,), and `meta`, JSON: `base`, `layers`, `max_length`, `long_texts`, `scale`, `temperature`, and
whatever the training says of itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from laserdb.backends.adapter import AdaptedEncoder, Adapter
from laserdb.backends.encoder import DEFAULT_MAX_LENGTH, LONG_TEXTS
from laserdb.backends.models import MINILM, find_model
from laserdb.errors import ModelNotFound
from laserdb.scorers import weight_files
from laserdb.scorers.category.classifier import TRAIN, EncodingClassifier
from laserdb.scorers.heads import Head, head_hash

_LORA = "lora."


@dataclass(frozen=True, slots=True)
class AdapterModel:
    """An adapter for the encoder `base`, and the head that reads the adapted encoder's mean vectors."""

    base: str
    adapter: Adapter
    head: Head
    meta: Mapping[str, Any] = field(default_factory=dict)


def save_adapter_model(model: AdapterModel, path: Path) -> None:
    """Write a model as `.npz` without pickle, the deltas as float16."""
    meta = {
        **model.meta,
        "base": model.base,
        "layers": model.adapter.layers,
        "max_length": model.adapter.max_length,
        "long_texts": LONG_TEXTS,
        "scale": model.adapter.scale,
        "temperature": model.head.temperature,
    }
    arrays: dict[str, Any] = {}
    for name, (a, b) in sorted(model.adapter.deltas.items()):
        arrays[f"{_LORA}{name}.A"] = a.astype(np.float16)
        arrays[f"{_LORA}{name}.B"] = b.astype(np.float16)
    arrays["head.weights"] = model.head.weight.astype(np.float32)
    arrays["head.bias"] = model.head.bias.astype(np.float32)
    arrays["classes"] = np.array(model.head.classes, dtype=np.str_)
    weight_files.save(path, arrays, meta)


def load_adapter_model(path: Path) -> AdapterModel:
    """Read what `save_adapter_model` wrote. Raises ModelNotFound if there is none, or a broken one."""
    with weight_files.reading(path, "model", TRAIN) as file:
        arrays = {name: file[name] for name in file.files}
        meta = weight_files.meta_of(arrays)
        names = {name[len(_LORA) : -2] for name in arrays if name.startswith(_LORA)}
        deltas = {name: (arrays[f"{_LORA}{name}.A"], arrays[f"{_LORA}{name}.B"]) for name in names}
        weight, bias = arrays["head.weights"], arrays["head.bias"]
        classes = tuple(str(name) for name in arrays["classes"])
        if meta.get("long_texts", LONG_TEXTS) != LONG_TEXTS:
            raise ValueError(f"cuts long texts by {meta['long_texts']}, this laserdb by {LONG_TEXTS}")
        adapter = Adapter(
            deltas,
            float(meta.get("scale", 1.0)),
            meta.get("layers"),
            int(meta.get("max_length", DEFAULT_MAX_LENGTH)),
        )
        temperature = float(meta.get("temperature", 1.0))
    if weight.ndim != 2 or weight.shape[1] != len(classes) or bias.shape != (len(classes),):
        raise ModelNotFound(f"{path}: a head of shape {weight.shape} does not fit {len(classes)} classes")
    head = Head(weight, bias, classes, temperature)
    return AdapterModel(str(meta.get("base", MINILM)), adapter, head, meta)


class AdapterClassifier(EncodingClassifier):
    """A tuned MiniLM, in bfloat16 where the processor computes in it, on all cores."""

    modules = ("torch", "transformers", "tokenizers")

    def __init__(self, path: Path, model: str) -> None:
        self.path, self.model = path, model

    @property
    def revision(self) -> str:
        """Hash of the file."""
        return head_hash(self.path)

    def load(self) -> None:
        """Merge the adapter into the encoder. Raises ModelNotFound."""
        model = load_adapter_model(self.path)
        self.use(AdaptedEncoder(find_model(model.base), model.adapter), model.head, str(self.path))
