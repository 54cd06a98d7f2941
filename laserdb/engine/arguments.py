"""What a call of `score` or `estimate` may say, named once for both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from laserdb import plugins
from laserdb.engine.presets import PRESETS
from laserdb.engine.ray_actors import RayOptions
from laserdb.engine.score import ScoreOptions
from laserdb.errors import UsageError
from laserdb.plugins import unknown
from laserdb.scorers.base import ScorerOptions


class ScorerArguments(TypedDict, total=False):
    """How the scorers are made."""

    model: str | None
    backend: str | None
    batch_size: int | None
    params: Mapping[str, str] | None
    trust_remote_code: bool
    fast: bool


class ScoreArguments(ScorerArguments, total=False):
    """How they are made, which texts they get, who runs them, and when to give up."""

    limit: int | None
    where: str | None
    all_categories: bool
    force: bool
    retry_failed: bool
    max_failures: int
    workers: int
    ray: RayOptions | None


def parted(arguments: ScoreArguments) -> tuple[ScorerOptions, ScoreOptions]:
    """The scorers' part and the call's, None being the default. Raises TypeError for a name of neither."""
    given: dict[str, Any] = {name: value for name, value in arguments.items() if value is not None}
    of_scorers = {name: given.pop(name) for name in ScorerArguments.__annotations__ if name in given}
    return ScorerOptions(**of_scorers), ScoreOptions(**given)


def scorer_names(scorers: Sequence[str], preset: str | None) -> list[str]:
    """The preset's scorers in their order, then the others. Raises UsageError if there are none to run."""
    if preset is None:
        names = list(scorers)
    elif preset not in PRESETS:
        raise UsageError(unknown("preset", preset, PRESETS))
    else:
        of_preset = PRESETS[preset].scorers
        absent = [name for name in of_preset if name not in plugins.names(plugins.SCORERS)]
        if absent:
            raise UsageError(
                f"preset {preset} needs scorers that aren't installed: {', '.join(absent)}; "
                "name those that are (laserdb scorers), or use --preset cpu"
            )
        names = [*of_preset, *(name for name in scorers if name not in of_preset)]
    if not names:
        raise UsageError("name at least one scorer or a preset (laserdb scorers lists them)")
    return names
