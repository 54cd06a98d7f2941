"""laserdb scorers, laserdb strategies"""

from __future__ import annotations

import click

from laserdb.commands.output import json_option, print_json, print_table


@click.command()
@json_option
def scorers(as_json: bool) -> None:
    """List the scorers: what each does, its section of the paper, what it needs, installed or not.

    \b
      laserdb scorers
    """
    from laserdb.engine.catalog import list_scorers

    found = list_scorers()
    if as_json:
        print_json({"scorers": found})
        return
    print_table(
        "",
        ("scorer", "what it does", "paper", "needs", "installed"),
        [
            (
                one["name"],
                one["summary"],
                one["paper"],
                one["needs"],
                "yes" if one["installed"] else one["install"],
            )
            for one in found
        ],
    )


@click.command()
@json_option
def strategies(as_json: bool) -> None:
    """List the selection strategies: what each does, its source, the scores it needs, its parameters.

    \b
      laserdb strategies
    """
    from laserdb.engine.catalog import list_strategies

    found = list_strategies()
    if as_json:
        print_json({"strategies": found})
        return
    print_table(
        "",
        ("strategy", "what it does", "source", "needs", "parameters"),
        [
            (one["name"], one["purpose"], one["source"], ", ".join(one["needs"]), ", ".join(one["params"]))
            for one in found
        ],
    )
