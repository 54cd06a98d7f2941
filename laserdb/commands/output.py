"""What commands print: a JSON object on stdout, or tables; progress on stderr."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

LINE_SECONDS = 5.0

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")


def database_argument(function: Callable[..., Any]) -> Callable[..., Any]:
    """The first argument of every command: the database file."""
    return click.argument("db", metavar="DB", type=click.Path())(function)


def print_json(value: Any) -> None:
    """One JSON object on stdout."""
    click.echo(json.dumps(value, ensure_ascii=False, default=str))


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table on stdout; numbers to the right."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    rows = [list(row) for row in rows]
    table = Table(title=title or None, title_justify="left", header_style="bold", title_style="bold")
    for index, name in enumerate(columns):
        numeric = any(isinstance(row[index], int | float) for row in rows)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell(value)) for value in row))
    # Without a terminal there is no width to keep to, and no table should be cut.
    width = None if sys.stdout.isatty() else 160
    Console(width=width, highlight=False).print(table)


def cell(value: Any) -> str:
    """A value as a table shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)


def parse_pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    """`k=v` options as a dict. Raises a usage error for one without `=` or a key given twice."""
    pairs: dict[str, str] = {}
    for text in texts:
        key, sign, value = text.partition("=")
        if not sign or not key.strip():
            raise click.UsageError(f"{option} takes KEY=VALUE, not {text!r}")
        if key.strip() in pairs:
            raise click.UsageError(f"{option} gives {key.strip()!r} twice")
        pairs[key.strip()] = value
    return pairs


class TerminalProgress:
    """A live bar on a terminal, else a log line every few seconds; always on stderr."""

    def __init__(self) -> None:
        self._bar: RichProgress | None = None
        self._task: TaskID | None = None
        self._name, self._unit, self._more = "", "", ""
        self._total: int | None = None
        self._done = 0
        self._begun = self._said = 0.0

    def start(self, description: str, total: int | None, unit: str) -> None:
        """Begin a bar."""
        self.finish()
        self._name, self._total, self._unit, self._done, self._more = description, total, unit, 0, ""
        self._begun = self._said = time.monotonic()
        if sys.stderr.isatty():
            self._bar = make_bar(unit)
            self._bar.start()
            self._task = self._bar.add_task(description, total=total, more="")

    def advance(self, n: int) -> None:
        """Move the bar, or say a line if the last one is old."""
        self._done += n
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task, n)
        elif time.monotonic() - self._said >= LINE_SECONDS:
            self._said = time.monotonic()
            self._line()

    def describe(self, text: str) -> None:
        """Show it behind the bar, or at the end of the line."""
        self._more = text
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, more=text)

    def note(self, text: str) -> None:
        """A line of its own."""
        if self._bar is not None:
            self._bar.console.print(text, highlight=False, markup=False)
        else:
            click.echo(text, err=True)

    def finish(self) -> None:
        """End the bar."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
        elif self._name and self._done:
            self._line()
        self._name = ""

    def _line(self) -> None:
        seconds = max(time.monotonic() - self._begun, 1e-9)
        rate = self._done / seconds
        done, rate_text = human(self._done, self._unit), human(rate, self._unit)
        total = f"/{human(self._total, self._unit)}" if self._total else ""
        left = f", {(self._total - self._done) / rate:.0f} s left" if self._total and rate else ""
        more = f", {self._more}" if self._more else ""
        rate_text = f"{rate_text} {self._unit}/s{left}{more}"
        click.echo(f"{self._name}: {done}{total} {self._unit}, {rate_text}", err=True)


def human(number: float, unit: str) -> str:
    """A count for people; bytes as MB with the unit left to the caller."""
    return f"{number / 1e6:,.1f} M" if unit == "bytes" else f"{number:,.0f}"


def make_bar(unit: str) -> RichProgress:
    """A rich progress bar with rate and time left."""
    from rich import progress
    from rich.console import Console

    amount = progress.DownloadColumn() if unit == "bytes" else progress.MofNCompleteColumn()
    rate = progress.TransferSpeedColumn() if unit == "bytes" else RateColumn.make(unit)
    return progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        amount,
        rate,
        progress.TimeRemainingColumn(),
        progress.TextColumn("{task.fields[more]}", markup=False),
        console=Console(stderr=True),
        transient=False,
    )


class RateColumn:
    """Texts per second."""

    @staticmethod
    def make(unit: str) -> Any:
        """A rich column; made here so that rich is imported only when a bar is shown."""
        from rich.progress import ProgressColumn, Task
        from rich.text import Text

        class Rate(ProgressColumn):
            def render(self, task: Task) -> Text:
                return Text(f"{task.speed:,.0f} {unit}/s" if task.speed else "")

        return Rate()
