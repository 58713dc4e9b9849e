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
    """`strike` breaks something, and says what and on which node."""

    name: str
    strike: Callable[[LocalCluster, Picture], Awaitable[tuple[str, RayNode]]]


async def _raylet(cluster: LocalCluster, picture: Picture) -> tuple[str, RayNode]:
    """The raylet of the worker with the most replicas."""
    node = max(cluster.workers, key=lambda node: _replicas_on(node, picture))
    pid = _kill(node, "raylet")
    return f"raylet (process {pid}) of {node.plan.label}, with {_replicas_on(node, picture)} replicas", node


async def _gcs(cluster: LocalCluster, picture: Picture) -> tuple[str, RayNode]:
    """The head's GCS; Ray ends the rest of the head with it."""
    return f"gcs_server (process {_kill(cluster.head, 'gcs_server')}) of the head", cluster.head


async def _aggregators(cluster: LocalCluster, picture: Picture) -> tuple[str, RayNode]:
    """Every process of a node that holds an aggregator, as if it had lost power."""
    for node in cluster.workers:
        here = {a.name for a in picture.actors if picture.alive[a.node_id].address == node.plan.namespace.address}
        if held := sorted(name for name in here if name.startswith("analytics_aggregator")):
            count = len(node.plan.namespace.processes())
            node.plan.namespace.clear()
            return f"all {count} processes of {node.plan.label}, which held {', '.join(held)}", node
    raise RuntimeError("no node holds an aggregator")


FAULTS = (
    Fault("a worker's raylet", _raylet),
    Fault("the head's GCS", _gcs),
    Fault("a node with aggregators", _aggregators),
)


def _replicas_on(node: RayNode, picture: Picture) -> int:
    ids = {found.id for found in picture.alive.values() if found.address == node.plan.namespace.address}
    return sum(replica.node_id in ids for replica in picture.replicas)


def _kill(node: RayNode, name: str) -> int:
    pid = next(pid for pid in node.plan.namespace.processes() if psutil.Process(pid).name() == name)
    os.kill(pid, signal.SIGKILL)
    return pid
