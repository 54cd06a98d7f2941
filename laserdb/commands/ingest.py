"""laserdb ingest"""

from __future__ import annotations

import click

from laserdb.commands.output import (
    TerminalProgress,
    database_argument,
    json_option,
    parse_pairs,
    print_json,
)


@click.command()
@database_argument
@click.argument("files", metavar="FILE…", nargs=-1, required=True)
@click.option("--source", help="Name of the source; by default the stem of each file's name.")
@click.option(
    "--map",
    "mapping",
    metavar="FIELD=COLUMN,…",
    help="Columns of an unusual shape, e.g. instruction=question,output=answer.",
)
@json_option
def ingest(db: str, files: tuple[str, ...], source: str | None, mapping: str | None, as_json: bool) -> None:
    """Read FILEs into the pool of DB, which is created if need be.

    Reads JSON lines, JSON, Parquet, CSV and Arrow, plain or .gz/.zst; globs, hf://datasets/… and
    s3:// URLs; - is stdin. The shape (messages, instruction/input/output, ShareGPT, …) is found by
    looking. Every row becomes a sample, counts as a duplicate, or lands in the table rejects with
    its reason.

    \b
      laserdb ingest pool.duckdb data/*.jsonl
      laserdb ingest pool.duckdb faq.csv --map instruction=question,output=answer
    """
    from laserdb.database import connect

    pairs = parse_pairs(mapping.split(","), "--map") if mapping is not None else None
    with connect(db) as database:
        summary = database.ingest(*files, source=source, mapping=pairs, progress=TerminalProgress())
    if as_json:
        print_json(
            {
                "read": summary.read,
                "samples": summary.samples,
                "turns": summary.turns,
                "duplicates": summary.duplicates,
                "rejects": summary.rejects,
            }
        )
        return
    click.echo(
        f"{summary.read:,} rows read: {summary.samples:,} samples ({summary.turns:,} turns), "
        f"{summary.duplicates:,} duplicates, {summary.rejects:,} rejects"
    )
    if summary.rejects:
        click.echo(f'see why: laserdb sql {db} "FROM rejects"')
