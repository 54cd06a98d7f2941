"""GGUF files: read by transformers, which turns quantised weights into ordinary ones."""

from __future__ import annotations

import contextlib
import copy
import importlib.util
import io
import json
import struct
from pathlib import Path
from typing import Any

from laserdb.backends.cache import publish
from laserdb.backends.devices import quiet
from laserdb.errors import MissingExtra, ModelNotFound


def read_gguf(path: Path, dtype: Any) -> tuple[Any, Any]:
    """Model and tokenizer of a GGUF file. Raises MissingExtra and ModelNotFound."""
    require_gguf()
    from transformers import AutoModelForCausalLM, AutoTokenizer

    where = {"gguf_file": path.name, "local_files_only": True}
    try:
        with quiet(), contextlib.redirect_stderr(io.StringIO()):  # its bar heeds no setting
            loaded = AutoModelForCausalLM.from_pretrained(str(path.parent), dtype=dtype, **where)
            tokenizer = AutoTokenizer.from_pretrained(str(path.parent), **where)
    except (OSError, ValueError, KeyError, NotImplementedError, struct.error) as error:
        reason = (str(error).strip().splitlines() or [""])[0]
        raise ModelNotFound(f"{path}: transformers can't read this GGUF file: {reason}") from error
    return _ordinary(loaded), tokenizer


def require_gguf() -> None:
    """Raise MissingExtra unless transformers can read GGUF files."""
    for module in ("torch", "transformers", "gguf"):
        if importlib.util.find_spec(module) is None:
            raise MissingExtra(module, "score")


def converted(weights: Path | None, target: Path, name: str) -> Path:
    """The folder `target` with an ordinary checkpoint (bfloat16) of a GGUF file, made on first use.

    bfloat16 is what the weights were before they were quantised; more digits would only be larger.
    """
    if weights is None:
        raise ModelNotFound(f"{name}: its package holds no .gguf file; install it anew")

    def convert(folder: Path) -> None:
        import torch

        model, tokenizer = read_gguf(weights, torch.float32)
        with quiet():
            model.to(torch.bfloat16).save_pretrained(folder)
            tokenizer.save_pretrained(folder)
        _name_tokenizer_class(folder / "tokenizer_config.json")

    def whole(folder: Path) -> bool:
        return all((folder / f).is_file() for f in ("config.json", "tokenizer.json", "model.safetensors"))

    return publish(target, convert, good=whole)


def _ordinary(loaded: Any) -> Any:
    """The same weights in a model that doesn't say it is quantised, so that it can be saved and loaded."""
    config = copy.deepcopy(loaded.config)
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    config._name_or_path = ""
    fresh = type(loaded)(config).to(loaded.dtype)
    fresh.load_state_dict(loaded.state_dict(), assign=True)
    fresh.tie_weights()
    fresh.generation_config = loaded.generation_config
    return fresh.eval()


def _name_tokenizer_class(path: Path) -> None:
    """Name the class as every version of transformers knows it, and the template within."""
    config = json.loads(path.read_text())
    config["tokenizer_class"] = "PreTrainedTokenizerFast"
    path.write_text(json.dumps(config, indent=1))
