"""`laserdb train`: train the heads of the category and difficulty scorers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from laserdb.commands.output import json_option, print_json
from laserdb.commands.train_category import category

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
@_out
@_model
@_seed
@json_option
def difficulty(
    items: tuple[Path, ...], evals: tuple[Path, ...], out: Path, model: str, seed: int, as_json: bool
) -> None:
    """Train the difficulty head on item-level evaluation results (JSON lines).

    Parts of one file are given in order, each with --items or --evals.

    \b
    Example:
      laserdb train difficulty --items items.jsonl --evals evals.jsonl --out my-difficulty.npz
      laserdb score pool.duckdb difficulty --model my-difficulty.npz
    """
    from laserdb.train.difficulty_head import train_difficulty_head

    result = train_difficulty_head(items, evals, out, model=model, seed=seed, progress=_say)
    if as_json:
        print_json(result)
        return
    _done(result)
    click.echo(f"Spearman on unseen items: {result['spearman_unseen_items_within']:.3f} within data sets")
    if result["spearman_unseen_sets"] is not None:
        click.echo(f"Spearman on unseen data sets: {result['spearman_unseen_sets']:.3f}")


def _say(line: str) -> None:
    click.echo(line, err=True)


def _done(result: dict[str, Any]) -> None:
    click.echo(f"{result['out']}: trained on {result['rows']} texts with {result['model']}")
