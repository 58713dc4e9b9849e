"""Which processes there are, and which release they run."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from stores.metrics.registry import gauge

BUILD = gauge("azora_build_info", "1; the labels tell the release", ("version", "python", "ray"), mode="livemostrecent")
PROCESSES = gauge("azora_processes", "Processes that live, by what they do", ("process",))


def announce(process: str) -> None:
    """Say what this process is; call it once."""
    BUILD.labels(_version("azora"), platform.python_version(), _version("ray")).set(1)
    PROCESSES.labels(process).set(1)


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "unknown"
