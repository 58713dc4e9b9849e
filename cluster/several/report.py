"""What runs where: nodes, the replicas and the actors on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.table import Table

from cluster.dashboard import ClusterActor, ClusterNode, Dashboard, Replica

RUNNING = "RUNNING"


def placement_table(dashboard: Dashboard) -> Table:
    """A row for each living node, and one for replicas that no living node has. Raises `RuntimeFailure`."""
    nodes, actors, replicas = dashboard.nodes(), dashboard.actors(), dashboard.replicas()
    living = [node for node in nodes if node.alive]
    table = Table("node", "resources", "replicas", "actors", box=None, padding=(0, 2, 0, 0))
    for node in sorted(living, key=lambda node: (not node.head, node.address)):
        kinds = sorted(name.removeprefix("azora_") for name in node.resources if name.startswith("azora_"))
        role = "head" if node.head else ", ".join(kinds)
        table.add_row(node.address, role, replicas_of(node, replicas), actors_of(node, actors))
    if nowhere := [replica for replica in replicas if replica.node_id not in {node.id for node in living}]:
        table.add_row("nowhere", "", _described(nowhere), "")
    return table


def not_running(dashboard: Dashboard) -> list[str]:
    """What of Serve's applications does not run, one a line, with what Serve says of it. Raises `RuntimeFailure`."""
    found = dashboard.applications()
    if not found:
        return ["Serve runs nothing: `azora cluster deploy`"]
    waiting = sorted((state for state in found if not state.ready), key=lambda state: state.name)
    return [f"{state.name}: {state.status}" + (f", {state.message}" if state.message else "") for state in waiting]


def replicas_of(node: ClusterNode, replicas: Sequence[Replica]) -> str:
    """Applications with their replicas on a node; those that do not run are told apart by their state."""
    return _described([replica for replica in replicas if replica.node_id == node.id])


def _described(replicas: Sequence[Replica]) -> str:
    return _counted(
        replica.application if replica.state == RUNNING else f"{replica.application} ({replica.state.lower()})"
        for replica in replicas
    )


def actors_of(node: ClusterNode, actors: Sequence[ClusterActor]) -> str:
    """The platform's own actors on a node."""
    names = (actor.name for actor in actors if actor.node_id == node.id and actor.state == "ALIVE")
    return ", ".join(sorted(name for name in names if name and not name.startswith("SERVE_")))


def _counted(names: object) -> str:
    counts = Counter(names)  # type: ignore[call-overload]
    return ", ".join(f"{name} {count}" if count > 1 else str(name) for name, count in sorted(counts.items()))
