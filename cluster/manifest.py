"""The topology inside the Kubernetes manifest: KubeRay takes Serve's configuration as text in the RayService."""

from __future__ import annotations

import re
from pathlib import Path

from cluster.node import PRODUCTION_TOPOLOGY

RAY_SERVICE = Path(__file__).parent / "kubernetes" / "base" / "rayservice.yaml"
_BLOCK = re.compile(r"(?<=^  serveConfigV2: \|\n)(?:^(?: {4}.*)?\n)+", re.MULTILINE)


def with_topology(manifest: str, topology: str) -> str:
    """The manifest with this topology in the place of the one it has."""
    indented = "".join(f"    {line}\n" if line else "\n" for line in topology.splitlines())
    return _BLOCK.sub(lambda _: indented, manifest, count=1)


def is_current() -> bool:
    """Whether the manifest has `configs/serve.production.yaml` word for word."""
    text = RAY_SERVICE.read_text()
    return with_topology(text, PRODUCTION_TOPOLOGY.read_text()) == text


def refresh() -> bool:
    """Write the topology into the manifest; whether that changed anything."""
    if is_current():
        return False
    RAY_SERVICE.write_text(with_topology(RAY_SERVICE.read_text(), PRODUCTION_TOPOLOGY.read_text()))
    return True
