"""laserdb sql"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from laserdb.commands.output import database_argument


@click.command()
@database_argument
@click.argument("query")
@click.option("--write", is_flag=True, help="Allow the query to change the file.")
@click.option(
    "--format",
    "shape",
    type=click.Choice(["table", "csv", "json", "parquet"]),
    default="table",
    show_default=True,
    help="How to print the result; parquet goes to stdout as it is, so redirect it.",
)
def sql(db: str, query: str, write: bool, shape: str) -> None:
    """Run QUERY, which may also be - (stdin) or the name of a file.

    Read-only unless --write is given. The tables are listed in the documentation; `SHOW TABLES`
    lists them, too.

    \b
      laserdb sql pool.duckdb "SELECT category, count(*) FROM labels GROUP BY ALL"
      laserdb sql pool.duckdb "SELECT * FROM rejects" --format csv
      laserdb sql pool.duckdb "SELECT * FROM labels WHERE confidence < 0.5 ORDER BY confidence"
    """
    from laserdb.warehouse import Warehouse
    from laserdb.warehouse.query import run_query

    if shape == "parquet" and sys.stdout.isatty():
        raise click.UsageError("Parquet is no text; redirect it: --format parquet > FILE")
    run_query(Warehouse(db), query_text(query), write=write, shape=shape, out=sys.stdout.buffer)


def query_text(argument: str) -> str:
    """The query itself: from stdin, from a file, or the argument."""
    if argument == "-":
        return sys.stdin.read()
    if "\n" not in argument and len(argument) < 1024 and Path(argument).is_file():
        return Path(argument).read_text(encoding="utf-8")
    return argument
