"""What there is to choose from: scorers and strategies, built in or of other packages."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from laserdb import plugins
from laserdb.errors import MissingExtra
from laserdb.scorers.base import Scorer
from laserdb.sql.render import builtin_strategies, load_strategy


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
