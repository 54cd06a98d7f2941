"""laserdb eval difficulty"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from laserdb.commands.output import (
    TerminalProgress,
    json_option,
    parse_pairs,
    print_json,
    print_table,
)

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("difficulty")
@click.argument("db", metavar="[DB]", required=False, type=click.Path())
@click.option(
    "--items",
    type=_FILE,
    multiple=True,
    help="Without DB: dataset, item_id, instruction[, level, reference].",
)
@click.option("--evals", type=_FILE, multiple=True, help="Without DB: evaluation logs, as eval import reads.")
@click.option("--scorer", "scorers", multiple=True, help="A scorer to run on the items; repeatable.")
@click.option("--model", help="Its model: a .npz head, a folder or a hub id.")
@click.option("--backend", help="Its backend.")
@click.option("--set", "params", metavar="K=V", multiple=True, help="A parameter of it; repeatable.")
@click.option("--stored", multiple=True, help="A scorer whose results in DB are used, by text; repeatable.")
@click.option("--scores", type=_FILE, multiple=True, help="A table of dataset, item_id, score; repeatable.")
@click.option("--method", default="deviation", show_default=True, help="Targets: deviation or irt.")
@click.option("--dataset", "datasets", multiple=True, help="Only this data set; repeatable.")
@click.option("--limit", type=click.IntRange(min=3), help="At most so many items of each data set.")
@click.option("--bootstrap", default=1000, show_default=True, type=click.IntRange(min=0), help="Resamplings.")
@click.option("--seed", default=0, show_default=True, help="Seed of the resampling.")
@click.option("--figure", type=click.Path(dir_okay=False, path_type=Path), help="Write a figure (.svg).")
@json_option
def command(
    db: str | None, items: tuple[Path, ...], evals: tuple[Path, ...], scorers: tuple[str, ...],
    model: str | None, backend: str | None, params: tuple[str, ...], stored: tuple[str, ...],
    scores: tuple[Path, ...], method: str, datasets: tuple[str, ...], limit: int | None, bootstrap: int,
    seed: int, figure: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Measure difficulty scorers against imported evaluation results.

    Prints the rank correlation (Spearman) with the targets, with people's levels where the items have any,
    and with the length in tokens, by data set and category, with 95 % bootstrap intervals. The length and
    the mean target of the category in other data sets are there for comparison. Use data sets that the
    scorer wasn't trained on. Scorers that read a response (ifd) are given the item's reference.

    \b
      laserdb eval difficulty pool.duckdb --scorer difficulty --figure difficulty.svg
      laserdb eval difficulty --items items.jsonl --evals results.jsonl --scores mine.csv --json
    """
    from laserdb.evals.figure import correlations
    from laserdb.evals.measure import Request, measure
    from laserdb.scorers.base import ScorerOptions

    if (db is None) == (not items and not evals):
        raise click.UsageError("give either DB or --items and --evals")
    request = Request(
        database=db, files=(*items, *evals), scorers=scorers, stored=stored, scores=scores,
        options=ScorerOptions(model=model, backend=backend, params=parse_pairs(params, "--set")),
        method=method, datasets=datasets, limit=limit, times=bootstrap, seed=seed,
    )  # fmt: skip
    found = measure(request, TerminalProgress())
    if figure is not None:
        figure.write_text(
            correlations(found["scorers"], "Spearman with difficulty targets"), encoding="utf-8"
        )
    if as_json:
        print_json(found)
        return
    show(found)


def show(found: dict[str, Any]) -> None:
    """One table per thing compared with: a row per data set, a column per scorer."""
    sections: dict[str, Any] = found["scorers"]
    for what, title in (
        ("target", "with the models' failure"),
        ("level", "with people's levels"),
        ("length", "with the length in tokens"),
    ):
        told = {name: one[what] for name, one in sections.items() if what in one}
        if not told:
            continue
        rows = []
        for kind in ("by_dataset", "by_category"):
            for group in sorted({name for one in told.values() for name in one[kind]}):
                rows.append(
                    [group, *(_cell(one[kind].get(group, {}).get("spearman")) for one in told.values())]
                )
        rows.append(["mean over data sets", *(_cell(one["mean_over_datasets"]) for one in told.values())])
        rows.append(["all in one ranking", *(_cell(one["overall"]["spearman"]) for one in told.values())])
        print_table(f"Spearman {title}", ("", *told), rows)


def _cell(one: dict[str, float | None] | None) -> str:
    if not one or one["value"] is None:
        return "–"
    bounds = "" if one["low"] is None else f" [{one['low']:.2f}, {one['high']:.2f}]"
    return f"{one['value']:.3f}{bounds}"
