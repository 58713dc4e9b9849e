"""What is broken on purpose, always with SIGKILL."""

from __future__ import annotations

import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import psutil

from benchmarks.cluster.watching import Picture
from cluster.several.local_cluster import LocalCluster
from cluster.several.ray_node import RayNode


@dataclass(frozen=True)
class Fault:
    """`strike` breaks something, and says what and on which node. With `errands` agents are at work meanwhile."""

    name: str
    strike: Callable[[LocalCluster, Picture], Awaitable[tuple[str, RayNode]]]
    errands: bool = False


async def _raylet(cluster: LocalCluster, picture: Picture) -> tuple[str, RayNode]:
    """The raylet of the worker with the most replicas."""
    node = max(cluster.workers, key=lambda node: _replicas_on(node, picture))
    pid = _kill(node, "raylet")
    return f"raylet (process {pid}) of {node.plan.label}, with {_replicas_on(node, picture)} replicas", node


async def _gcs(cluster: LocalCluster, picture: Picture) -> tuple[str, RayNode]:
    """The head's GCS; Ray ends the rest of the head with it."""
    return f"gcs_server (process {_kill(cluster.head, 'gcs_server')}) of the head", cluster.head


async def _aggregators(cluster: LocalCluster, picture: Picture) -> tuple[str, RayNode]:
    """Every process of the node that holds an aggregator and the most agents, as if it had lost power."""
    held = {node.plan.label: _actors_on(node, picture) for node in cluster.workers}
    with_aggregator = [node for node in cluster.workers if any(map(_is_aggregator, held[node.plan.label]))]
    node = max(with_aggregator, key=lambda node: sum(name.startswith("agent-") for name in held[node.plan.label]))
    count = len(node.plan.namespace.processes())
    node.plan.namespace.clear()
    return f"all {count} processes of {node.plan.label}, which held {', '.join(held[node.plan.label])}", node


FAULTS = (
    Fault("a worker's raylet", _raylet),
    Fault("the head's GCS", _gcs),
    Fault("a node with an aggregator and agents", _aggregators, errands=True),
)


def _is_aggregator(name: str) -> bool:
    return name.startswith("analytics_aggregator")


def _actors_on(node: RayNode, picture: Picture) -> list[str]:
    """The platform's own, by name."""
    ids = {found.id for found in picture.alive.values() if found.address == node.plan.namespace.address}
    return sorted(a.name for a in picture.actors if a.name and a.node_id in ids and not a.name.startswith("SERVE_"))


def _replicas_on(node: RayNode, picture: Picture) -> int:
    ids = {found.id for found in picture.alive.values() if found.address == node.plan.namespace.address}
    return sum(replica.node_id in ids for replica in picture.replicas)


def _kill(node: RayNode, name: str) -> int:
    pid = next(pid for pid in node.plan.namespace.processes() if psutil.Process(pid).name() == name)
    os.kill(pid, signal.SIGKILL)
    return pid
