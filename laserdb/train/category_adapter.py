"""Training the adapter classifier: LoRA on MiniLM's linear layers and a linear head, by cross-entropy."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from laserdb.backends.adapter import (
    Adapter,
    load_transformer,
    need_transformers,
    pooled,
    token_ids,
)
from laserdb.backends.devices import best_device, best_dtype
from laserdb.backends.encoder import packs
from laserdb.backends.models import MINILM, ModelSource, fetch_file, find_model
from laserdb.backends.static import plain_tokenizer
from laserdb.errors import UsageError
from laserdb.scorers.category.adapter import AdapterModel, load_adapter_model, save_adapter_model
from laserdb.scorers.heads import Head, head_hash
from laserdb.train.cards import file_list, write_card
from laserdb.train.checkpoint import Checkpoint, fingerprint
from laserdb.train.lora import add_lora
from laserdb.train.settings import require
from laserdb.train.validation import Split, counts_text, figures, figures_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from laserdb.progress import Progress

_POOL = 32  # batches whose texts are drawn together, so that each can hold texts of similar length


@dataclass(frozen=True, slots=True)
class AdapterSettings:
    """Hyperparameters of the adapter classifier.

    `modules` names the linear layers by the ends of their names, `+` between them, or `all`; `layers` 0
    keeps all. `balance` weighs the draws by class size to the power of −balance: 0 draws texts alike, 1
    classes alike. `temperature` 0 is fitted on the validation texts. `epochs` counts draws of as many
    texts as there are; `refit` trains a second time, on the validation texts too. `start` names a `.npz` of
    an earlier training with these layers and this rank to go on from; `keep` is its share in the weights
    that come out, the rest being the trained ones (interpolation of weights, Wortsman et al. 2022).
    """

    rank: int = 16
    scale: float = 2.0
    modules: str = "all"
    layers: int = 0
    max_length: int = 128
    epochs: float = 4.0
    batch_size: int = 32
    learning_rate: float = 1e-3
    head_learning_rate: float = 1e-3
    weight_decay: float = 0.01
    warmup: float = 0.1
    label_smoothing: float = 0.1
    dropout: float = 0.1
    balance: float = 0.5
    temperature: float = 0.0
    refit: bool = False
    start: str = ""
    keep: float = 0.0

    def __post_init__(self) -> None:
        require(self, rank=1, batch_size=1, max_length=8, epochs=0, layers=0, learning_rate=0, temperature=0)
        if not 0 <= self.warmup < 1 or not 0 <= self.label_smoothing < 1 or not 0 <= self.dropout < 1:
            raise UsageError("warmup, label_smoothing and dropout must lie in [0, 1)")
        if not 0 <= self.keep < 1 or (self.keep and not self.start):
            raise UsageError(f"keep={self.keep}: give a share in [0, 1) of what `start` names")


def train_adapter(
    split: Split, files: Sequence[Path], out: Path, settings: AdapterSettings, *,
    model: str = MINILM, seed: int = 0, progress: Progress,
) -> dict[str, Any]:  # fmt: skip
    """Train the classifier, write `out` (.npz) and its card (.md), and return the figures.

    A state is kept beside `out` every quarter of an epoch: the same call goes on from there after a kill.
    Raises UsageError for modules that the encoder lacks, MissingExtra, ModelNotFound.
    """
    need_transformers()
    source = find_model(model)
    told_apart = {**asdict(settings), "model": model, "revision": source.revision, "seed": seed}
    if settings.start:
        told_apart["start"] = head_hash(Path(settings.start))
    same = fingerprint(told_apart, split.train, split.valid)
    checkpoint = Checkpoint(out, same)
    trained: Training | None = None
    told: dict[str, Any] = {"evaluation": None, "temperature": 1.0}
    state = checkpoint.load()
    if state is not None and state["phase"] == "refit":
        told = state["told"]
    elif split.valid is not None:
        trained = Training(source, split, settings, seed, progress)
        trained.run(checkpoint, "train", told)
        fitted, measured = figures(split, trained.logits(split.valid.texts))
        told = {"evaluation": measured, "temperature": fitted}
    if trained is None or settings.refit:
        whole = split if split.valid is None else Split(_together(split), None, split.how)
        trained = Training(source, whole, settings, seed, progress)
        trained.run(checkpoint, "refit", told)
    evaluation, temperature = told["evaluation"], settings.temperature or float(told["temperature"])
    meta = {"seed": seed, "base_revision": source.revision, "rows": len(trained.split.train)}
    save_adapter_model(trained.result(temperature, meta), out)
    result = {
        "out": str(out), "method": "adapter", "model": source.name, "rows": len(trained.split.train),
        "bytes": out.stat().st_size, "steps": trained.steps, "temperature": round(temperature, 4),
        "settings": asdict(settings), "seed": seed, "evaluation": evaluation,
    }  # fmt: skip
    write_card(out, "Category classifier: an adapter on a sentence encoder", _card(split, files, result))
    checkpoint.remove()
    return result


def _together(split: Split) -> Any:
    assert split.valid is not None
    both = (split.train, split.valid)
    joined = (sum((getattr(p, c) for p in both), ()) for c in ("texts", "labels", "sources"))
    return type(split.train)(*joined)


class Training:
    """One run over the data: the model with its deltas, the optimizer, the draws."""

    def __init__(
        self, source: ModelSource, split: Split, settings: AdapterSettings, seed: int, progress: Progress
    ) -> None:
        import torch

        self.source, self.split, self.settings, self.progress = source, split, settings, progress
        self.device = best_device(torch)
        self.dtype = best_dtype(torch, self.device)
        torch.manual_seed(seed)
        self.rng = np.random.default_rng(seed)
        self.model = load_transformer(source, settings.layers or None)
        self.lora = add_lora(self.model, settings.rank, settings.scale, settings.modules)
        self.head = torch.nn.Linear(int(self.model.config.hidden_size), len(split.classes))
        if settings.start:
            self._go_on_from(Path(settings.start))
        self._first = [p.detach().clone() for p in self._parameters()]
        self.dropout = torch.nn.Dropout(settings.dropout)
        self.model.to(self.device)
        self.head.to(self.device)
        self.tokenizer = plain_tokenizer(fetch_file(source, "tokenizer.json"))
        self.tokens = token_ids(self.tokenizer, split.train.texts, settings.max_length)
        self.labels = split.targets(split.train)
        self.steps = max(1, math.ceil(settings.epochs * len(self.labels) / settings.batch_size))

    def _go_on_from(self, path: Path) -> None:
        """Begin with an earlier training's deltas and head. Raises UsageError if they don't fit."""
        import torch

        start, s = load_adapter_model(path), self.settings
        shapes = {name: (tuple(one.A.shape), tuple(one.B.shape)) for name, one in self.lora.items()}
        given = {name: (a.shape, b.shape) for name, (a, b) in start.adapter.deltas.items()}
        if shapes != given or start.adapter.scale != s.scale or start.head.classes != self.split.classes:
            raise UsageError(f"--set start={path}: of another rank, scale, other layers, modules or classes")
        with torch.no_grad():
            for name, (a, b) in start.adapter.deltas.items():
                self.lora[name].A.copy_(torch.from_numpy(a.astype(np.float32)))
                self.lora[name].B.copy_(torch.from_numpy(b.astype(np.float32)))
            self.head.weight.copy_(torch.from_numpy(start.head.weight.T.copy()))
            self.head.bias.copy_(torch.from_numpy(start.head.bias))

    def run(self, checkpoint: Checkpoint, phase: str, told: dict[str, Any]) -> None:
        """Train, from the checkpoint if it is of this phase; `told` is kept in the checkpoint."""
        import torch

        s = self.settings
        trained = [p for one in self.lora.values() for p in (one.A, one.B)]
        optimizer = torch.optim.AdamW(
            [
                {"params": trained, "lr": s.learning_rate, "weight_decay": s.weight_decay},
                {"params": list(self.head.parameters()), "lr": s.head_learning_rate},
            ]
        )
        warm = max(1, round(s.warmup * self.steps))
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: min((step + 1) / warm, max(0.0, (self.steps - step) / self.steps))
        )
        loss_of = torch.nn.CrossEntropyLoss(label_smoothing=s.label_smoothing)
        parts = {"optimizer": optimizer, "schedule": schedule, "head": self.head, "lora": self.lora}
        batches, start = self._draws(), 0
        state = checkpoint.load()
        if state is not None and state["phase"] == phase:
            start = int(state["step"])
            for name, part in parts.items():
                part.load_state_dict(state[name])
            torch.set_rng_state(state["rng"])
            for _ in range(start):
                next(batches)
        every = max(1, round(len(self.labels) / s.batch_size / 4))
        self.model.train()
        self.progress.start(f"training ({phase})", self.steps, "steps")
        self.progress.advance(start)
        try:
            for step in range(start, self.steps):
                rows = next(batches)
                with torch.autocast(self.device, dtype=torch.bfloat16, enabled=self._mixed):
                    vectors = pooled(self.model, [self.tokens[i] for i in rows], self.device)
                logits = self.head(self.dropout(vectors.float()))
                loss = loss_of(logits, torch.from_numpy(self.labels[rows]).to(self.device))
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(trained, 1.0)
                optimizer.step()
                schedule.step()
                self.progress.advance(1)
                if step % 20 == 0:
                    self.progress.describe(f"loss {loss.item():.3f}")
                if (step + 1) % every == 0 and step + 1 < self.steps:
                    kept = {name: part.state_dict() for name, part in parts.items()}
                    kept |= {"phase": phase, "told": told, "step": step + 1, "rng": torch.get_rng_state()}
                    checkpoint.save(kept)
        finally:
            self.progress.finish()
        with torch.no_grad():
            for parameter, first in zip(self._parameters(), self._first, strict=True):
                parameter.lerp_(first.to(parameter.device), s.keep)

    def _parameters(self) -> list[Any]:
        """All that is trained."""
        return [p for one in self.lora.values() for p in (one.A, one.B)] + list(self.head.parameters())

    @property
    def _mixed(self) -> bool:
        import torch

        return bool(self.dtype != torch.float32)

    def _draws(self) -> Iterator[NDArray[np.int64]]:
        """Batches of rows, drawn by class size, those of a batch of similar length."""
        size = self.settings.batch_size
        counts = np.bincount(self.labels).astype(np.float64)
        weights = np.maximum(counts, 1)[self.labels] ** -self.settings.balance
        lengths = np.array([len(ids) for ids in self.tokens])
        while True:
            drawn = self.rng.choice(len(self.labels), size=size * _POOL, p=weights / weights.sum())
            drawn = drawn[np.argsort(lengths[drawn], kind="stable")]
            for at in self.rng.permutation(_POOL).tolist():
                yield drawn[at * size : (at + 1) * size]

    def logits(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Logits of texts, float64 (n, k)."""
        import torch

        tokens = token_ids(self.tokenizer, texts, self.settings.max_length)
        out = np.zeros((len(texts), len(self.split.classes)))
        self.model.eval()
        with torch.inference_mode():
            for rows in packs([len(ids) for ids in tokens], 8192):
                with torch.autocast(self.device, dtype=torch.bfloat16, enabled=self._mixed):
                    vectors = pooled(self.model, [tokens[i] for i in rows], self.device)
                out[rows] = self.head(vectors.float()).cpu().numpy()
        return out

    def result(self, temperature: float, meta: dict[str, Any]) -> AdapterModel:
        """What was learned."""
        deltas = {
            name: (one.A.detach().cpu().numpy(), one.B.detach().cpu().numpy())
            for name, one in self.lora.items()
        }
        s = self.settings
        adapter = Adapter(deltas, s.scale, s.layers or None, s.max_length)
        weight = self.head.weight.detach().cpu().numpy().T.copy()
        bias = self.head.bias.detach().cpu().numpy()
        head = Head(weight, bias, self.split.classes, temperature)
        return AdapterModel(self.source.name, adapter, head, meta)


def _card(split: Split, files: Sequence[Path], result: dict[str, Any]) -> str:
    given = {name: value for name, value in result["settings"].items() if value != ""}
    if "start" in given:
        given["start"] = f"{Path(given['start']).name} (sha256 {head_hash(Path(given['start']))}…)"
    settings = " ".join(f"--set {name}={value}" for name, value in given.items())
    data = " ".join(f"--data {path.name}" for path in files)
    told = "No texts were kept back." if result["evaluation"] is None else figures_text(result["evaluation"])
    return f"""## Training

    laserdb train category --method adapter {data} --model {result["model"]} --seed {result["seed"]} \
        {settings}

{counts_text(split, [file_list(files)])}

{result["bytes"]:,} bytes; confidence is softmax at temperature {result["temperature"]}.

## Figures on the texts kept back

{told}
"""
