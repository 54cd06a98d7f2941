"""What there is to choose from: scorers and strategies, built in or of other packages."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from laserdb import plugins
from laserdb.errors import MissingExtra, ScoringError, UsageError
from laserdb.plugins import unknown
from laserdb.scorers.base import Scorer, ScorerOptions
from laserdb.scorers.judges import JUDGE_FILE, judge_from
from laserdb.sql.render import builtin_strategies, load_strategy


def make_scorer(name: str, options: ScorerOptions | None = None) -> Scorer:
    """The scorer of that name, or of the class at `module:Class`, not loaded yet. Raises UsageError."""
    given = options or ScorerOptions()
    return scorer_class(name).variant(given)(given)


def scorer_class(name: str) -> type[Scorer]:
    """The class of that name, at `module:Class`, or of a judge's file. Raises UsageError."""
    if name.endswith(JUDGE_FILE):
        return judge_from(Path(name), frozenset(plugins.names(plugins.SCORERS)))
    cls = load_class(name) if ":" in name else plugins.load(plugins.SCORERS, name, "scorer")
    if not (isinstance(cls, type) and issubclass(cls, Scorer)):
        raise ScoringError(f"scorer {name!r} isn't a subclass of laserdb.scorers.base.Scorer")
    return cls


def address(cls: type[Scorer]) -> str:
    """What `scorer_class` finds the class by in another process."""
    return getattr(cls, "file", None) or f"{cls.__module__}:{cls.__qualname__}"


def load_class(path: str) -> Any:
    """The object at `module:name`, also of a module in the current folder. Raises UsageError."""
    module, _, name = path.partition(":")
    if os.getcwd() not in sys.path and "" not in sys.path:
        # As `python -m` would have it; an installed command has no folder of its own.
        sys.path.insert(0, os.getcwd())
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"scorer {path!r} can't be imported: {error}") from error
    return found


def make_scorers(names: Sequence[str], options: ScorerOptions) -> list[Scorer]:
    """Several scorers, each with what is meant for it, and each found able to run.

    A parameter `NAME.key` is for the scorer NAME alone, `NAME.model` its model; others are for all that
    know them. Raises UsageError for a parameter that no scorer knows, and whatever `require` raises.
    """
    if options.model is not None and len(names) > 1:
        raise UsageError("--model is for one scorer at a time; for more: --set SCORER.model=MODEL")
    classes = [_variant(scorer_class(name), options) for name in names]
    listed = ", ".join(cls.name for cls in classes)
    if options.backend is not None and not any(cls.asks_backend for cls in classes):
        raise UsageError(f"--backend: none of {listed} asks a language model{_may_ask(classes)}")
    if options.fast and not any(cls.has_fast for cls in classes):
        fast = ", ".join(name for name in plugins.names(plugins.SCORERS) if scorer_class(name).has_fast)
        raise UsageError(f"--fast: {listed} has no faster variant; these have one: {fast}")
    given: list[dict[str, str]] = [{} for _ in names]
    for key, value in options.params.items():
        scope, _, own = key.rpartition(".")
        takers = [
            params
            for cls, params in zip(classes, given, strict=True)
            if scope in ("", cls.name) and (own in cls.parameters or (scope and own == "model"))
        ]
        if not takers:
            raise UsageError(_unknown_parameter(key, classes))
        for params in takers:
            params[own] = value
    made = [
        cls(replace(options, model=params.pop("model", options.model), params=params))
        for cls, params in zip(classes, given, strict=True)
    ]
    for scorer in made:
        require(scorer)
    return made


def _variant(cls: type[Scorer], options: ScorerOptions) -> type[Scorer]:
    """The class for these options, the model being the scorer's own if it has one."""
    own = options.params.get(f"{cls.name}.model", options.model)
    return cls.variant(replace(options, model=own))


def _may_ask(classes: Sequence[type[Scorer]]) -> str:
    """A hint where a scorer would ask a language model if it were named."""
    asked = ScorerOptions(model="named", backend="named")
    able = [cls.name for cls in classes if cls.variant(asked).asks_backend]
    return f"; {', '.join(able)} does if you name it: --set {able[0]}.model=MODEL" if able else ""


def _unknown_parameter(key: str, classes: Sequence[type[Scorer]]) -> str:
    scope, _, own = key.rpartition(".")
    asked = [cls for cls in classes if scope in ("", cls.name)]
    if not asked:
        return unknown("scorer", scope, (cls.name for cls in classes)) + f", in --set {key}=…"
    known = {name for cls in asked for name in cls.parameters} | ({"model"} if scope else set())
    return unknown(f"parameter of {', '.join(cls.name for cls in asked)}", own, known)


def missing_modules(modules: Sequence[str]) -> list[str]:
    """The modules among these that aren't installed."""
    return [module for module in modules if find_spec(module) is None]


def require(scorer: Scorer) -> None:
    """See that a scorer can run. Raises MissingExtra with the command that installs what it lacks."""
    missing = missing_modules(scorer.needs())
    if missing:
        raise MissingExtra(f"{', '.join(missing)}, which the scorer {scorer.name} needs,", scorer.extra)
    scorer.check()


def list_scorers() -> list[dict[str, Any]]:
    """Every scorer with what it needs and whether that is installed; JSON-able."""
    found = []
    for name in plugins.names(plugins.SCORERS):
        cls: type[Scorer] = plugins.load(plugins.SCORERS, name, "scorer")
        found.append(
            {
                "name": name,
                "summary": cls.summary,
                "paper": cls.paper,
                "unit": str(cls.unit),
                "parameters": dict(cls.parameters),
                "needs": ", ".join(cls.modules),
                "installed": not missing_modules(cls.modules),
                "install": f"pip install 'laserdb[{cls.extra}]'" if cls.modules else "",
            }
        )
    return found


def list_strategies() -> list[dict[str, Any]]:
    """Every strategy with what its header says; JSON-able."""
    found = []
    for name in builtin_strategies():
        header = load_strategy(name).header
        found.append(
            {
                "name": name,
                "purpose": header.purpose,
                "source": header.source,
                "needs": list(header.needs),
                "params": {
                    param.name: {"default": param.default, "help": param.help}
                    for param in header.params.values()
                },
            }
        )
    return found
