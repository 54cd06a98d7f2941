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
@click.option(
    "--by",
    type=click.Choice(["text", "embedding"]),
    default="text",
    show_default=True,
    help="What is compared: five-word shingles (MinHash), or vectors.",
)
@click.option(
    "--threshold",
    type=float,
    help="Similarity from which a sample repeats another: Jaccard of the shingles (by default 0.8), "
    "or cosine of the vectors (0.95).",
)
@click.option("--embedder", metavar="MODEL", help="Whose vectors, where there are several embedders.")
@click.option("--clear", is_flag=True, help="Take the marks away instead.")
@json_option
def dedup(
    db: str, by: str, threshold: float | None, embedder: str | None, clear: bool, as_json: bool
) -> None:
    """Mark samples that nearly repeat an earlier one, by text or by embedding; select leaves them out.

    The table marks has them; laserdb select --keep-marked chooses them all the same. Both ways may be used
    one after the other.

    \b
      laserdb dedup pool.duckdb --threshold 0.9
      laserdb dedup pool.duckdb --by embedding
    """
    from laserdb.database import connect

    with connect(db, create=False) as database:
        progress = TerminalProgress()
        found = database.dedup(by=by, threshold=threshold, embedder=embedder, clear=clear, progress=progress)
    show(found, as_json)


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
