"""`laserdb eval`: evaluation results, and measuring scorers against them."""

from __future__ import annotations

import importlib

import click

# Command → the module that has it, as `command`, and its line in the overview.
COMMANDS: dict[str, tuple[str, str]] = {
    "category": ("laserdb.commands.eval_category", "Measure a classifier of instructions."),
    "import": ("laserdb.commands.eval_import", "Import evaluation logs into the table evals."),
    "difficulty": ("laserdb.commands.eval_difficulty", "Measure difficulty scorers."),
    "targets": ("laserdb.commands.eval_targets", "How hard each item was for the models."),
}


class EvalGroup(click.Group):
    """A group whose commands live in modules that are imported only when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        found = importlib.import_module(COMMANDS[cmd_name][0]).command
        return found if isinstance(found, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            from laserdb.plugins import unknown

            raise click.UsageError(unknown("eval command", args[0], COMMANDS), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group("eval", cls=EvalGroup)
def eval_group() -> None:
    """Import evaluation results, and measure scorers against them.

    \b
      laserdb eval import pool.duckdb lm-eval-results/
      laserdb eval difficulty pool.duckdb --scorer difficulty
    """


# The name under which the command line looks for it.
eval = eval_group
