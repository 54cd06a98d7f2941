"""Getting a model and its tokenizer into memory: folders, hub ids and GGUF files."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from laserdb.backends.base import BackendOptions
from laserdb.backends.devices import best_device, best_dtype, quiet
from laserdb.backends.gguf import read_gguf, require_gguf
from laserdb.backends.models import SMOLLM2, ModelSource, fetch
from laserdb.errors import MissingExtra, ModelNotFound, ScoringError

_NEEDED = ("torch", "transformers", "llguidance")
_LONGEST = 32_768  # tokens; more than any text to judge has, less than what fills memory unasked


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model ready to run: `max_len` in tokens, `ends` the ids that end a generation."""

    model: Any
    tokenizer: Any
    device: str
    vocab: int
    max_len: int
    pad: int
    ends: tuple[int, ...]


def require(source: ModelSource) -> None:
    """Raise MissingExtra for what is not installed; nothing is imported."""
    for module in _NEEDED:
        if importlib.util.find_spec(module) is None:
            raise MissingExtra(module, "score")
    if source.kind == "file" or (source.kind == "package" and source.name == SMOLLM2):
        require_gguf()


def load(source: ModelSource, options: BackendOptions) -> Loaded:
    """Model and tokenizer, in evaluation mode on their device. Raises ModelNotFound and ScoringError."""
    import torch

    path = fetch(source)
    device = options.device or best_device(torch)
    dtype = best_dtype(torch, device) if options.dtype == "auto" else getattr(torch, options.dtype)
    if path.is_file():
        model, tokenizer = read_gguf(path, dtype)
    else:
        model, tokenizer = _from_folder(path, source.name, dtype, options)
    try:
        model = model.to(device).eval()
    except torch.OutOfMemoryError:
        raise ScoringError(f"{source.name} doesn't fit into the memory of {device}") from None
    config = model.config.get_text_config()
    limit = getattr(config, "max_position_embeddings", None) or _LONGEST
    ends = _ends(model, tokenizer)
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else (*ends, 0)[0]
    max_len = min(limit, options.max_model_len or _LONGEST)
    return Loaded(model, tokenizer, device, config.vocab_size, max_len, pad, ends)


def _from_folder(path: Path, name: str, dtype: Any, options: BackendOptions) -> tuple[Any, Any]:
    from transformers import AutoTokenizer

    trusted = {"local_files_only": True, "trust_remote_code": options.trust_remote_code}
    try:
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(str(path), **trusted)
            kind = _model_class(path, options)
            kwargs = {"dtype": dtype, **trusted}
            try:
                model = kind.from_pretrained(str(path), attn_implementation="sdpa", **kwargs)
            except ValueError as error:  # an architecture without SDPA says so
                if "scaled_dot_product_attention" not in str(error):
                    raise
                model = kind.from_pretrained(str(path), **kwargs)
    except (OSError, ValueError, KeyError) as error:
        reason = (str(error).strip().splitlines() or [""])[0]
        raise ModelNotFound(f"{name}: transformers can't load it: {reason}") from error
    return model, tokenizer


def _model_class(path: Path, options: BackendOptions) -> Any:
    """The class for the task: process reward models need none of the code that they ship with."""
    import transformers

    if options.task == "generate":
        return transformers.AutoModelForCausalLM
    config = json.loads((path / "config.json").read_text())
    architecture = (config.get("architectures") or [""])[0]
    if architecture == "Qwen2ForProcessRewardModel":
        from laserdb.backends.hf.prm import process_reward_model

        return process_reward_model()
    if architecture.endswith("ForTokenClassification"):
        return transformers.AutoModelForTokenClassification
    if architecture.endswith("ForSequenceClassification"):
        return transformers.AutoModelForSequenceClassification
    if options.trust_remote_code and "AutoModel" in config.get("auto_map", {}):
        return transformers.AutoModel
    raise ValueError(f"{architecture or 'the model'} has no reward or classification head that laserdb knows")


def _ends(model: Any, tokenizer: Any) -> tuple[int, ...]:
    """Ids that end a generation: those of the generation settings, and the tokenizer's own."""
    generation = getattr(model, "generation_config", None)
    told = getattr(generation, "eos_token_id", None)
    ends = told if isinstance(told, list) else [told]
    return tuple(dict.fromkeys(int(e) for e in [*ends, tokenizer.eos_token_id] if e is not None))
