"""laserdb dedup, laserdb decontaminate"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from laserdb.commands.output import TerminalProgress, database_argument, json_option, print_json

if TYPE_CHECKING:
    from laserdb.engine.marking import Marked

threshold_option = click.option(
    "--threshold",
    type=float,
    default=0.8,
    show_default=True,
    help="Estimated Jaccard similarity of five-word shingles from which two texts are near.",
)


@click.command()
@database_argument
@threshold_option
@click.option("--clear", is_flag=True, help="Take the marks away instead.")
@json_option
def dedup(db: str, threshold: float, clear: bool, as_json: bool) -> None:
    """Mark samples whose text is nearly that of an earlier one (MinHash); select leaves them out.

    The table marks has them; laserdb select --keep-marked chooses them all the same.

    \b
      laserdb dedup pool.duckdb --threshold 0.9
    """
    from laserdb.database import connect

    with connect(db, create=False) as database:
        show(database.dedup(threshold=threshold, clear=clear, progress=TerminalProgress()), as_json)


@click.command()
@database_argument
@click.option(
    "--against",
    metavar="FILE",
    multiple=True,
    help="An evaluation set: .jsonl, .json, .csv, .parquet or lines of text, .gz too. Repeatable.",
)
@threshold_option
@click.option("--clear", is_flag=True, help="First take all marks of earlier evaluation sets away.")
@json_option
def decontaminate(db: str, against: tuple[str, ...], threshold: float, clear: bool, as_json: bool) -> None:
    """Mark samples that share 13 words in a row with an evaluation text, or are nearly one (MinHash).

    select leaves them out, and explain says which text it was.

    \b
      laserdb decontaminate pool.duckdb --against gsm8k_test.jsonl --against mbpp.parquet
    """
    from laserdb.database import connect

    with connect(db, create=False) as database:
        progress = TerminalProgress()
        found = database.decontaminate(against, threshold=threshold, clear=clear, progress=progress)
    show(found, as_json)


def show(found: Marked, as_json: bool) -> None:
    """How many are marked."""
    if as_json:
        print_json(found.as_dict())
    else:
        click.echo(
            f"{found.marked:,} of {found.samples:,} samples marked as {found.kind} in {found.seconds:.1f} s"
        )
