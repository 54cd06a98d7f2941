"""Hyperparameters as frozen dataclasses that the command line can set one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from laserdb.errors import UsageError

S = TypeVar("S")


def with_settings(defaults: S, given: Mapping[str, str]) -> S:
    """Settings with `--set` values; a pair is written `a,b`.

    Raises UsageError for an unknown name (with all there are), a value that isn't like the default, and
    whatever the settings' own `__post_init__` refuses.
    """
    known: dict[str, Any] = {f.name: getattr(defaults, f.name) for f in fields(defaults)}  # type: ignore[arg-type]
    values: dict[str, Any] = {}
    for name, text in given.items():
        if name not in known:
            raise UsageError(f"--set {name}: no such setting (there are: {', '.join(known)})")
        values[name] = _converted(name, text, known[name])
    changed: S = replace(defaults, **values)  # type: ignore[type-var]
    return changed


def _converted(name: str, text: str, default: Any) -> Any:
    try:
        if isinstance(default, bool):
            return {"true": True, "false": False}[text.lower()]
        if isinstance(default, tuple):
            parts = text.split(",")
            if len(parts) != len(default):
                raise ValueError
            return tuple(type(one)(part) for part, one in zip(parts, default, strict=True))
        return type(default)(text)
    except (ValueError, KeyError):
        shown = ",".join(map(str, default)) if isinstance(default, tuple) else str(default)
        raise UsageError(f"--set {name}={text}: give a value like {shown}") from None


def require(settings: object, **least: float) -> None:
    """Refuse settings below their least value. Raises UsageError."""
    for name, bound in least.items():
        value = getattr(settings, name)
        if min(value if isinstance(value, tuple) else (value,)) < bound:
            raise UsageError(f"{name}={value}: give at least {bound}")
