"""The folder of models: what is whole is found, what is damaged is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from cluster.models.errors import ModelDamaged
from cluster.models.store import MANIFEST, ModelStore


def adopted(store: ModelStore, name: str = "small") -> Path:
    part = store.part(name)
    (part / "config.json").write_text("{}")
    (part / "model.safetensors").write_bytes(b"weights")
    store.adopt(name, "somewhere==1", "MIT")
    return store.folder(name)


def test_what_was_adopted_is_found(tmp_path: Path) -> None:
    store = ModelStore(tmp_path)
    adopted(store)
    manifest = store.manifest("small")
    assert manifest is not None
    assert [file.path for file in manifest.files] == ["config.json", "model.safetensors"]
    assert manifest.size == 9
    assert store.damage(manifest) == []
    assert [found.name for found in store.all()] == ["small"]


def test_what_is_unfinished_is_not(tmp_path: Path) -> None:
    store = ModelStore(tmp_path)
    (store.part("small") / "config.json").write_text("{}")
    assert store.manifest("small") is None
    assert list(store.all()) == []


def test_damage_is_named(tmp_path: Path) -> None:
    store = ModelStore(tmp_path)
    folder = adopted(store)
    (folder / "model.safetensors").write_bytes(b"WEIGHTS")
    (folder / "config.json").unlink()
    manifest = store.manifest("small")
    assert manifest is not None
    assert store.damage(manifest) == ["config.json is missing", "model.safetensors has other content"]
    (folder / "model.safetensors").write_bytes(b"short")
    assert "model.safetensors has 5 bytes instead of 7" in store.damage(manifest)


def test_a_second_one_replaces_the_first(tmp_path: Path) -> None:
    store = ModelStore(tmp_path)
    folder = adopted(store)
    (folder / "left over").write_text("x")
    adopted(store)
    assert not (folder / "left over").exists()


def test_a_manifest_that_cannot_be_read_is_damage(tmp_path: Path) -> None:
    store = ModelStore(tmp_path)
    (adopted(store) / MANIFEST).write_text("{")
    with pytest.raises(ModelDamaged):
        store.manifest("small")
