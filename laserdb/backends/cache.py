"""The user's cache folder for unpacked and distilled models, filled atomically; hashes of model folders."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from laserdb.errors import ModelNotFound

_WHOLE = 1 << 20  # bytes up to which a file is hashed whole
_SAMPLES, _SAMPLE = 32, 1 << 16


def cache_folder() -> Path:
    """Folder for unpacked and distilled models: $LASERDB_CACHE, else laserdb in the user's cache folder."""
    if own := os.environ.get("LASERDB_CACHE"):
        return Path(own).expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "laserdb"


def folder_hash(folder: Path) -> str:
    """Short hash of a model folder's content; times and the folder's own place don't enter it.

    Files up to 1 MiB enter whole; of larger ones the size and 32 evenly spaced blocks of 64 KiB, which
    training changes everywhere, so that gigabytes need not be read to compare identities.
    """
    return _hash((path, path.relative_to(folder).as_posix()) for path in sorted(_model_files(folder)))


def file_hash(path: Path) -> str:
    """Short hash of a model that is one file, read as `folder_hash` does; its name doesn't enter."""
    return _hash([(path, "")])


def _hash(files: Iterable[tuple[Path, str]]) -> str:
    digest = hashlib.sha256()
    for path, name in files:
        size = path.stat().st_size
        digest.update(f"{name}\0{size}\0".encode())
        with path.open("rb") as file:
            if size <= _WHOLE:
                digest.update(file.read())
                continue
            for i in range(_SAMPLES):
                file.seek((size - _SAMPLE) * i // (_SAMPLES - 1))
                digest.update(file.read(_SAMPLE))
    return digest.hexdigest()[:16]


def publish(target: Path, fill: Callable[[Path], None], *, good: Callable[[Path], bool]) -> Path:
    """Make the cache folder `target` by `fill`, all or nothing, safe against other processes doing the same.

    `fill` writes into a temporary folder that is then renamed; `good` tells whether a folder is whole. A
    whole one is left alone, a damaged one replaced.
    """
    if good(target):
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise ModelNotFound(
            f"can't write to the cache {target.parent} ({error.strerror}); "
            "set LASERDB_CACHE to a folder that you own"
        ) from error
    try:
        made.chmod(0o755)
        fill(made)
        if target.exists() and not good(target):
            target.rename(made.with_name(made.name + ".old"))
        made.rename(target)
    except OSError:
        if not good(target):  # else another process was first, and its folder serves
            raise
    finally:
        shutil.rmtree(made, ignore_errors=True)
        shutil.rmtree(made.with_name(made.name + ".old"), ignore_errors=True)
    return target


def _model_files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden and path.suffix.lower() != ".md":
            yield path
