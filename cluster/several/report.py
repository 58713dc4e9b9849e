"""What runs where: nodes, the replicas and the actors on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.table import Table

from cluster.dashboard import ClusterActor, ClusterNode, Dashboard, Replica


def placement_table(dashboard: Dashboard) -> Table:
    """A row for each living node. Raises `RuntimeFailure`."""
    nodes, actors, replicas = dashboard.nodes(), dashboard.actors(), dashboard.replicas()
    table = Table("node", "resources", "replicas", "actors", box=None, padding=(0, 2, 0, 0))
    for node in sorted((node for node in nodes if node.alive), key=lambda node: (not node.head, node.address)):
        kinds = sorted(name.removeprefix("azora_") for name in node.resources if name.startswith("azora_"))
        role = "head" if node.head else ", ".join(kinds)
        table.add_row(node.address, role, replicas_of(node, replicas), actors_of(node, actors))
    return table


def replicas_of(node: ClusterNode, replicas: Sequence[Replica]) -> str:
    """Applications with their replicas on a node."""
    return _counted(replica.application for replica in replicas if replica.node_id == node.id)


def actors_of(node: ClusterNode, actors: Sequence[ClusterActor]) -> str:
    """The platform's own actors on a node."""
    names = (actor.name for actor in actors if actor.node_id == node.id and actor.state == "ALIVE")
    return ", ".join(sorted(name for name in names if name and not name.startswith("SERVE_")))


def _counted(names: object) -> str:
    counts = Counter(names)  # type: ignore[call-overload]
    return ", ".join(f"{name} {count}" if count > 1 else str(name) for name, count in sorted(counts.items()))
