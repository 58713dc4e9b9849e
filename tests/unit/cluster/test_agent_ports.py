"""Wherever a Ray node is started, the ports of its agents are told: it waits 15 s for each that is not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from cluster.several.ray_node import _AGENT_PORTS

_CLUSTER = Path(__file__).parents[3] / "cluster"
_EPHEMERAL = 32_768  # from here on Linux hands ports out by itself
_KUBERAY_ASKS = 52_365


def _started(document: Any) -> Iterator[dict[str, str]]:
    """The parameters of every node that a document of ours starts."""
    if isinstance(document, dict):
        if "rayStartParams" in document:
            yield document["rayStartParams"]
        for value in document.values():
            yield from _started(value)
    elif isinstance(document, list):
        for value in document:
            yield from _started(value)
    elif isinstance(document, str) and "ray start" in document:
        yield dict(re.findall(r"--([a-z-]+)=([^ ]+)", document))


def _nodes() -> Iterator[tuple[str, dict[str, str]]]:
    for file in [*(_CLUSTER / "kubernetes" / "base").glob("*.yaml"), *(_CLUSTER / "ray").glob("*.yaml")]:
        for document in yaml.safe_load_all(file.read_text()):
            yield from ((file.name, node) for node in _started(document))


def test_every_node_is_told_the_ports_of_its_agents() -> None:
    nodes = list(_nodes())
    assert {file for file, _ in nodes} == {"rayservice.yaml", "nightly.yaml", "aws.yaml", "local.yaml"}
    for file, parameters in nodes:
        told = {name: int(parameters.get(name, 0)) for name in _AGENT_PORTS}
        assert all(told.values()), (file, told)
        assert len(set(told.values())) == len(told), (file, told)
        assert all(port < _EPHEMERAL or port == _KUBERAY_ASKS for port in told.values()), (file, told)
