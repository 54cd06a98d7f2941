"""The command line: parses flags, calls one method of `laserdb.database`, prints.

Commands are imported when they run, so that `laserdb --help` needs neither DuckDB nor torch.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
from typing import Any

import click

from laserdb import __version__
from laserdb.errors import LaserdbError

# Command → the module that has it, and its line in the overview.
COMMANDS: dict[str, tuple[str, str]] = {
    "ingest": ("laserdb.commands.ingest", "Read files into the pool."),
    "score": ("laserdb.commands.score", "Run scorers on what they have no result for yet."),
    "select": ("laserdb.commands.select", "Choose samples by a strategy and record them."),
    "export": ("laserdb.commands.export", "Write a selection as Parquet or JSON lines."),
    "sql": ("laserdb.commands.sql", "Query the warehouse."),
    "status": ("laserdb.commands.status", "Show what the warehouse holds."),
    "scorers": ("laserdb.commands.lists", "List the scorers."),
    "strategies": ("laserdb.commands.lists", "List the selection strategies."),
    "train": ("laserdb.commands.train", "Train a classifier or a difficulty scorer."),
    "eval": ("laserdb.commands.eval", "Import evaluation results, measure scorers against them."),
    "demo": ("laserdb.commands.demo", "Run the whole way on data that the package ships."),
}

INTERRUPTED = 130


class LazyGroup(click.Group):
    """A group whose commands live in modules that are imported only when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command = getattr(importlib.import_module(COMMANDS[cmd_name][0]), cmd_name)
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            from laserdb.plugins import unknown

            raise click.UsageError(unknown("command", name, COMMANDS), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="laserdb")
@click.option("-v", "--verbose", count=True, help="Log more; twice for debugging.")
@click.option("--traceback", is_flag=True, help="Show the traceback of an error.")
def cli(verbose: int, traceback: bool) -> None:  # noqa: ARG001 - `main` looks for --traceback itself
    """Select instruction-tuning data with SQL: ingest → score → select → export.

    Everything is kept in one DuckDB file. For example:

    \b
      laserdb ingest pool.duckdb data/*.jsonl
      laserdb score pool.duckdb --preset cpu
      laserdb select pool.duckdb laser -m 10000
      laserdb export pool.duckdb laser-10000 train.jsonl
    """
    level = [logging.WARNING, logging.INFO, logging.DEBUG][min(verbose, 2)]
    logging.basicConfig(level=level, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")


def main(args: list[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 user error, 2 wrong usage, 130 interrupted."""
    arguments = list(sys.argv[1:] if args is None else args)
    try:
        sys.exit(run(arguments))
    except BrokenPipeError:
        # The reader of our output went away (`| head`): no error of ours, nothing left to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def run(arguments: list[str]) -> int:
    """Run the command line; returns the exit code, having printed at most one line for an error."""
    show_traceback = "--traceback" in arguments
    # The option may stand anywhere, like --help.
    arguments = [argument for argument in arguments if argument != "--traceback"]
    try:
        result: Any = cli.main(args=arguments, prog_name="laserdb", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as error:
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        if show_traceback:
            raise
        complain("interrupted")
        return INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return 2
    except click.UsageError as error:
        where = f" (see {error.ctx.command_path} --help)" if error.ctx else ""
        complain(" ".join(error.format_message().split()) + where)
        return 2
    except click.ClickException as error:
        complain(error.format_message())
        return error.exit_code
    except LaserdbError as error:
        if show_traceback:
            raise
        complain(str(error))
        return error.exit_code
    except BrokenPipeError:
        raise
    except Exception as error:
        if show_traceback:
            raise
        complain(f"{describe(error)} (unexpected; --traceback shows where)")
        return 1


def describe(error: Exception) -> str:
    """An unexpected error in one line."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def complain(text: str) -> None:
    """One line on stderr."""
    click.echo(f"Error: {' '.join(text.splitlines())}", err=True)


if __name__ == "__main__":
    main()
