"""laserdb score"""

from __future__ import annotations

import click

from laserdb.commands.output import (
    TerminalProgress,
    database_argument,
    json_option,
    parse_pairs,
    print_json,
    print_table,
)
from laserdb.errors import UsageError


@click.command()
@database_argument
@click.argument("scorers", metavar="SCORER…", nargs=-1)
@click.option("--preset", help="A named set of scorers: cpu (no GPU, no hub) or laser (the paper's).")
@click.option("--model", help="A hub id or a local path, for one scorer.")
@click.option("--batch-size", type=click.IntRange(min=1), help="Texts per batch.")
@click.option("--limit", type=click.IntRange(min=1), help="Score at most so many texts per scorer.")
@click.option("--set", "params", metavar="K=V", multiple=True, help="A parameter of the scorer; repeatable.")
@click.option(
    "--force", is_flag=True, help="Begin a new run even if there is one with the same model and parameters."
)
@click.option("--retry-failed", is_flag=True, help="Score the texts again that failed.")
@json_option
@click.pass_context
def score(
    ctx: click.Context,
    db: str,
    scorers: tuple[str, ...],
    preset: str | None,
    model: str | None,
    batch_size: int | None,
    limit: int | None,
    params: tuple[str, ...],
    force: bool,
    retry_failed: bool,
    as_json: bool,
) -> None:
    """Run SCORERs on whatever they have no result for yet.

    Equal texts are scored once; running it again costs nothing. Ctrl-C finishes the batch in hand,
    and the same command goes on where it was.

    \b
      laserdb score pool.duckdb --preset cpu
      laserdb score pool.duckdb embedding --model static:all-MiniLM-L6-v2
    """
    from laserdb.database import connect

    if not scorers and preset is None:
        raise UsageError("name at least one scorer, or a preset: --preset cpu (laserdb scorers lists them)")
    with connect(db, create=False) as database:
        summaries = database.score(
            scorers,
            preset=preset,
            model=model,
            batch_size=batch_size,
            params=parse_pairs(params, "--set"),
            limit=limit,
            force=force,
            retry_failed=retry_failed,
            progress=TerminalProgress(),
        )
    interrupted = any(summary.interrupted for summary in summaries)
    if as_json:
        print_json({"scorers": [summary.as_dict() for summary in summaries], "interrupted": interrupted})
    else:
        print_table(
            "",
            ("scorer", "model", "scored", "failed", "pending", "seconds"),
            [
                (one.scorer, one.model, one.scored, one.failed, one.pending, round(one.seconds, 1))
                for one in summaries
            ],
        )
        for one in summaries:
            if one.failures:
                kinds = ", ".join(f"{kind} {n:,}" for kind, n in one.failures.most_common())
                click.echo(f"{one.scorer} failed: {kinds}")
    if interrupted:
        click.echo("interrupted; nothing is lost: the same command goes on from here", err=True)
        ctx.exit(130)
