"""laserdb export"""

from __future__ import annotations

import click

from laserdb.commands.output import database_argument, json_option, parse_pairs, print_json


def parse_split(text: str) -> dict[str, float]:
    """`train=0.95,val=0.05` as a dict. Raises a usage error for anything else."""
    shares: dict[str, float] = {}
    for name, value in parse_pairs(text.split(","), "--split").items():
        try:
            shares[name] = float(value)
        except ValueError:
            raise click.UsageError(f"--split {name} must be a number, not {value!r}") from None
        if not 0 < shares[name] <= 1 or not name.isidentifier():
            raise click.UsageError(f"--split takes names with shares between 0 and 1, not {name}={value}")
    if abs(sum(shares.values()) - 1) > 1e-6:
        raise click.UsageError(f"the shares of --split sum to {sum(shares.values()):g}, not to 1")
    return shares


@click.command()
@database_argument
@click.argument("name")
@click.argument("out", type=click.Path())
@click.option(
    "--format", "shape", default="messages", show_default=True, help="messages, alpaca or sharegpt."
)
@click.option("--columns", help="Extra columns, e.g. data_id,category,p; by default data_id,source,metadata.")
@click.option("--split", help="Parts in files of their own, e.g. train=0.95,val=0.05.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the split.")
@json_option
def export(
    db: str,
    name: str,
    out: str,
    shape: str,
    columns: str | None,
    split: str | None,
    seed: int,
    as_json: bool,
) -> None:
    """Write the selection NAME (or a query that returns sample_id) to OUT.

    OUT's suffix decides: .parquet, .jsonl, .jsonl.gz, .jsonl.zst, or a folder of Parquet shards.
    The default format is the one that TRL and chat templates take.

    \b
      laserdb export pool.duckdb laser-10000 train.jsonl
      laserdb export pool.duckdb laser-10000 data/ --split train=0.95,val=0.05
      laserdb export pool.duckdb "SELECT sample_id FROM samples WHERE n_turns > 3" long.parquet
    """
    from laserdb.database import connect

    chosen = [word.strip() for word in columns.split(",") if word.strip()] if columns is not None else None
    shares = parse_split(split) if split is not None else None
    with connect(db, create=False) as database:
        written = database.export(name, out, format=shape, columns=chosen, split=shares, seed=seed)
    if as_json:
        print_json({"files": [{"file": one.file, "rows": one.rows} for one in written]})
        return
    for one in written:
        click.echo(f"{one.file}: {one.rows:,} samples")
