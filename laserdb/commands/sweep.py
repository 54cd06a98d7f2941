"""laserdb sweep"""

from __future__ import annotations

import json

import click

from laserdb.commands.output import (
    TerminalProgress,
    database_argument,
    json_option,
    parse_pairs,
    print_json,
    print_table,
)

SHOWN = ("selected", "shortfall", "f", "q", "p", "mean_tokens", "jaccard", "seconds")


@click.command()
@database_argument
@click.argument("strategy")
@click.option(
    "-m", "m", metavar="N", type=click.IntRange(min=1), required=True, help="How many samples to choose."
)
@click.option(
    "--set",
    "params",
    metavar="K=V1,V2",
    multiple=True,
    help="A parameter with its values (seed is one, too); a JSON list for values with commas. Repeatable.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of every random choice.")
@click.option("--where", metavar="SQL", help="Choose only from samples for which this holds.")
@json_option
def sweep(
    db: str, strategy: str, m: int, params: tuple[str, ...], seed: int, where: str | None, as_json: bool
) -> None:
    """Choose by STRATEGY for every combination of parameter values, and print each in numbers.

    Nothing is recorded and nothing scored anew; jaccard is the overlap with the first row.

    \b
      laserdb sweep pool.duckdb laser -m 10000 --set gamma=70,80,90
      laserdb sweep pool.duckdb laser -m 10000 --set gamma=70,90 --set seed=0,1,2
    """
    from laserdb.database import connect

    grid = {key: split(value) for key, value in parse_pairs(params, "--set").items()}
    fixed = {key: values[0] for key, values in grid.items() if len(values) == 1 and key != "seed"}
    varied = {key: values for key, values in grid.items() if key not in fixed}
    with connect(db, create=False) as database:
        rows = database.sweep(
            strategy, m, varied, seed=seed, where=where, params=fixed, progress=TerminalProgress()
        )
    if as_json:
        print_json({"strategy": strategy, "m": m, "rows": rows})
        return
    categories = sorted({name for row in rows for name in row["by_category"]})
    print_table(
        "",
        (*varied, *SHOWN, *categories),
        [
            (
                *(row[key] for key in varied),
                *(row[key] for key in SHOWN),
                *(row["by_category"].get(name, 0) for name in categories),
            )
            for row in rows
        ],
    )


def split(text: str) -> list[str]:
    """The values of a grid: a JSON list, or texts between commas; a JSON object is one value."""
    if text.startswith("["):
        try:
            return [one if isinstance(one, str) else json.dumps(one) for one in json.loads(text)]
        except ValueError:
            raise click.UsageError(f"--set: not a JSON list: {text}") from None
    return [text] if text.startswith("{") else [part.strip() for part in text.split(",")]
