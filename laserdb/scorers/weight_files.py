"""Files of weights: `.npz` without pickle, written and read in one way."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from laserdb.errors import ModelNotFound


def save(path: Path, arrays: Mapping[str, Any], meta: Mapping[str, Any]) -> None:
    """Write arrays, and `meta` as JSON; the same ones give the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        np.savez_compressed(
            file, allow_pickle=False, **arrays, meta=np.array(json.dumps(meta, sort_keys=True))
        )


def meta_of(file: Mapping[str, Any]) -> dict[str, Any]:
    """What `save` was given as `meta`."""
    told: dict[str, Any] = json.loads(str(file["meta"]))
    return told


@contextmanager
def reading(path: Path, what: str, command: str) -> Iterator[Any]:
    """A file's arrays by name, each read when asked for.

    Raises ModelNotFound, naming the `command` that makes one, if there is no file; and if it, or what is
    done with it here, shows that it isn't `what`.
    """
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            yield file
    except FileNotFoundError as error:
        raise ModelNotFound(f"{path}: no such file; train one with: {command}") from error
    except (OSError, KeyError, ValueError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise ModelNotFound(f"{path}: not a {what} made by laserdb train ({error})") from error
