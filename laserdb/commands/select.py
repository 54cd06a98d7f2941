"""laserdb select"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from laserdb.commands.output import (
    TerminalProgress,
    database_argument,
    json_option,
    parse_pairs,
    print_json,
    print_table,
)

if TYPE_CHECKING:
    from laserdb.engine.again import Reproduced
    from laserdb.engine.select import SelectSummary


@click.command()
@database_argument
@click.argument("strategy", required=False)
@click.option(
    "-m",
    "m",
    metavar="N",
    help="How many samples to choose: 10000, 25k; several at once, each containing the smaller ones: "
    "1000,5000; or tokens: 5M-tokens.",
)
@click.option("--name", help="Name of the selection; by default STRATEGY-N.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of every random choice.")
@click.option(
    "--set",
    "params",
    metavar="K=V",
    multiple=True,
    help="A parameter of the strategy (laserdb strategies); repeatable. For all: source_caps, the most of "
    'one source, as 0.2 of N, 500, or {"faq": 500, "*": 0.2}.',
)
@click.option(
    "--where", metavar="SQL", help="Choose only from samples for which this holds, e.g. \"source = 'faq'\"."
)
@click.option(
    "--dry-run", is_flag=True, help="Show what each category has and would give, and the SQL; choose nothing."
)
@click.option("--replace", is_flag=True, help="Replace a selection of the same name.")
@click.option("--keep-marked", is_flag=True, help="Also choose what dedup or decontaminate has marked.")
@click.option(
    "--like", metavar="NAME", help="Run a recorded selection again and say whether it is reproduced."
)
@click.option(
    "--extend",
    metavar="NAME",
    help="Top up a recorded selection after new data; -m is its new size. Where its strategy was a file, "
    "give that as STRATEGY.",
)
@json_option
def select(
    db: str,
    strategy: str | None,
    m: str | None,
    name: str | None,
    seed: int,
    params: tuple[str, ...],
    where: str | None,
    dry_run: bool,
    replace: bool,
    keep_marked: bool,
    like: str | None,
    extend: str | None,
    as_json: bool,
) -> None:
    """Choose N samples by STRATEGY, a built-in name or a path to a .sql file, and record them.

    \b
      laserdb select pool.duckdb laser -m 10000
      laserdb select pool.duckdb laser -m 10000 --name hard --set gamma=90 --seed 7
      laserdb select pool.duckdb laser -m 1000,5000,25000
      laserdb select pool.duckdb laser -m 5M-tokens
      laserdb select pool.duckdb laser -m 10000 --set source_caps=0.3
      laserdb select pool.duckdb my_strategy.sql -m 500 --where "n_turns > 1"
      laserdb select pool.duckdb --like laser-10000
      laserdb select pool.duckdb --extend laser-10000 --name laser-spring
    """
    from laserdb.database import connect
    from laserdb.engine.budgets import parse_budgets

    pairs = parse_pairs(params, "--set")
    again = like or extend
    if again and (pairs or where or dry_run or keep_marked or seed or (like and (extend or m or strategy))):
        raise click.UsageError("--like and --extend take strategy and parameters from the recorded selection")
    if not again and (strategy is None or m is None):
        raise click.UsageError("give a STRATEGY and -m N, or --like NAME, or --extend NAME")
    progress = TerminalProgress()
    with connect(db, create=False) as database:
        if like is not None:
            show_reproduced(database.reproduce(like, progress=progress), as_json)
            return
        if extend is not None:
            budgets = parse_budgets(m) if m else []
            if len(budgets) > 1 or any(one.tokens for one in budgets):
                raise click.UsageError("--extend takes one budget of samples")
            size = budgets[0].samples if budgets else None
            summary = database.extend(
                extend, m=size, name=name, strategy=strategy, replace=replace, progress=progress
            )
        else:
            summary = database.select(
                strategy or "",
                m or "",
                name=name,
                seed=seed,
                where=where,
                replace=replace,
                dry_run=dry_run,
                keep_marked=keep_marked,
                params=pairs,
                progress=progress,
            )
    for warning in summary.warnings:
        click.echo(f"Warning: {warning}", err=True)
    if as_json:
        print_json(summary.as_dict())
    elif dry_run:
        show_plan(summary)
    else:
        show_selected(summary)


def show_selected(summary: SelectSummary) -> None:
    """What was chosen, by category, a column for each budget."""
    every = [summary, *summary.nested]
    names = list(dict.fromkeys(name for one in every for name in one.by_category))
    rows = [(name, *(one.by_category.get(name, 0) for one in every)) for name in names]
    heads = ["selected"] if len(every) == 1 else [one.name for one in every]
    print_table("", ("category", *heads), rows)
    for one in every:
        missing = f", {one.shortfall:,} short of {one.selected + one.shortfall:,}" if one.shortfall else ""
        more = "".join(f", {value:,} {key}" for key, value in one.more.items())
        click.echo(f"{one.name}: {one.selected:,} samples{missing}{more} in {one.seconds:.1f} s")


def show_reproduced(found: Reproduced, as_json: bool) -> None:
    """Whether a selection came out the same."""
    if as_json:
        print_json(found.as_dict())
    elif found.reproduced:
        click.echo(f"{found.name}: reproduced, {found.selected:,} samples, hash {found.found_hash[:12]}")
    else:
        click.echo(
            f"{found.name}: not reproduced: {found.in_common:,} of {found.selected:,} samples are the same "
            f"(hash {found.found_hash[:12]}, recorded {found.recorded_hash[:12]}); the pool or its scores "
            "have changed since"
        )


def show_plan(summary: SelectSummary) -> None:
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
        click.echo(f"the pool can give {summary.selected:,} of {summary.selected + summary.shortfall:,}")
    click.echo(summary.sql)
