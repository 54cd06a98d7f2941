"""What there is to choose from: scorers and strategies, built in or of other packages."""

from __future__ import annotations

import importlib
import os
import sys
from importlib.util import find_spec
from typing import Any

from laserdb import plugins
from laserdb.errors import MissingExtra, ScoringError, UsageError
from laserdb.scorers.base import Scorer, ScorerOptions
from laserdb.sql.render import builtin_strategies, load_strategy


def make_scorer(name: str, options: ScorerOptions | None = None) -> Scorer:
    """The scorer of that name, or the class at `module:Class`, not loaded yet.

    Raises UsageError for an unknown name.
    """
    cls = load_class(name) if ":" in name else plugins.load(plugins.SCORERS, name, "scorer")
    if not (isinstance(cls, type) and issubclass(cls, Scorer)):
        raise ScoringError(f"scorer {name!r} isn't a subclass of laserdb.scorers.base.Scorer")
    return cls(options)


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


def missing_modules(scorer: type[Scorer] | Scorer) -> list[str]:
    """The optional dependencies of a scorer that aren't installed."""
    return [module for module in scorer.modules if find_spec(module) is None]


def require(scorer: Scorer) -> None:
    """See that a scorer can run. Raises MissingExtra with the command that installs what it lacks."""
    missing = missing_modules(scorer)
    if missing:
        raise MissingExtra(f"{', '.join(missing)}, which the scorer {scorer.name} needs,", scorer.extra)


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
                "needs": ", ".join(cls.modules),
                "installed": not missing_modules(cls),
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
