"""The settings of a fine-tuned difficulty scorer; the defaults are the paper's (Table 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from laserdb.errors import UsageError


@dataclass(frozen=True, slots=True)
class FinetuneOptions:
    """How to fine-tune. `lora` is the rank of LoRA adapters, 0 trains all weights.

    `hold_out` names data sets that are kept out of training and only measured; `eval_share` is the share
    of the other items that is kept out, by item. `save_steps` and `max_steps` count optimizer steps,
    `max_steps` 0 leaves it to `epochs`. `precision` auto is bfloat16 on devices that compute in it.
    """

    backbone: str = "Qwen/Qwen3-8B"
    method: str = "deviation"
    batch_size: int = 1
    accumulation: int = 16
    learning_rate: float = 1e-5
    epochs: float = 8.0
    warmup_steps: int = 100
    max_length: int = 2048
    weight_decay: float = 0.01
    neftune_alpha: float = 10.0
    lora: int = 0
    precision: str = "auto"
    checkpointing: bool = True
    optimizer: str = "adamw_torch"
    eval_share: float = 0.05
    hold_out: tuple[str, ...] = ()
    per_dataset: int = 0
    save_steps: int = 200
    max_steps: int = 0
    seed: int = 0

    @property
    def told(self) -> Mapping[str, Any]:
        """What makes two trainings the same, JSON-able."""
        return {**asdict(self), "hold_out": sorted(self.hold_out)}


def with_settings(options: FinetuneOptions, texts: Mapping[str, str]) -> FinetuneOptions:
    """Options with `--set` values. Raises UsageError for unknown names and unreadable values."""
    values: dict[str, Any] = asdict(options)
    known = {field.name for field in fields(FinetuneOptions)} - {"hold_out", "backbone", "method"}
    for name, text in texts.items():
        if name not in known:
            raise UsageError(f"--set {name}: no such setting (there are: {', '.join(sorted(known))})")
        values[name] = _converted(name, text, values[name])
    made = FinetuneOptions(**values)
    if made.precision not in ("auto", "float32", "bfloat16"):
        raise UsageError(f"--set precision={made.precision}: give auto, float32 or bfloat16")
    if min(made.batch_size, made.accumulation, made.max_length, made.save_steps) < 1:
        raise UsageError("batch_size, accumulation, max_length and save_steps must be at least 1")
    if not 0 <= made.eval_share < 1 or made.epochs <= 0 or made.learning_rate <= 0:
        raise UsageError("eval_share must lie in [0, 1), epochs and learning_rate above 0")
    return made


def _converted(name: str, text: str, default: object) -> object:
    try:
        if isinstance(default, bool):
            return {"true": True, "false": False}[text.lower()]
        return type(default)(text)  # type: ignore[call-arg]
    except (ValueError, KeyError):
        raise UsageError(f"--set {name}={text}: give a value like {default}") from None
