"""laserdb select"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from laserdb.commands.output import database_argument, json_option, parse_pairs, print_json, print_table

if TYPE_CHECKING:
    from laserdb.engine.select import SelectSummary


@click.command()
@database_argument
@click.argument("strategy")
@click.option(
    "-m", "m", metavar="N", type=click.IntRange(min=1), required=True, help="How many samples to choose."
)
@click.option("--name", help="Name of the selection; by default STRATEGY-N.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of every random choice.")
@click.option(
    "--set", "params", metavar="K=V", multiple=True, help="A parameter of the strategy; repeatable."
)
@click.option(
    "--where", metavar="SQL", help="Choose only from samples for which this holds, e.g. \"source = 'faq'\"."
)
@click.option(
    "--dry-run", is_flag=True, help="Show what each category has and would give, and the SQL; choose nothing."
)
@click.option("--replace", is_flag=True, help="Replace a selection of the same name.")
@json_option
def select(
    db: str,
    strategy: str,
    m: int,
    name: str | None,
    seed: int,
    params: tuple[str, ...],
    where: str | None,
    dry_run: bool,
    replace: bool,
    as_json: bool,
) -> None:
    """Choose N samples by STRATEGY, a built-in name or a path to a .sql file, and record them.

    \b
      laserdb select pool.duckdb laser -m 10000
      laserdb select pool.duckdb laser -m 10000 --name hard --set gamma=90 --seed 7
      laserdb select pool.duckdb my_strategy.sql -m 500 --where "n_turns > 1"
    """
    from laserdb.database import connect

    pairs = parse_pairs(params, "--set")
    with connect(db, create=False) as database:
        summary = database.select(
            strategy, m, name=name, seed=seed, where=where, replace=replace, dry_run=dry_run, params=pairs
        )
    for warning in summary.warnings:
        click.echo(f"Warning: {warning}", err=True)
    if as_json:
        print_json(summary.as_dict())
    elif dry_run:
        show_plan(summary, m)
    else:
        print_table("", ("category", "selected"), summary.by_category.items())
        missing = f", {summary.shortfall:,} short of {m:,}" if summary.shortfall else ""
        click.echo(f"{summary.name}: {summary.selected:,} samples{missing} in {summary.seconds:.1f} s")


def show_plan(summary: SelectSummary, m: int) -> None:
    """A dry run: the supply of each category, then the SQL."""
    print_table(
        f"{summary.name} (dry run, nothing recorded)",
        ("category", "samples", "candidates", "quota", "planned", "shortfall"),
        [
            (one.category, one.samples, one.candidates, one.quota, one.planned, one.shortfall)
            for one in summary.plan or []
        ],
    )
    if summary.shortfall:
        click.echo(f"the pool can give {summary.selected:,} of {m:,}")
    click.echo(summary.sql)
