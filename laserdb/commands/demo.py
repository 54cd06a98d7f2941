"""laserdb demo"""

from __future__ import annotations

import time
from pathlib import Path

import click

from laserdb.commands.output import TerminalProgress, print_table


@click.command()
@click.argument(
    "folder", metavar="[DIR]", type=click.Path(file_okay=False, path_type=Path), default="laserdb-demo"
)
def demo(folder: Path) -> None:
    """Run ingest → score → select → export on about 200 conversations that come with laserdb.

    Needs no GPU and no network; everything it writes is in DIR (default: laserdb-demo).

    \b
      laserdb demo
    """
    from laserdb.database import connect
    from laserdb.engine import demo as steps

    begun = time.monotonic()
    db, out = folder / "pool.duckdb", folder / "train.jsonl"
    sources = steps.write_demo_data(folder)
    name = f"laser-{steps.DEFAULT_BUDGET}"
    with connect(db) as database:
        say(f"laserdb ingest {db} {folder}/*.jsonl")
        found = database.ingest(*sources, progress=TerminalProgress())
        click.echo(
            f"{found.read} rows: {found.samples} samples, {found.duplicates} duplicates, "
            f"{found.rejects} rejects"
        )
        say(f"laserdb score {db} --preset cpu")
        for one in database.score(preset="cpu", progress=TerminalProgress()):
            click.echo(f"{one.scorer}: {one.scored} texts scored, {one.failed} failed, {one.seconds:.1f} s")
        for strategy in ("random", "longest", "laser"):
            say(f"laserdb select {db} {strategy} -m {steps.DEFAULT_BUDGET} --replace")
            chosen = database.select(strategy, steps.DEFAULT_BUDGET, replace=True)
            click.echo(f"{chosen.name}: {chosen.selected} samples")
        say(f"laserdb export {db} {name} {out}")
        for file in database.export(name, out):
            click.echo(f"{file.file}: {file.rows} samples")
        with database.warehouse.read() as session:
            rows = steps.kept_by_category(session, name)
            lines = list(steps.reasons(session, name))
    click.echo()
    print_table(
        f"What {name} kept (q: quality, p: difficulty × quality; means)",
        ("category", "pool", "kept", "q pool", "q kept", "p pool", "p kept"),
        rows,
    )
    for line in lines:
        click.echo(line)
    click.echo(f"\nDone in {time.monotonic() - begun:.0f} s. Look around: laserdb status {db}")


def say(command: str) -> None:
    """Show the command that the next step stands for."""
    click.secho(f"\n$ {command}", bold=True)
