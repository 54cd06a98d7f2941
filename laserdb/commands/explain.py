"""laserdb explain"""

from __future__ import annotations

import json

import click

from laserdb.commands.output import database_argument, json_option, print_json, print_table


@click.command()
@database_argument
@click.argument("name")
@click.argument("data_id")
@click.option("--source", help="Source of the sample, where several have this DATA_ID.")
@json_option
def explain(db: str, name: str, data_id: str, source: str | None, as_json: bool) -> None:
    """Tell why the sample DATA_ID is in the selection NAME, or what kept it out.

    \b
      laserdb explain pool.duckdb laser-10000 alpaca-4711
    """
    from laserdb.database import connect

    with connect(db, create=False) as database:
        found = database.explain(name, data_id, source=source)
    if as_json:
        print_json(found)
        return
    click.echo(f"{found['source']} {found['data_id']}: {found['verdict']}")
    shown = (
        *("category", "f", "q", "p", "tokens", "quota", "source_cap"),
        *("ranks", "category_in_selection", "nearest_chosen"),
    )
    rows = [(key, found[key]) for key in (*shown, "marks") if found[key] not in (None, [])]
    print_table(
        "",
        ("", name),
        [(key, json.dumps(value) if isinstance(value, dict | list) else value) for key, value in rows],
    )
