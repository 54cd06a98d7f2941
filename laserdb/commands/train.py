"""`laserdb train`: train the heads of the category and difficulty scorers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from laserdb.commands.output import json_option, parse_pairs, print_json
from laserdb.commands.train_category import category

if TYPE_CHECKING:
    from laserdb.train.difficulty_data import Ratings

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_out = click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The head to write (.npz); its card goes beside it (.md).",
)
_model = click.option("--model", default="all-MiniLM-L6-v2", show_default=True, help="Sentence encoder.")
_seed = click.option("--seed", type=int, default=0, show_default=True, help="Seed of the folds.")


@click.group()
def train() -> None:
    """Train the models that score: the category classifier, the difficulty scorer."""


train.add_command(category)


@train.command()
@click.option("--items", type=_FILE, multiple=True, required=True, help="dataset, item_id, instruction.")
@click.option("--evals", type=_FILE, multiple=True, required=True, help="dataset, item_id, model, score.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="The head to write (.npz, its card beside it); with --backbone the model's folder.",
)
@click.option(
    "--ratings",
    multiple=True,
    metavar="FILE[=WEIGHT]",
    help="dataset, difficulty, and item_id or instruction: people's ratings; repeatable.",
)
@click.option(
    "--together", multiple=True, metavar="SET,SET", help="Data sets that are held out together; repeatable."
)
@click.option(
    "--less-length",
    type=click.FloatRange(0, 1),
    default=0.3,
    show_default=True,
    help="Of the head: the share of what length explains that is taken off the targets.",
)
@click.option(
    "--held-out-scores", type=click.Path(dir_okay=False, path_type=Path), help="Write what it says unseen."
)
@_model
@_seed
@click.option("--backbone", help="Fine-tune this language model instead, e.g. Qwen/Qwen3-8B.")
@click.option(
    "--method", default="deviation", show_default=True, help="Targets for --backbone: deviation, irt."
)
@click.option(
    "--hold-out", multiple=True, metavar="SET", help="With --backbone: only measure it; repeatable."
)
@click.option("--lora", type=click.IntRange(min=0), default=0, help="With --backbone: rank of adapters.")
@click.option(
    "--set", "settings", metavar="K=V", multiple=True, help="With --backbone: epochs=3, …; repeatable."
)
@json_option
def difficulty(
    items: tuple[Path, ...], evals: tuple[Path, ...], out: Path, ratings: tuple[str, ...],
    together: tuple[str, ...], less_length: float, held_out_scores: Path | None, model: str, seed: int,
    backbone: str | None, method: str, hold_out: tuple[str, ...], lora: int, settings: tuple[str, ...],
    as_json: bool,
) -> None:  # fmt: skip
    """Train a difficulty scorer on item-level evaluation results (JSON lines).

    Without --backbone a small head on sentence embeddings; with it, a language model with a regression
    head, as in the paper and with its settings (Table 5): batch_size=1, accumulation=16, learning_rate=1e-5,
    epochs=8, warmup_steps=100, max_length=2048, weight_decay=0.01, neftune_alpha=10, each changed by --set.
    An interrupted training goes on at its last checkpoint. Parts of one file are given in order.

    The small head also learns from people's ratings (--ratings): each data set of such a file is ranked
    within itself, and counts WEIGHT times (1) as much as a data set with results. A data set is held out
    together with its ratings and with those that --together names; what the head then says of its items is
    written to --held-out-scores, for laserdb eval difficulty --scores.

    \b
    Example:
      laserdb train difficulty --items items.jsonl --evals evals.jsonl --out my-difficulty.npz
      laserdb train difficulty --items items.jsonl --evals evals.jsonl --ratings mine.jsonl=2 --out mine.npz
      laserdb train difficulty --items items.jsonl --evals evals.jsonl --backbone Qwen/Qwen3-8B --out judge
      laserdb score pool.duckdb difficulty --model judge --backend vllm
    """
    if backbone is not None:
        if ratings or together or held_out_scores:
            raise click.UsageError("--ratings, --together and --held-out-scores go without --backbone")
        _finetune((*items, *evals), out, backbone, method, hold_out, lora, seed, settings, as_json)
        return
    if hold_out or lora or settings or method != "deviation":
        raise click.UsageError("--method, --hold-out, --lora and --set go with --backbone")
    from laserdb.train.difficulty_head import train_difficulty_head

    result = train_difficulty_head(
        items, evals, out, ratings=[_ratings(text) for text in ratings],
        together=[text.split(",") for text in together], less_length=less_length, held_out=held_out_scores,
        model=model, seed=seed, progress=_say,
    )  # fmt: skip
    if as_json:
        print_json(result)
        return
    _done(result)
    click.echo(f"Spearman on unseen items: {result['spearman_unseen_items_within']:.3f} within data sets")
    if result["spearman_unseen_sets"] is not None:
        click.echo(f"Spearman on unseen data sets: {result['spearman_unseen_sets']:.3f}")


def _finetune(
    files: tuple[Path, ...], out: Path, backbone: str, method: str, hold_out: tuple[str, ...], lora: int,
    seed: int, settings: tuple[str, ...], as_json: bool,
) -> None:  # fmt: skip
    from laserdb.evals.targets import rows_from_files
    from laserdb.train.finetune import finetune
    from laserdb.train.finetune_options import FinetuneOptions, with_settings

    given = parse_pairs(settings, "--set")
    options = with_settings(
        FinetuneOptions(backbone=backbone, method=method, hold_out=hold_out, lora=lora, seed=seed), given
    )
    result = finetune(rows_from_files(files, method), out, options, _say)
    if as_json:
        print_json(result)
        return
    click.echo(f"{out}: {backbone} trained on {result['rows']} items in {result['steps']} steps")
    for name, one in result.get("datasets", {}).items():
        unseen = "unseen data set" if one["unseen_set"] else "unseen items"
        click.echo(f"{name}: Spearman {one['spearman']:.3f} on {one['items']} items ({unseen})")


def _ratings(text: str) -> Ratings:
    """`FILE` or `FILE=WEIGHT`."""
    from laserdb.train.difficulty_data import Ratings

    name, sign, weight = text.rpartition("=")
    if not sign or Path(text).exists():
        return Ratings(Path(text))
    try:
        found = Ratings(Path(name), float(weight))
    except ValueError:
        found = Ratings(Path(name), -1.0)
    if not 0 < found.weight < float("inf"):
        raise click.UsageError(f"--ratings {text}: the weight must be a number above 0")
    return found


def _say(line: str) -> None:
    click.echo(line, err=True)


def _done(result: dict[str, Any]) -> None:
    click.echo(f"{result['out']}: trained on {result['rows']} texts with {result['model']}")
