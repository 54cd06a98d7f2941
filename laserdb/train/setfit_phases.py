"""The two phases of SetFit: the library's trainer for the first, its model and loss for the second.

The second phase is written out here: the library's own loop can neither watch validation texts, nor go on
after a kill. Loss, optimizer and schedule are as in `SetFitModel.fit` of setfit 1.2.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from laserdb.backends.devices import best_device
from laserdb.backends.encoder import both_ends, head_and_tail, packs, plain_attention
from laserdb.backends.models import ModelSource, fetch
from laserdb.errors import ModelNotFound, UsageError
from laserdb.scorers.category.setfit import HEAD
from laserdb.scorers.heads import Head, save_head
from laserdb.train.checkpoint import Checkpoint
from laserdb.train.settings import require
from laserdb.train.validation import Split

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from laserdb.progress import Progress


@dataclass(frozen=True, slots=True)
class SetFitSettings:
    """Hyperparameters; the defaults are the paper's, and pairs are for the two phases.

    `max_steps` bounds the first phase (−1: all pairs). `patience` is how many epochs of the second may go
    by without a better validation loss (0: all are run); the best one is kept. `max_length` 0 is the
    encoder's own; of longer texts both ends are read.
    """

    batch_size: tuple[int, int] = (16, 2)
    epochs: tuple[int, int] = (1, 15)
    body_learning_rate: tuple[float, float] = (2e-5, 1e-5)
    head_learning_rate: float = 1e-4
    max_steps: int = 500
    end_to_end: bool = True
    weight_decay: float = 0.01
    warmup: float = 0.1
    max_length: int = 0
    patience: int = 3

    def __post_init__(self) -> None:
        require(self, batch_size=1, epochs=0, head_learning_rate=0, max_steps=-1, max_length=0, patience=0)
        if not 0 <= self.warmup < 1:
            raise UsageError(f"warmup={self.warmup}: give a share of the steps, in [0, 1)")


class Training:
    """One training: the library's model, and how far it is."""

    def __init__(
        self, source: ModelSource, split: Split, settings: SetFitSettings, seed: int, progress: Progress, *,
        trust_remote_code: bool,
    ) -> None:  # fmt: skip
        import torch
        from sentence_transformers import SentenceTransformer
        from setfit import SetFitHead, SetFitModel
        from transformers import set_seed

        logging.getLogger("setfit").setLevel(logging.WARNING)
        self.source, self.split, self.settings = source, split, settings
        self.seed, self.progress = seed, progress
        set_seed(seed)
        folder = fetch(source)
        device = best_device(torch)
        try:
            encoder = SentenceTransformer(
                str(folder), device=device, trust_remote_code=trust_remote_code,
                local_files_only=not trust_remote_code, config_kwargs=plain_attention(folder),
                model_kwargs={"dtype": torch.float32},
            )  # fmt: skip
        except (OSError, ValueError, KeyError) as error:
            reason = (str(error).strip().splitlines() or [""])[0]
            raise ModelNotFound(f"{source.name}: not a sentence encoder: {reason}") from error
        limit = encoder.max_seq_length or 512
        self.max_length = min(settings.max_length, limit) if settings.max_length else int(limit)
        encoder.max_seq_length = self.max_length
        head = SetFitHead(encoder.get_embedding_dimension(), len(split.classes), device=device)
        self.model = SetFitModel(model_body=encoder, model_head=head, labels=list(split.classes))
        self.steps: tuple[int, int] = (0, 0)
        self.epochs = 0

    def run(self, checkpoint: Checkpoint) -> None:
        """Both phases, from the checkpoint if there is one."""
        state = checkpoint.load()
        if state is None:
            self._pairs()
            state = {"epoch": 0, "best": None, "worse": 0, "steps": [self.steps[0], 0], **self._weights()}
            checkpoint.save(state)
        self._categories(state, checkpoint)

    def _weights(self) -> dict[str, Any]:
        body, head = self.model.model_body, self.model.model_head
        return {
            name: {k: v.detach().cpu().clone() for k, v in part.state_dict().items()}
            for name, part in (("body", body), ("head", head))
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self.model.model_body.load_state_dict(state["body"])
        self.model.model_head.load_state_dict(state["head"])

    def _pairs(self) -> None:
        """The first phase, by the library's trainer."""
        from setfit import Trainer, TrainingArguments
        from transformers.trainer_callback import PrinterCallback, ProgressCallback

        s = self.settings
        if s.max_steps == 0 or s.epochs[0] == 0:
            return
        order = np.random.default_rng(self.seed).permutation(len(self.split.train)).tolist()
        texts = [self._cut(self.split.train.texts[i]) for i in order]  # the library's pairs have one seed
        labels = self.split.targets(self.split.train)[order].tolist()
        with tempfile.TemporaryDirectory() as folder:
            arguments = TrainingArguments(
                output_dir=folder, batch_size=s.batch_size, num_epochs=s.epochs, max_steps=s.max_steps,
                body_learning_rate=s.body_learning_rate, head_learning_rate=s.head_learning_rate,
                l2_weight=s.weight_decay, warmup_proportion=s.warmup, end_to_end=s.end_to_end,
                seed=self.seed, report_to="none", save_strategy="no", show_progress_bar=False,
                logging_strategy="no", logging_first_step=False,
            )  # fmt: skip
            trainer = Trainer(model=self.model, args=arguments)
            for callback in (ProgressCallback, PrinterCallback):
                trainer.remove_callback(callback)
            trainer.add_callback(_listener(self))
            trainer.st_trainer.args.dataloader_pin_memory = self.model.device.type == "cuda"
            try:
                trainer.train_embeddings(texts, labels, args=arguments)
            finally:
                self.progress.finish()

    def _categories(self, state: dict[str, Any], checkpoint: Checkpoint) -> None:
        """The second phase: cross-entropy by AdamW, the rates halved every five epochs, as `fit` has it."""
        import torch

        s, model = self.settings, self.model
        self._restore(state)
        body, head = model.model_body, model.model_head
        body.requires_grad_(s.end_to_end)
        optimizer = torch.optim.AdamW(
            [
                {"params": [p for p in body.parameters() if p.requires_grad], "lr": s.body_learning_rate[1]},
                {"params": list(head.parameters()), "lr": s.head_learning_rate},
            ][0 if s.end_to_end else 1 :],
            weight_decay=s.weight_decay,
        )
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=5, gamma=0.5)
        if state["epoch"]:
            optimizer.load_state_dict(state["optimizer"])
            schedule.load_state_dict(state["schedule"])
        best = state.get("kept") or {key: state[key] for key in ("body", "head")}
        least, worse = state["best"], int(state["worse"])
        tokens, targets = self._tokens(self.split.train.texts), self.split.targets(self.split.train)
        per_epoch = -(-len(targets) // s.batch_size[1])
        self.steps = (int(state["steps"][0]), int(state["steps"][1]))
        self.progress.start("categories (second phase)", per_epoch * s.epochs[1], "steps")
        self.progress.advance(per_epoch * int(state["epoch"]))
        try:
            for epoch in range(int(state["epoch"]), s.epochs[1]):
                if s.patience and worse >= s.patience:
                    break
                self._epoch(epoch, tokens, targets, optimizer)
                schedule.step()
                self.epochs = epoch + 1
                self.steps = (self.steps[0], self.steps[1] + per_epoch)
                if self.split.valid is not None:
                    loss = self._valid_loss()
                    self.progress.describe(f"validation loss {loss:.3f}")
                    better = least is None or loss < least
                    least, worse = (loss, 0) if better else (least, worse + 1)
                if self.split.valid is None or better:
                    best = self._weights()
                state = {"epoch": epoch + 1, "best": least, "worse": worse, "steps": list(self.steps)}
                parts = {"optimizer": optimizer.state_dict(), "schedule": schedule.state_dict()}
                checkpoint.save({**state, **parts, "kept": best, **self._weights()})
        finally:
            self.progress.finish()
        self.epochs = int(state["epoch"])
        self._restore(best)

    def _epoch(self, epoch: int, tokens: list[list[int]], targets: NDArray[np.int64], optimizer: Any) -> None:
        import torch

        body, head = self.model.model_body, self.model.model_head
        body.train(self.settings.end_to_end)
        head.train()
        torch.manual_seed(self.seed * 1000 + epoch)
        order = np.random.default_rng([self.seed, epoch]).permutation(len(targets))
        loss_of, size = head.get_loss_fn(), self.settings.batch_size[1]
        for at in range(0, len(order), size):
            rows = order[at : at + size]
            optimizer.zero_grad()
            with torch.set_grad_enabled(self.settings.end_to_end):
                vectors = body(self._features([tokens[i] for i in rows]))["sentence_embedding"]
            logits, _ = head(vectors)
            loss_of(logits, torch.from_numpy(targets[rows]).to(logits.device)).backward()
            optimizer.step()
            self.progress.advance(1)

    def _valid_loss(self) -> float:
        assert self.split.valid is not None
        logits = self.logits(self.split.valid.texts)
        logits = logits - logits.max(axis=1, keepdims=True)
        norm = np.log(np.exp(logits).sum(axis=1))
        return float((norm - logits[np.arange(len(logits)), self.split.targets(self.split.valid)]).mean())

    def logits(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Logits of texts, float64 (n, k)."""
        import torch

        self.model.model_body.eval()
        self.model.model_head.eval()
        tokens = self._tokens(texts)
        out = np.zeros((len(texts), len(self.split.classes)))
        with torch.inference_mode():
            for rows in packs([len(ids) for ids in tokens], 8192):
                vectors = self.model.model_body(self._features([tokens[i] for i in rows]))
                out[rows] = self.model.model_head.linear(vectors["sentence_embedding"]).float().cpu().numpy()
        return out

    def _tokens(self, texts: Sequence[str]) -> list[list[int]]:
        found = self.model.model_body.tokenizer(
            both_ends(texts, self.max_length), truncation=False, padding=False, verbose=False
        )["input_ids"]
        return [head_and_tail(ids, self.max_length) for ids in found]

    def _features(self, tokens: Sequence[Sequence[int]]) -> dict[str, Any]:
        body = self.model.model_body
        padded = body.tokenizer.pad({"input_ids": [list(ids) for ids in tokens]}, return_tensors="pt")
        return {key: value.to(body.device) for key, value in padded.items()}

    def _cut(self, text: str) -> str:
        """Both ends of a text that is too long, by words: the trainer of the first phase takes strings."""
        (text,) = both_ends([text], self.max_length)
        tokenizer = self.model.model_body.tokenizer
        special = tokenizer.num_special_tokens_to_add()
        found = tokenizer(text, truncation=False, add_special_tokens=False, verbose=False,
                          return_offsets_mapping=True)["offset_mapping"]  # fmt: skip
        room = self.max_length - special
        if len(found) <= room:
            return text
        tail = room // 2
        return f"{text[: found[room - tail - 1][1]]} {text[found[-tail][0] :]}"

    def save(self, out: Path, temperature: float, meta: dict[str, Any], card: str) -> None:
        """Write the model as `setfit` does, the head without pickle too, and the card; all or nothing."""
        out.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
        old = made.with_name(made.name + ".old")
        try:
            made.chmod(0o755)
            # Where the folder is written is no part of the card.
            self.model._save_pretrained(made)
            linear = self.model.model_head.linear
            weight = linear.weight.detach().cpu().numpy().T.copy()
            meta = {**meta, "max_length": self.max_length, "kind": "setfit"}
            head = Head(weight, linear.bias.detach().cpu().numpy(), self.split.classes, temperature, meta)
            save_head(head, made / HEAD)
            (made / "README.md").write_text(card, encoding="utf-8")
            if out.exists():
                os.replace(out, old)
            os.replace(made, out)
        finally:
            shutil.rmtree(made, ignore_errors=True)
            shutil.rmtree(old, ignore_errors=True)


def _listener(training: Training) -> Any:
    """The trainer's events as progress."""
    from transformers import TrainerCallback

    class Listener(TrainerCallback):  # type: ignore[misc]
        def on_train_begin(self, args: Any, state: Any, control: Any, **rest: Any) -> None:  # noqa: ARG002
            training.progress.start("pairs (first phase)", state.max_steps, "steps")

        def on_step_end(self, args: Any, state: Any, control: Any, **rest: Any) -> None:  # noqa: ARG002
            training.progress.advance(1)
            training.steps = (int(state.global_step), 0)

    return Listener()
