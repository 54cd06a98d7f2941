"""laserdb score"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from laserdb.engine.arguments import ScoreArguments
    from laserdb.engine.estimate import Estimate
    from laserdb.engine.score import ScorerSummary


@click.command()
@database_argument
@click.argument("scorers", metavar="SCORER…", nargs=-1)
@click.option("--preset", help="A named set of scorers: cpu (no GPU, no hub) or laser (the paper's).")
@click.option("--model", help="A hub id or a local path, for one scorer.")
@click.option(
    "--backend", metavar="NAME", help="What runs language models: hf (the default), vllm or openai."
)
@click.option("--trust-remote-code", is_flag=True, help="Let a model run the Python code that comes with it.")
@click.option("--fast", is_flag=True, help="The faster, coarser variant of scorers that have one (category).")
@click.option("--batch-size", type=click.IntRange(min=1), help="Texts per batch.")
@click.option("--limit", type=click.IntRange(min=1), help="Score at most so many texts per scorer.")
@click.option("--where", metavar="SQL", help="Only samples for which this holds, e.g. \"source = 'faq'\".")
@click.option(
    "--all-categories", is_flag=True, help="Also texts of categories that the scorer isn't meant for."
)
@click.option(
    "--workers", type=click.IntRange(min=1), default=1, help="Processes; a GPU each where there are GPUs."
)
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="Where scorers run: in processes of this machine, or as actors on a Ray cluster.",
)
@click.option("--ray-address", help="The Ray cluster, e.g. auto or ray://head:10001; without it a local one.")
@click.option("--gpus-per-actor", type=click.FloatRange(min=0), default=0.0, help="GPUs of each Ray actor.")
@click.option("--min-actors", type=click.IntRange(min=1), default=1, help="Ray actors to begin with.")
@click.option(
    "--max-actors",
    type=click.IntRange(min=1),
    help="Most Ray actors; default: what the cluster has room for.",
)
@click.option(
    "--set",
    "params",
    metavar="K=V",
    multiple=True,
    help="A parameter of the scorers that know it, or SCORER.K=V of one; repeatable.",
)
@click.option(
    "--force", is_flag=True, help="Begin a new run even if there is one with the same model and parameters."
)
@click.option("--retry-failed", is_flag=True, help="Score the texts again that failed.")
@click.option(
    "--max-failures",
    type=click.IntRange(min=0),
    default=100,
    show_default=True,
    help="Stop after so many equal failures in a row; 0: never.",
)
@click.option(
    "--dry-run", is_flag=True, help="Only count, and estimate the time by scoring a few texts unstored."
)
@json_option
@click.pass_context
def score(
    ctx: click.Context,
    db: str,
    scorers: tuple[str, ...],
    preset: str | None,
    model: str | None,
    backend: str | None,
    trust_remote_code: bool,
    fast: bool,
    batch_size: int | None,
    limit: int | None,
    where: str | None,
    all_categories: bool,
    workers: int,
    engine: str,
    ray_address: str | None,
    gpus_per_actor: float,
    min_actors: int,
    max_actors: int | None,
    params: tuple[str, ...],
    force: bool,
    retry_failed: bool,
    max_failures: int,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Run SCORERs on whatever they have no result for yet.

    Equal texts are scored once; running it again costs nothing. Ctrl-C finishes the batch in hand,
    and the same command goes on where it was. A SCORER is a name that `laserdb scorers` lists, a judge's
    file (judge.toml), or a class of your own as module:Class.

    \b
      laserdb score pool.duckdb --preset cpu
      laserdb score pool.duckdb embedding --model static:all-MiniLM-L6-v2
    """
    from laserdb.database import connect
    from laserdb.engine.ray_actors import RayOptions

    if not scorers and preset is None:
        raise UsageError("name at least one scorer, or a preset: --preset cpu (laserdb scorers lists them)")
    if engine == "ray" and workers > 1:
        raise UsageError("--workers is for --engine local; Ray's actors are --min-actors and --max-actors")
    if engine == "local" and (ray_address or gpus_per_actor or max_actors or min_actors > 1):
        raise UsageError("--ray-address, --gpus-per-actor, --min-actors and --max-actors need --engine ray")
    ray = RayOptions(ray_address, gpus_per_actor, min_actors, max_actors) if engine == "ray" else None
    todo: ScoreArguments = {
        "model": model,
        "backend": backend,
        "trust_remote_code": trust_remote_code,
        "fast": fast,
        "batch_size": batch_size,
        "params": parse_pairs(params, "--set"),
        "limit": limit,
        "where": where,
        "all_categories": all_categories,
        "force": force,
        "retry_failed": retry_failed,
        "max_failures": max_failures,
        "workers": workers,
        "ray": ray,
    }
    progress = TerminalProgress()
    with connect(db, create=False) as database:
        if dry_run:
            found = database.estimate(scorers, preset=preset, progress=progress, **todo)
            show_estimates(found, as_json=as_json)
            return
        summaries = database.score(scorers, preset=preset, progress=progress, **todo)
    interrupted = any(summary.interrupted for summary in summaries)
    if as_json:
        print_json({"scorers": [summary.as_dict() for summary in summaries], "interrupted": interrupted})
    else:
        show(summaries)
    if interrupted:
        click.echo("interrupted; nothing is lost: the same command goes on from here", err=True)
        ctx.exit(130)


def show(summaries: Sequence[ScorerSummary]) -> None:
    """A table of what was done, and a line per scorer that failed on some texts."""
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
            kinds = ", ".join(f"{kind} {n:,}" for kind, n in sorted(one.failures.items()))
            click.echo(f"{one.scorer} failed: {kinds}")
        if one.postponed:
            click.echo(f"{one.scorer}: {one.postponed:,} texts got no answer and are still pending")


def show_estimates(estimates: Sequence[Estimate], *, as_json: bool) -> None:
    """What a call would come to; "≈" where tokens are guessed from characters."""
    if as_json:
        print_json({"dry_run": True, "scorers": [one.as_dict() for one in estimates]})
        return
    print_table(
        "",
        ("scorer", "model", "rows", "texts", "tokens", "seconds"),
        [
            (
                one.scorer,
                one.model,
                one.rows,
                one.texts,
                f"≈{one.tokens:,}" if one.tokens_from == "characters" else f"{one.tokens:,}",
                round(one.seconds, 1),
            )
            for one in estimates
        ],
    )
