"""The documentation is part of the product: it has to be whole and true."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import click
import pytest

from laserdb.cli import COMMANDS, cli
from laserdb.database import Database
from laserdb.warehouse import Warehouse
from tests.pools import FakeSample, FakeTurn, fill

ROOT = Path(__file__).parent.parent


def command(name: str) -> click.Command:
    found = cli.get_command(click.Context(cli), name)
    assert found is not None
    return found


def subcommands(found: click.Command) -> list[click.Command]:
    if not isinstance(found, click.Group):
        return []
    context = click.Context(found)
    subs = [found.get_command(context, sub) for sub in found.list_commands(context)]
    return [sub for sub in subs if sub is not None]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_an_example(name):
    text = command(name).help or ""
    assert text.strip()
    text += "".join(sub.help or "" for sub in subcommands(command(name)))
    assert f"laserdb {name}" in text


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_help(name):
    found = command(name)
    for one in subcommands(found) or [found]:
        for param in one.params:
            if isinstance(param, click.Option):
                assert param.help, f"{name} {param.name}"


def test_the_command_reference_is_current():
    spec = importlib.util.spec_from_file_location("build_cli", ROOT / "docs" / "build_cli.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8") == module.reference()


def test_the_documented_strategy_works(tmp_path):
    text = (ROOT / "docs" / "strategies.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```sql\n(.*?)```", text, flags=re.DOTALL)
    path = tmp_path / "hard_turns.sql"
    path.write_text(block)
    database = Database(Warehouse(":memory:"))
    pool = [FakeSample([FakeTurn(difficulty=i)] * (1 + i % 3)) for i in range(6)]
    fill(database.warehouse, pool)
    assert database.select(str(path), 5).selected == 4
    assert database.select(str(path), 5, name="x", params={"least_turns": 3}).selected == 2
    database.close()


def test_every_documented_column_exists(warehouse):
    text = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    fill(warehouse, [FakeSample()])
    with warehouse.read() as session:
        for line in text.splitlines():
            if not line.startswith("| `") or "<scorer>" in line:
                continue
            cells = line.split("|")
            table = cells[1].strip().strip("`")
            columns = re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", cells[3]).split(":")[0])
            session.rows(f"SELECT {', '.join(columns)} FROM {table}")


def test_links_lead_somewhere():
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
