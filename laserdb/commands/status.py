"""laserdb status"""

from __future__ import annotations

import click

from laserdb.commands.output import database_argument, json_option, print_json, print_table


@click.command()
@database_argument
@json_option
def status(db: str, as_json: bool) -> None:
    """Show the pool by source and category, how far each scorer has got, the runs, the selections.

    \b
      laserdb status pool.duckdb
    """
    from laserdb.database import connect

    with connect(db, create=False) as database:
        found = database.status()
    if as_json:
        print_json(found)
        return
    click.echo(f"{db}: {found['samples']:,} samples, {found['turns']:,} turns, {found['rejects']:,} rejects")
    print_table(
        "Sources",
        ("source", "samples", "turns", "multi-turn"),
        [(one["source"], one["samples"], one["turns"], one["multi_turn"]) for one in found["sources"]],
    )
    if found["categories"]:
        print_table("Categories", ("category", "samples"), found["categories"].items())
    if found["scorers"]:
        print_table(
            "Scorers",
            ("scorer", "model", "done", "missing", "failed"),
            [
                (one["scorer"], one["model"], one["done"], one["missing"], one["failed"])
                for one in found["scorers"]
            ],
        )
        print_table(
            "Runs",
            ("run", "scorer", "status", "ok", "failed", "started", "finished"),
            [
                (
                    str(one["run_id"]),
                    one["scorer"],
                    one["status"],
                    one["n_ok"],
                    one["n_failed"],
                    str(one["started_at"])[:19],
                    str(one["finished_at"] or "")[:19],
                )
                for one in found["runs"]
            ],
        )
    if found["selections"]:
        print_table(
            "Selections",
            ("name", "strategy", "m", "selected", "seed", "created"),
            [
                (
                    one["name"],
                    one["strategy"],
                    one["m"],
                    one["selected"],
                    str(one["seed"]),
                    str(one["created_at"])[:19],
                )
                for one in found["selections"]
            ],
        )
