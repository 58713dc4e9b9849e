"""Throughput and processor time of a platform with so many replicas, by who spends it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass

import psutil
import yaml

from benchmarks.client import Client
from benchmarks.load import saturate
from benchmarks.scale.model import Cost
from benchmarks.target import own_target
from cluster.up import LOCAL_TOPOLOGY

_CONNECTIONS = 32
_KINDS = {"ServeReplica": "replica", "haproxy": "proxy", "postgres": "database"}


@dataclass(frozen=True)
class Measured:
    """A page from memory and a list through the database, with this many replicas."""

    replicas: int
    memory_per_second: float
    through_per_second: float
    memory: Cost
    through: Cost


async def measure(replicas: int) -> Measured:
    """Start a platform of its own with the local topology and so many replicas, and saturate it."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        document = yaml.safe_load(LOCAL_TOPOLOGY.read_text())
        document["applications"][0]["deployments"][0]["num_replicas"] = replicas
        yaml.safe_dump(document, file)
        file.flush()
        async with own_target("scale", AZORA_TOPOLOGY=file.name, AZORA_RAY_LOGICAL_CPUS="16") as place:
            async with Client(place.base_url, 4) as client:
                body = {
                    "title": "Scale", "description": "d", "category": "c",
                    "modules": [{"title": "m", "units": [{"kind": "text", "title": "u", "body": "b"}]}],
                }  # fmt: skip
                _, course = await client.call("POST", "/api/courses", who=place.instructor, json=body, key="scale")
                await client.call("POST", f"/api/courses/{course['id']}/publish", who=place.instructor, key="publish")
            token = place.instructor.token
            assert token is not None
            pages = f"{place.base_url}/api/courses/{course['id']}", f"{place.base_url}/api/courses?limit=5"
            loads, costs = [], []
            for url in pages:
                saturate(url, token, _CONNECTIONS, lambda: 0.0)  # warm
                before = _spent(place.pid)
                load = saturate(url, token, _CONNECTIONS, lambda: 0.0)
                count = load.requests_per_second * 6
                loads.append(load.requests_per_second)
                costs.append(_cost(before, _spent(place.pid), count))
            return Measured(replicas, loads[0], loads[1], costs[0], costs[1])


def _spent(pid: int) -> dict[str, float]:
    """Processor seconds of everything that a platform runs, by kind."""
    spent = dict.fromkeys(vars(Cost(0, 0, 0, 0)), 0.0)
    top = psutil.Process(pid)
    for process in [top, *top.children(recursive=True)]:
        try:
            name = " ".join(process.cmdline()) or process.name()
            times = process.cpu_times()
        except psutil.Error:
            continue
        kind = next((kind for part, kind in _KINDS.items() if part in name), "rest")
        spent[kind] += times.user + times.system
    return spent


def _cost(before: Mapping[str, float], after: Mapping[str, float], count: float) -> Cost:
    return Cost(**{kind: max(0.0, after[kind] - before[kind]) / count * 1e6 for kind in vars(Cost(0, 0, 0, 0))})
