"""A judge's prompt as a Jinja template in a sandbox; what it prints of a turn may be cut if it is too long."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from laserdb.backends.base import Part

# Noncharacters, which no text may hold: they mark what a template printed of the turn.
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
_MARKS = re.compile(f"[{_OPEN}{_CLOSE}]")
_PRINTED = re.compile(f"{_OPEN}(.*?){_CLOSE}", re.DOTALL)


@cache
def environment() -> jinja2.Environment:
    """The one environment: undefined names are errors, nothing is escaped, no Python is within reach."""
    return ImmutableSandboxedEnvironment(
        undefined=jinja2.StrictUndefined,
        finalize=_printed,
        autoescape=False,  # noqa: S701 - prompts are no HTML
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )


def _printed(value: Any) -> Any:
    """A text between marks; anything else as it is."""
    return f"{_OPEN}{value}{_CLOSE}" if isinstance(value, str) else value


def names(text: str) -> set[str]:
    """The variables that a template reads. Raises jinja2.TemplateSyntaxError."""
    from jinja2 import meta

    return meta.find_undeclared_variables(environment().parse(text))


@cache
def _compiled(text: str) -> jinja2.Template:
    return environment().from_string(text)


def parts(text: str, values: Mapping[str, Any]) -> tuple[Part, ...]:
    """The rendered template: its own text, and cuttable what `{{ … }}` printed. Raises jinja2.TemplateError."""
    clean = {name: _MARKS.sub("", one) if isinstance(one, str) else one for name, one in values.items()}
    pieces = _PRINTED.split(_compiled(text).render(clean))
    found = [Part(_MARKS.sub("", piece), cuttable=i % 2 == 1) for i, piece in enumerate(pieces)]
    return tuple(part for part in found if part.text)
