"""laserdb compare"""

from __future__ import annotations

from typing import Any

import click

from laserdb.commands.output import TerminalProgress, database_argument, json_option, print_json, print_table


@click.command()
@database_argument
@click.argument("one")
@click.argument("other")
@json_option
def compare(db: str, one: str, other: str, as_json: bool) -> None:
    """Compare the selections ONE and OTHER: overlap, drift of categories, sources and scores, diversity.

    nearest: mean cosine distance to the nearest chosen neighbour; coverage: share of the clusters of both
    together that have a chosen sample; vendi: effective number of different samples.

    \b
      laserdb compare pool.duckdb laser-10000 random-10000
    """
    from laserdb.database import connect

    with connect(db, create=False) as database:
        found = database.compare(one, other, progress=TerminalProgress())
    if as_json:
        print_json(found)
        return
    click.echo(f"in both: {found['overlap']:,} samples, Jaccard {found['jaccard']:.3f}")
    left, right = found["selections"]
    print_table("", ("", one, other, "drift"), list(lines(left, right, found["drift"])))
    for name in ("category", "source"):
        drift = found["drift"][name]
        print_table(
            f"by {name} (distance {drift['distance']:.3f})",
            (name, one, other, "drift of share"),
            [
                (key, left[f"by_{name}"].get(key, 0), right[f"by_{name}"].get(key, 0), change)
                for key, change in drift["change"].items()
            ],
        )


def lines(left: dict[str, Any], right: dict[str, Any], drift: dict[str, Any]) -> Any:
    """The rows of the first table."""
    yield "samples", left["selected"], right["selected"], right["selected"] - left["selected"]
    for name in ("f", "q", "p", "tokens", "mean_tokens", "mean_turns"):
        yield name, left[name], right[name], drift[name]
    if left["diversity"] and right["diversity"]:
        for name in ("nearest", "coverage", "vendi"):
            one, other = left["diversity"][name], right["diversity"][name]
            yield name, one, other, other - one
