"""The classifier that ships as the default: MiniLM with a low-rank adapter, and a linear head; one `.npz`.

Arrays: `lora.<module>.A` (r, in) and `lora.<module>.B` (out, r), `head.weights` (d, k), `head.bias` (k,),
`classes` (k,), and `meta`, JSON: `base`, `layers`, `max_length`, `long_texts`, `scale`, `temperature`, and
whatever the training says of itself.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from laserdb.backends.adapter import AdaptedEncoder, Adapter
from laserdb.backends.encoder import DEFAULT_MAX_LENGTH, LONG_TEXTS
from laserdb.backends.models import MINILM, find_model
from laserdb.errors import ModelNotFound
from laserdb.scorers.category.classifier import Classifier, in_order, spread
from laserdb.scorers.heads import Head, head_hash

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
    arrays["meta"] = np.array(json.dumps(meta, sort_keys=True))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def load_adapter_model(path: Path) -> AdapterModel:
    """Read what `save_adapter_model` wrote. Raises ModelNotFound if there is none, or a broken one."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        meta = json.loads(str(arrays["meta"]))
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
    except FileNotFoundError as error:
        raise ModelNotFound(f"{path}: no such file; train one with: laserdb train category") from error
    except (OSError, KeyError, ValueError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise ModelNotFound(f"{path}: not a model made by laserdb train ({error})") from error
    if weight.ndim != 2 or weight.shape[1] != len(classes) or bias.shape != (len(classes),):
        raise ModelNotFound(f"{path}: a head of shape {weight.shape} does not fit {len(classes)} classes")
    head = Head(weight, bias, classes, temperature)
    return AdapterModel(str(meta.get("base", MINILM)), adapter, head, meta)


class AdapterClassifier(Classifier):
    """A tuned MiniLM, in bfloat16 where the processor computes in it, on all cores."""

    modules = ("torch", "transformers", "tokenizers")

    def __init__(self, path: Path, model: str) -> None:
        self.path, self.model = path, model
        self._encoder: AdaptedEncoder | None = None
        self._head: Head | None = None

    @property
    def revision(self) -> str:
        """Hash of the file."""
        return head_hash(self.path)

    def load(self) -> None:
        """Merge the adapter into the encoder. Raises ModelNotFound."""
        model = load_adapter_model(self.path)
        self._places = in_order(model.head.classes, str(self.path))
        encoder = AdaptedEncoder(find_model(model.base), model.adapter)
        if encoder.dimension != len(model.head.weight):
            raise ModelNotFound(
                f"{self.path}: a head for {len(model.head.weight)} dimensions, "
                f"{model.base} has {encoder.dimension}"
            )
        self._encoder, self._head = encoder, model.head

    def close(self) -> None:
        """Forget the encoder."""
        self._encoder = self._head = None

    def predict(
        self,
        texts: Sequence[str],
        vectors: NDArray[np.float32] | None = None,  # noqa: ARG002 - it makes its own
    ) -> NDArray[np.float32]:
        """Probabilities of the texts, float32 (n, 7)."""
        if self._encoder is None or self._head is None:
            self.load()
        assert self._encoder is not None
        assert self._head is not None
        return spread(self._head.probabilities(self._encoder.encode(texts)), self._places)
