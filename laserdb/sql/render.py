"""Rendering a strategy: Jinja over SQL, where every value becomes a literal in one place.

Undefined names are errors, the sandbox keeps a stranger's template from running Python, and what
`{{ … }}` prints goes through `laserdb.sqltext`, unless a macro made it or `ident` vouches for it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from laserdb import sqltext
from laserdb.errors import StrategyError, UsageError
from laserdb.plugins import STRATEGIES, unknown
from laserdb.sql.header import Header, candidate_condition, parse_header

# Names that a template may put where SQL wants an identifier.
ALLOWED_IDENTIFIERS = frozenset(
    {
        "f",
        "q",
        "p",
        "tokens",
        "instruction_tokens",
        "response_tokens",
        "last_response_tokens",
        "category",
        "source",
    }
)


@dataclass(frozen=True, slots=True)
class Strategy:
    """A template with what its header says."""

    name: str
    where: str
    text: str
    header: Header


def builtin_strategies() -> dict[str, Traversable]:
    """Every strategy that an installed package offers: name → file."""
    found: dict[str, Traversable] = {}
    for point in entry_points(group=STRATEGIES):
        for entry in point.load()().iterdir():
            if entry.name.endswith(".sql"):
                found[entry.name.removesuffix(".sql")] = entry
    return dict(sorted(found.items()))


def load_strategy(name: str) -> Strategy:
    """A strategy by built-in name or by path to a `.sql` file. Raises UsageError if there is none."""
    if name.endswith(".sql") or "/" in name:
        path = Path(name)
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise UsageError(f"no strategy file at {name}") from None
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"can't read the strategy file {name}: {error}") from error
        return Strategy(path.stem, name, text, parse_header(text, name))
    known = builtin_strategies()
    if name not in known:
        raise UsageError(unknown("strategy", name, known))
    text = known[name].read_text(encoding="utf-8")
    return Strategy(name, f"{name}.sql", text, parse_header(text, f"{name}.sql"))


def to_sql(value: Any) -> Markup:
    """What `{{ value }}` prints: SQL made by a macro as it is, anything else as a literal."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, jinja2.Undefined):
        value._fail_with_undefined_error()
    return Markup(sqltext.literal(value))  # noqa: S704 - a SQL literal, no HTML anywhere


def ident(name: str) -> Markup:
    """A column name from a parameter; only those of the allow-list."""
    if name not in ALLOWED_IDENTIFIERS:
        raise UsageError(unknown("column", name, ALLOWED_IDENTIFIERS))
    return Markup(sqltext.identifier(name))  # noqa: S704


@cache
def environment() -> jinja2.Environment:
    """The one Jinja environment; macros are imported with `{% import "laser.sql" as laser %}`."""
    env = ImmutableSandboxedEnvironment(
        loader=jinja2.FunctionLoader(macro_source),
        undefined=jinja2.StrictUndefined,
        # With autoescape Jinja tells our own output (Markup) from raw strings; `to_sql` escapes these.
        autoescape=True,
        finalize=to_sql,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.filters["ident"] = ident
    env.globals["ident"] = ident
    return env


def macro_source(name: str) -> str | None:
    """The text of a shared macro file."""
    entry = files("laserdb.sql").joinpath("macros", name)
    return entry.read_text(encoding="utf-8") if "/" not in name and entry.is_file() else None


def render(strategy: Strategy, params: Mapping[str, Any], *, m: int, seed: int) -> str:
    """The SQL of a strategy. Raises StrategyError with file and line for whatever is wrong in it."""
    env = environment()
    condition = candidate_condition(strategy.header, params)
    values = {**params, "m": m, "seed": seed, "candidate": Markup(condition)}  # noqa: S704 - SQL, no HTML
    try:
        template = env.from_string(strategy.text)
        return strip_header(template.render(values)).strip() + "\n"
    except jinja2.TemplateSyntaxError as error:
        raise StrategyError(f"{strategy.where}:{error.lineno}: {error.message}") from error
    except jinja2.UndefinedError as error:
        line = line_of(error)
        raise StrategyError(f"{strategy.where}:{line}: {error.message}{near(error, values)}") from error
    except (jinja2.TemplateError, TypeError, ValueError) as error:
        raise StrategyError(f"{strategy.where}:{line_of(error)}: {error}") from error


def strip_header(sql: str) -> str:
    """The rendered SQL without the header, which is kept in the strategy."""
    lines = sql.splitlines()
    body = next((i for i, line in enumerate(lines) if line.strip() and not line.startswith("--")), len(lines))
    return "\n".join(line.rstrip() for line in lines[body:])


def line_of(error: BaseException) -> int:
    """The template line that raised: Jinja rewrites tracebacks so that template frames show."""
    trace, line = error.__traceback__, 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def near(error: jinja2.UndefinedError, names: Iterable[str]) -> str:
    """A suggestion for a misspelled name."""
    word = (error.message or "").split("'")[1:2]
    found = difflib.get_close_matches(word[0], list(names), n=1) if word else []
    return f"; did you mean {found[0]}?" if found else ""
