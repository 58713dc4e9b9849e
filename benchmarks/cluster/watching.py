"""How a cluster comes back: the loss is noticed, what was lost is there twice again, every node lives."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, replace

import httpx

from cluster.dashboard import ClusterActor, ClusterNode, Dashboard, Replica
from cluster.several.local_cluster import LocalCluster
from configs.errors import AzoraError

_POLL_SECONDS = 1.0  # a look takes the head a tenth of that in processor time
_ANSWER_SECONDS = 5.0  # of a dashboard whose head may just be dying, or lacks processor time like all others


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


@dataclass(frozen=True)
class Recovery:
    """Seconds from a fault until each of the steps back; infinite where that was not seen in time.

    `noticed`: the cluster knows that what was hit is dead. `redundant`: every application has two replicas again, or
    the one that it had, and every actor lives: the next fault may come. `whole`: as many nodes as before, and `/ready`
    says that all is well.
    """

    noticed: float = float("inf")
    redundant: float = float("inf")
    whole: float = float("inf")


def is_noticed(picture: Picture, before: Picture, broken: str) -> bool:
    """Whether the node that was hit, at the address `broken`, is known to be dead; another may be there by now."""
    return not any(node.address == broken and node.id in picture.alive for node in before.nodes)


def is_redundant(picture: Picture, before: Picture) -> bool:
    """Whether no single fault would take a service away that had more than one replica, and every actor lives."""
    now, then = picture.healthy_replicas(), before.healthy_replicas()
    own = {name for name in before.named if not name.startswith(("SERVE_", "agent-"))}  # idle agents end by themselves
    enough = all(now.get(application, 0) >= min(count, 2) for application, count in then.items())
    return enough and own <= picture.named


def is_whole(picture: Picture, before: Picture) -> bool:
    """Whether everything that was there before is there again, wherever it is now."""
    return picture.running and len(picture.alive) >= len(before.alive) and is_redundant(picture, before)


async def recovery(
    cluster: LocalCluster, http: httpx.AsyncClient, before: Picture, broken: str, within_seconds: float
) -> Recovery:
    """Watch until the cluster is whole again, or the time is over."""
    began = time.monotonic()
    seen = Recovery()
    while seen.whole == float("inf") and time.monotonic() - began < within_seconds:
        with suppress(AzoraError, httpx.HTTPError, KeyError):
            picture: Picture = await cluster.ask(look, _ANSWER_SECONDS)
            ready = is_whole(picture, before) and (await http.get("/ready")).status_code == 200
            seen = _advanced(seen, picture, before, broken, ready, time.monotonic() - began)
        await asyncio.sleep(_POLL_SECONDS)
    return seen


def _advanced(seen: Recovery, picture: Picture, before: Picture, broken: str, ready: bool, after: float) -> Recovery:
    """`seen` with the steps that this picture shows; each needs the ones before it."""
    if is_noticed(picture, before, broken):
        seen = replace(seen, noticed=min(seen.noticed, after))
        if is_redundant(picture, before):
            seen = replace(seen, redundant=min(seen.redundant, after))
        if ready:
            seen = replace(seen, whole=after)
    return seen
