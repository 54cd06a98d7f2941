"""The paper's difficulty scorer: a causal language model with a regression head (LASER §3.2.1, §A.2.2).

transformers' `…ForSequenceClassification` with one label is that model: the final hidden state of the last
token, a linear projection to a scalar, mean-squared error. The paper doesn't say how it pools; the last token
is what the class does, and so the saved folder loads without laserdb.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from laserdb.backends import chat
from laserdb.backends.devices import best_device, best_dtype, quiet
from laserdb.backends.models import fetch, find_model
from laserdb.errors import InputError, MissingExtra, ModelNotFound, UsageError
from laserdb.scorers.difficulty_prompt import CONFIG_KEY, Shape, fitted
from laserdb.train.finetune_options import FinetuneOptions
from laserdb.train.within import spearman

if TYPE_CHECKING:
    from numpy.typing import NDArray

Say = Callable[[str], None]
_LORA_LAYERS = "all-linear"
HELD_OUT = "held-out.jsonl"
"""In the model's folder: what it says of the held-out items, for `laserdb eval difficulty --scores`."""


def finetune(
    rows: Sequence[Mapping[str, Any]], out: Path, options: FinetuneOptions, progress: Say | None = None
) -> dict[str, Any]:
    """Fine-tune on rows of `dataset, item_id, instruction, target`; write a model folder; return the figures.

    An interrupted training goes on at its last checkpoint, in `OUT-checkpoints`, if the settings and the
    data are the same. Raises InputError, UsageError, MissingExtra and ModelNotFound.
    """
    for module, extra in (("torch", "score"), ("transformers", "score"), ("accelerate", "train")):
        if importlib.util.find_spec(module) is None:
            raise MissingExtra(module, extra)
    if options.lora and importlib.util.find_spec("peft") is None:
        raise MissingExtra("peft", "train")
    say = progress or (lambda _: None)
    train, held = split(rows, options)
    if not train:
        raise InputError("no item is left to train on; --hold-out fewer data sets")
    checkpoints = out.with_name(f"{out.name}-checkpoints")
    _check_resumable(checkpoints, options, train)
    model, tokenizer = load_backbone(options)
    shape: Shape = "chat" if tokenizer.chat_template else "text"
    say(f"{len(train)} items to train on, {len(held)} held out; prompts as {shape}")
    trainer = make_trainer(model, tokenizer, shape, train, checkpoints, options)
    _report_by(trainer, say)
    last = _last_checkpoint(checkpoints)
    if last:
        say(f"going on at {last.name}")
    trainer.train(resume_from_checkpoint=str(last) if last else None)
    trained = trainer.model.merge_and_unload() if options.lora else trainer.model
    trainer.model = trainer.model_wrapped = trained
    told = _predicted(trainer, encoded(held, tokenizer, shape, options.max_length)) if held else np.empty(0)
    result = _figures(trainer, told, train, held, options)
    save(trained, tokenizer, shape, out, options, result)
    write_held_out(out / HELD_OUT, held, told)
    shutil.rmtree(checkpoints, ignore_errors=True)
    return {"out": str(out), **result}


def split(
    rows: Sequence[Mapping[str, Any]], options: FinetuneOptions
) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """Rows to train on and rows held out: whole data sets, and a share of the other items.

    `per_dataset` bounds the rows of a training set. Raises UsageError for an unknown data set.
    """
    names = {str(row["dataset"]) for row in rows}
    strange = [name for name in options.hold_out if name not in names]
    if strange:
        raise UsageError(f"--hold-out {strange[0]}: no such data set (there are: {', '.join(sorted(names))})")
    ordered = sorted(rows, key=lambda row: (str(row["dataset"]), str(row["item_id"])))
    order = np.random.default_rng(options.seed).permutation(len(ordered))
    train, held, taken = [], [], dict.fromkeys(names, 0)
    quota = round(options.eval_share * len(ordered))
    for place, index in enumerate(order.tolist()):
        row = ordered[index]
        name = str(row["dataset"])
        if name in options.hold_out or place < quota:
            held.append(row)
        elif not options.per_dataset or taken[name] < options.per_dataset:
            taken[name] += 1
            train.append(row)
    return train, held


def load_backbone(options: FinetuneOptions) -> tuple[Any, Any]:
    """The backbone with a new head of one output, and its tokenizer with a padding token."""
    import torch
    import transformers

    source = find_model(options.backbone)
    folder = str(fetch(source))
    torch.manual_seed(options.seed)
    try:
        with quiet():
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
            model, loaded = transformers.AutoModelForSequenceClassification.from_pretrained(
                folder, num_labels=1, problem_type="regression", dtype=torch.float32, local_files_only=True,
                output_loading_info=True,
            )  # fmt: skip
    except (OSError, ValueError, KeyError) as error:
        reason = (str(error).strip().splitlines() or [""])[0]
        raise ModelNotFound(f"{options.backbone}: no backbone for a regression head: {reason}") from error
    if "score.weight" in loaded["missing_keys"]:
        # A random head on large hidden states begins tens of standard deviations off the targets, and a
        # short training ends before it has come back; from 0 the first loss is the targets' variance.
        torch.nn.init.zeros_(model.score.weight)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    model.config.get_text_config().pad_token_id = model.config.pad_token_id = tokenizer.pad_token_id
    if options.lora:
        import peft

        settings = peft.LoraConfig(
            task_type=peft.TaskType.SEQ_CLS, r=options.lora, lora_alpha=2 * options.lora,
            target_modules=_LORA_LAYERS, modules_to_save=["score"], exclude_modules=["score"],
        )  # fmt: skip
        model = peft.get_peft_model(model, settings)
        if options.checkpointing:
            model.enable_input_require_grads()
    return model, tokenizer


def encoded(
    rows: Sequence[Mapping[str, Any]], tokenizer: Any, shape: Shape, limit: int
) -> list[dict[str, Any]]:
    """Token ids, attention mask and label of each row."""
    made = []
    for row in rows:
        prompt = fitted(str(row["instruction"]), shape, limit, lambda p: len(chat.encode(tokenizer, p)))
        ids = chat.encode(tokenizer, prompt)
        label = float(row["target"])
        made.append({"input_ids": ids, "attention_mask": [1] * len(ids), "labels": label})
    return made


def make_trainer(
    model: Any, tokenizer: Any, shape: Shape, rows: Sequence[Mapping[str, Any]], checkpoints: Path,
    options: FinetuneOptions,
) -> Any:  # fmt: skip
    """transformers' Trainer with these settings."""
    import torch
    import transformers

    device = best_device(torch)
    bf16 = options.precision == "bfloat16" or (
        options.precision == "auto" and device != "mps" and best_dtype(torch, device) == torch.bfloat16
    )
    arguments = transformers.TrainingArguments(
        output_dir=str(checkpoints), per_device_train_batch_size=options.batch_size,
        per_device_eval_batch_size=max(8, options.batch_size),
        gradient_accumulation_steps=options.accumulation, learning_rate=options.learning_rate,
        lr_scheduler_type="linear", num_train_epochs=options.epochs,
        max_steps=options.max_steps or -1, warmup_steps=options.warmup_steps,
        weight_decay=options.weight_decay, neftune_noise_alpha=options.neftune_alpha or None,
        bf16=bf16, use_cpu=device == "cpu", gradient_checkpointing=options.checkpointing,
        gradient_checkpointing_kwargs={"use_reentrant": False} if options.checkpointing else None,
        optim=options.optimizer, save_strategy="steps", save_steps=options.save_steps, save_total_limit=2,
        logging_steps=10, report_to=[], seed=options.seed, data_seed=options.seed,
        dataloader_pin_memory=False, label_names=["labels"], disable_tqdm=True,
    )  # fmt: skip
    return transformers.Trainer(
        model=model, args=arguments, train_dataset=encoded(rows, tokenizer, shape, options.max_length),
        data_collator=transformers.DataCollatorWithPadding(tokenizer), processing_class=tokenizer,
    )  # fmt: skip


def _report_by(trainer: Any, say: Say) -> None:
    """Losses go to `say`; transformers would print them to stdout, where --json has its object."""
    import transformers

    class Report(transformers.TrainerCallback):  # type: ignore[misc]
        """Says the loss and how far the training is."""

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:  # noqa: ARG002
            if logs and "loss" in logs:
                say(f"step {state.global_step} of {state.max_steps}: loss {float(logs['loss']):.4g}")

    trainer.remove_callback(transformers.PrinterCallback)
    trainer.add_callback(Report())


def save(
    model: Any, tokenizer: Any, shape: Shape, out: Path, options: FinetuneOptions, result: Mapping[str, Any]
) -> None:
    """A normal transformers folder, with the figures in its README."""
    setattr(model.config, CONFIG_KEY, {"shape": shape, "max_length": options.max_length})
    model.config.use_cache = True
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
    text = json.dumps({"settings": options.told, "figures": result}, indent=2, ensure_ascii=False)
    readme = out / "README.md"
    readme.write_text(
        f"# Difficulty scorer\n\n{Path(options.backbone).name}, fine-tuned by `laserdb train difficulty` to "
        "say how hard an instruction is for language models (higher = harder). "
        "`AutoModelForSequenceClassification` loads it; give it the instruction alone, "
        f"{'as a user message, with the generation prompt' if shape == 'chat' else 'as bare text'}.\n\n"
        f"```json\n{text}\n```\n",
        encoding="utf-8",
    )


def write_held_out(path: Path, held: Sequence[Mapping[str, Any]], told: NDArray[np.float64]) -> None:
    """A line per held-out item: `dataset, item_id, score`."""
    with path.open("w", encoding="utf-8") as file:
        for row, score in zip(held, told.tolist(), strict=True):
            line = {"dataset": row["dataset"], "item_id": row["item_id"], "score": score}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _predicted(trainer: Any, examples: Sequence[Mapping[str, Any]]) -> NDArray[np.float64]:
    return np.asarray(trainer.predict(examples).predictions, dtype=np.float64).reshape(-1)


def _figures(
    trainer: Any, told: NDArray[np.float64], train: Sequence[Mapping[str, Any]],
    held: Sequence[Mapping[str, Any]], options: FinetuneOptions,
) -> dict[str, Any]:  # fmt: skip
    """Spearman with the targets of held-out items, by data set; unseen sets are those wholly held out."""
    losses = [float(entry["loss"]) for entry in trainer.state.log_history if "loss" in entry]
    result: dict[str, Any] = {
        "rows": len(train), "held_out": len(held), "steps": int(trainer.state.global_step),
        "first_loss": losses[0] if losses else None, "last_loss": losses[-1] if losses else None,
    }  # fmt: skip
    if held:
        targets = np.array([float(row["target"]) for row in held])
        sets = np.array([str(row["dataset"]) for row in held])
        result["mse"] = round(float(np.mean((told - targets) ** 2)), 5)
        result["datasets"] = {
            name: {"items": int((sets == name).sum()), "unseen_set": name in options.hold_out,
                   "spearman": round(spearman(told[sets == name], targets[sets == name]), 4)}
            for name in sorted(set(sets.tolist()))
        }  # fmt: skip
    return result


def _last_checkpoint(folder: Path) -> Path | None:
    found = [p for p in folder.glob("checkpoint-*") if (p / "trainer_state.json").is_file()]
    return max(found, key=lambda p: int(p.name.rpartition("-")[2]), default=None)


def _check_resumable(checkpoints: Path, options: FinetuneOptions, train: Sequence[Mapping[str, Any]]) -> None:
    """Don't go on with another training's checkpoints."""
    note = checkpoints / "training.json"
    items = sorted(f"{row['dataset']}/{row['item_id']}={float(row['target']):.9f}" for row in train)
    told = json.dumps({"options": options.told, "items": len(items), "hash": _hash("\n".join(items))})
    if note.is_file() and note.read_text(encoding="utf-8") != told:
        raise UsageError(
            f"{checkpoints} holds checkpoints of a training with other settings or data; "
            "remove it, or write to another --out"
        )
    checkpoints.mkdir(parents=True, exist_ok=True)
    note.write_text(told, encoding="utf-8")


def _hash(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()[:16]
