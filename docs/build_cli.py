"""Write docs/cli.md from the commands' own --help: python docs/build_cli.py [--check]."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from click.testing import CliRunner

from laserdb.cli import COMMANDS, cli

TARGET = Path(__file__).with_name("cli.md")
INTRO = """# Commands

Written from `--help` by `python docs/build_cli.py`. The Python API has the same verbs (`laserdb.connect`).
Exit codes: 0 done, 1 error (one line on stderr), 2 wrong usage, 130 interrupted. `--traceback` shows where an
error came from. `LASERDB_LOCK_TIMEOUT` is how many seconds to wait for a file that another process holds.
"""


def reference() -> str:
    """The whole page."""
    parts = [INTRO]
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        paths = [[name]]
        if isinstance(command, click.Group):
            paths += [[name, sub] for sub in command.list_commands(context)]
        for path in paths:
            shown = CliRunner().invoke(cli, [*path, "--help"], prog_name="laserdb", terminal_width=100)
            parts.append(f"## laserdb {' '.join(path)}\n\n```\n{shown.output.rstrip()}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(0 if TARGET.read_text(encoding="utf-8") == reference() else "docs/cli.md is not current")
    TARGET.write_text(reference(), encoding="utf-8")
