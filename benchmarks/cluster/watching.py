"""When a cluster is whole again: every node lives, every application runs, every replica and actor is there."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass

import httpx

from cluster.dashboard import ClusterActor, ClusterNode, Dashboard, Replica
from cluster.several.local_cluster import LocalCluster
from configs.errors import AzoraError

_POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Picture:
    """What the dashboard shows at one moment."""

    nodes: list[ClusterNode]
    actors: list[ClusterActor]
    replicas: list[Replica]
    running: bool

    @property
    def alive(self) -> dict[str, ClusterNode]:
        return {node.id: node for node in self.nodes if node.alive}

    @property
    def named(self) -> set[str]:
        """Named actors that live on a node that lives."""
        return {a.name for a in self.actors if a.name and a.state == "ALIVE" and a.node_id in self.alive}

    def healthy_replicas(self) -> dict[str, int]:
        """How many replicas of each application run on nodes that live."""
        counts: dict[str, int] = {}
        for replica in self.replicas:
            if replica.state == "RUNNING" and replica.node_id in self.alive:
                counts[replica.application] = counts.get(replica.application, 0) + 1
        return counts


def look(dashboard: Dashboard) -> Picture:
    """Raises `RuntimeFailure`."""
    applications = dashboard.applications()
    running = bool(applications) and all(state.ready for state in applications)
    return Picture(dashboard.nodes(), dashboard.actors(), dashboard.replicas(), running)


def is_whole(picture: Picture, before: Picture, broken: str) -> bool:
    """Whether everything that was there before is there again, wherever it is now.

    `broken` is the address of the node that was hit: what it was before must be known to be dead by now.
    """
    if any(node.address == broken and node.id in picture.alive for node in before.nodes):
        return False
    now, then = picture.healthy_replicas(), before.healthy_replicas()
    own = {name for name in before.named if not name.startswith("SERVE_")}
    return (
        picture.running
        and len(picture.alive) >= len(before.alive)
        and all(now.get(application, 0) >= min(count, 2) for application, count in then.items())
        and own <= picture.named
    )


async def until_whole(
    cluster: LocalCluster, http: httpx.AsyncClient, before: Picture, broken: str, within_seconds: float
) -> float:
    """Seconds until the cluster was whole and `/ready` said so. Raises `TimeoutError`."""
    began = time.monotonic()
    while time.monotonic() - began < within_seconds:
        with suppress(AzoraError, httpx.HTTPError, KeyError):
            picture: Picture = await cluster.ask(look)
            if is_whole(picture, before, broken) and (await http.get("/ready")).status_code == 200:
                return time.monotonic() - began
        await asyncio.sleep(_POLL_SECONDS)
    raise TimeoutError(f"not whole again within {within_seconds:.0f} s")
