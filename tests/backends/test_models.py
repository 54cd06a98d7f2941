import os
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from laserdb.backends import models
from laserdb.backends.cache import cache_folder, folder_hash, publish
from laserdb.backends.models import MINILM, fetch, fetch_file, find_model
from laserdb.errors import ModelNotFound


@pytest.fixture
def packaged(tmp_path, monkeypatch):
    """A stand-in for the package of the default model, and an empty cache."""
    package = tmp_path / "site" / "fake_minilm"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    with zipfile.ZipFile(package / "model.zip", "w") as file:
        file.writestr("config.json", "{}")
        file.writestr("1_Pooling/config.json", "{}")
        file.writestr("tokenizer.json", "x" * 1000)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setattr(models, "_PACKAGES", {MINILM: ("fake_minilm", "numpy")})
    monkeypatch.setenv("LASERDB_CACHE", str(tmp_path / "cache"))
    return package / "model.zip"


def test_cache_folder_order(monkeypatch, tmp_path):
    monkeypatch.delenv("LASERDB_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "laserdb"
    monkeypatch.setenv("LASERDB_CACHE", str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own"


@pytest.mark.parametrize("name", [MINILM, f"sentence-transformers/{MINILM}"])
def test_packaged_model_is_unpacked_once_and_not_imported(packaged, name, monkeypatch):
    import numpy

    source = find_model(name)
    assert (source.name, source.kind, source.revision) == (MINILM, "package", numpy.__version__)
    assert not cache_folder().exists()
    folder = fetch(source)
    assert (folder / "1_Pooling" / "config.json").read_text() == "{}"
    assert "fake_minilm" not in sys.modules
    before = (folder / "config.json").stat().st_ino
    assert fetch(source) == folder
    assert (folder / "config.json").stat().st_ino == before
    assert os.listdir(folder.parent) == [folder.name]


def test_package_wins_over_a_folder_of_its_name(packaged, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / MINILM).mkdir()
    (tmp_path / MINILM / "config.json").write_text("{}")
    assert find_model(MINILM).kind == "package"
    assert find_model(f"./{MINILM}").kind == "folder"


def test_damaged_copy_is_replaced(packaged):
    source = find_model(MINILM)
    folder = fetch(source)
    (folder / "tokenizer.json").write_text("cut off")
    assert fetch_file(source, "tokenizer.json").read_text() == "x" * 1000
    assert os.listdir(folder.parent) == [folder.name]


def test_damaged_archive(packaged):
    packaged.write_bytes(packaged.read_bytes().replace(b"x" * 1000, b"y" * 1000))
    with pytest.raises(ModelNotFound, match="can't unpack"):
        fetch(find_model(MINILM))
    assert os.listdir(cache_folder() / "models") == []


def test_many_unpack_at_once(packaged):
    source = find_model(MINILM)
    with ThreadPoolExecutor(8) as pool:
        folders = set(pool.map(lambda _: fetch(source), range(16)))
    assert len(folders) == 1
    assert os.listdir(cache_folder() / "models") == [folders.pop().name]


def test_publish_leaves_nothing_behind_when_it_fails(tmp_path):
    def fill(folder):
        (folder / "part").write_text("half")
        raise RuntimeError("no power")

    with pytest.raises(RuntimeError, match="no power"):
        publish(tmp_path / "a" / "model", fill, good=lambda folder: folder.exists())
    assert os.listdir(tmp_path / "a") == []


def test_unwritable_cache_names_the_variable(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelNotFound, match="LASERDB_CACHE"):
        publish(tmp_path / "file" / "model", lambda _: None, good=lambda _: False)


def make_folder(path, weights=b"\0" * (3 << 20)):
    path.mkdir()
    (path / "config.json").write_text("{}")
    (path / "model.safetensors").write_bytes(weights)
    return path


def test_folder_hash_is_of_the_content(tmp_path):
    one, same = make_folder(tmp_path / "one"), make_folder(tmp_path / "same")
    os.utime(same / "config.json", (1, 1))
    (same / "README.md").write_text("words")
    (same / ".git").mkdir()
    (same / ".git" / "HEAD").write_text("x")
    assert folder_hash(one) == folder_hash(same)
    trained = make_folder(tmp_path / "trained", weights=b"\1" * (3 << 20))
    assert folder_hash(trained) != folder_hash(one)
    (same / "config.json").write_text("{ }")
    assert folder_hash(same) != folder_hash(one)


def test_folder(tmp_path):
    folder = make_folder(tmp_path / "model")
    source = find_model(str(folder))
    assert (source.kind, source.path_or_id, source.revision) == ("folder", str(folder), folder_hash(folder))
    assert fetch(source) == folder
    with pytest.raises(ModelNotFound, match=r"has no tokenizer\.json"):
        fetch_file(source, "tokenizer.json")


def test_folder_without_a_model(tmp_path):
    with pytest.raises(ModelNotFound, match="holds no model"):
        find_model(str(tmp_path))


@pytest.mark.parametrize("name", ["./missing", "/missing/model", "~/missing-model", "a/b/c", ""])
def test_missing_path(name):
    with pytest.raises(ModelNotFound, match="no such folder"):
        find_model(name)


def test_hub_names():
    source = find_model("owner/name@v2")
    assert (source.kind, source.path_or_id, source.revision) == ("hub", "owner/name", "v2")
    assert find_model("owner/name").revision == "main"


def test_default_model_without_its_package_is_on_the_hub(monkeypatch):
    monkeypatch.setattr(models, "_PACKAGES", {MINILM: ("no_such_module", "no-such-package")})
    source = find_model(MINILM)
    assert (source.name, source.kind) == (MINILM, "hub")
    assert source.path_or_id == f"sentence-transformers/{MINILM}"


def test_unreachable_hub_is_one_line(monkeypatch):
    pytest.importorskip("huggingface_hub")
    monkeypatch.setattr(models, "_PACKAGES", {})
    monkeypatch.setattr("huggingface_hub.snapshot_download", fail)
    monkeypatch.setattr("huggingface_hub.hf_hub_download", fail)
    with pytest.raises(ModelNotFound, match="give a model's folder") as caught:
        fetch(find_model("owner/name"))
    assert "\n" not in str(caught.value)
    with pytest.raises(ModelNotFound, match=r"laserdb\[offline\]"):
        fetch_file(find_model(MINILM), "tokenizer.json")


def fail(*args, **kwargs):
    raise ConnectionError("no route\nto the hub")
