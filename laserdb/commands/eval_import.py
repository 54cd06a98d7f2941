"""laserdb eval import"""

from __future__ import annotations

from pathlib import Path

import click

from laserdb.commands.output import database_argument, json_option, print_json


@click.command("import")
@database_argument
@click.argument("paths", metavar="PATH…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--dataset", metavar="NAME", help="Name of the data set, instead of what the log says.")
@click.option("--model", metavar="NAME", help="Name of the model, instead of what the log says.")
@click.option("--metric", metavar="NAME", help="The metric to take; default: the first of a known range.")
@click.option(
    "--filter",
    "filter_name",
    metavar="NAME",
    help="Of lm-evaluation-harness, the filter to take; default: flexible-extract, else the first.",
)
@click.option(
    "--range",
    "ranges",
    metavar="METRIC=WORST,BEST",
    multiple=True,
    help="The range of a metric, e.g. rating=1,10; repeatable. An error rate has WORST above BEST.",
)
@json_option
def command(
    db: str,
    paths: tuple[Path, ...],
    dataset: str | None,
    model: str | None,
    metric: str | None,
    filter_name: str | None,
    ranges: tuple[str, ...],
    as_json: bool,
) -> None:
    """Import item-level evaluation results into the tables evals and eval_items.

    Reads files and folders of lm-evaluation-harness (--log_samples), bigcode-evaluation-harness
    (logs.json), human-eval, FastChat (single grading, pairs), AlpacaEval (annotations), and tables (JSONL,
    JSON, CSV, Parquet): dataset, item_id, model, score, metric; dataset, item_id, instruction, category,
    level, reference.
    Scores are brought to [0, 1] by their metric's range. Importing again adds nothing; a score that changed
    replaces the old one.

    \b
      laserdb eval import pool.duckdb lm-eval-results/
      laserdb eval import pool.duckdb ratings.csv --range rating=1,10
    """
    from laserdb.evals.load import import_logs
    from laserdb.evals.ranges import parse_ranges
    from laserdb.evals.records import ReadOptions
    from laserdb.warehouse import Warehouse

    options = ReadOptions(dataset, model, metric, filter_name, parse_ranges(ranges))
    summary = import_logs(Warehouse(db, create=True), paths, options)
    for line in summary.bad_rows:
        click.echo(f"bad row: {line}", err=True)
    if summary.bad > len(summary.bad_rows):
        click.echo(f"bad row: … and {summary.bad - len(summary.bad_rows)} more", err=True)
    if as_json:
        print_json(summary.as_dict())
        return
    click.echo(
        f"{summary.results:,} results of {summary.models} models on {summary.datasets} data sets: "
        f"{summary.added:,} new, {summary.changed:,} changed, {summary.unchanged:,} as they were; "
        f"{summary.items:,} items ({summary.items_added:,} new, {summary.items_changed:,} changed); "
        f"{summary.bad:,} bad rows"
    )
