"""Judges that are data: a TOML file says which model is asked what, and what its answer is worth.

Those that come with the package are files like a user's own (`alpagasus.toml`, `instag.toml`,
`selectit.toml`); see docs/scorers.md for how to write one.
"""

from __future__ import annotations

from collections.abc import Set
from importlib.resources import as_file, files
from pathlib import Path
from typing import cast

from laserdb.errors import UsageError
from laserdb.scorers.judges.scorer import FileJudge
from laserdb.scorers.judges.spec import JudgeSpec, read_spec

__all__ = [
    "JUDGE_FILE",
    "Alpagasus",
    "FileJudge",
    "Instag",
    "JudgeSpec",
    "SelectIt",
    "judge_from",
    "read_spec",
]

JUDGE_FILE = ".toml"
"""How the name of a judge's file ends."""


def judge_from(path: Path, taken: Set[str] = frozenset()) -> type[FileJudge]:
    """The scorer in a file; its name must be none of those taken. Raises UsageError."""
    spec = read_spec(path)
    if spec.name in taken:
        raise UsageError(f"{path}: there is a scorer named {spec.name} already; give the judge another name")
    return _class(spec, spec.name, str(path.resolve()))


def _class(spec: JudgeSpec, title: str, file: str | None = None) -> type[FileJudge]:
    own = {
        "__module__": __name__, "__doc__": spec.summary, "spec": spec, "file": file, "name": spec.name,
        "summary": spec.summary, "paper": spec.paper, "default_model": spec.model, "unit": spec.unit,
        "routed": spec.routed, "categories": spec.categories,
    }  # fmt: skip
    return cast(type[FileJudge], type(title, (FileJudge,), own))


def _shipped(name: str, title: str) -> type[FileJudge]:
    with as_file(files(__name__).joinpath(f"{name}.toml")) as path:
        return _class(read_spec(path, f"{name}.toml"), title)


Alpagasus = _shipped("alpagasus", "Alpagasus")
Instag = _shipped("instag", "Instag")
SelectIt = _shipped("selectit", "SelectIt")
