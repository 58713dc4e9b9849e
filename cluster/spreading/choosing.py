"""Where a new replica goes, and which replica is to move: pure, no Ray.

Terms: `counts[deployment][node]` is how many replicas of a deployment run on a node; `fits(deployment, node)` is
whether the node has room for one more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

D = TypeVar("D", bound=Hashable)
Counts = Mapping[D, Mapping[str, int]]
Fits = Callable[[D, str], bool]


@dataclass(frozen=True)
class Move(Generic[D]):
    """One replica of `deployment` shall leave the node `source`."""

    deployment: D
    source: str


def node_for(deployment: D, nodes: Iterable[str], counts: Counts[D]) -> str | None:
    """Of the nodes with room: the one with the fewest replicas of this deployment, then with the fewest of all."""
    own, total = counts.get(deployment, {}), totals(counts)
    return min(nodes, key=lambda node: (own.get(node, 0), total[node], node), default=None)


def next_move(counts: Counts[D], nodes: Collection[str], fits: Fits[D], fresh: Collection[str]) -> Move[D] | None:
    """The move that helps most, None where replicas are as they should be.

    First, all replicas of a deployment must not be on one node where another has room: one fault would take them all.
    Second, `fresh` nodes, which have just joined, take their share, until the fullest has but one replica more. Nodes
    that are not fresh are left as they are: where one empties as load goes, Ray's autoscaler waits for just that.
    """
    for deployment, own in counts.items():
        here = [node for node, count in own.items() if count]
        if len(here) == 1 and own[here[0]] > 1 and any(fits(deployment, node) for node in nodes if node not in here):
            return Move(deployment, here[0])
    total = totals(counts)
    for target in sorted(fresh, key=lambda node: (total[node], node)):
        for source in sorted(nodes, key=lambda node: (-total[node], node)):
            if total[source] - total[target] < 2:
                break
            movable = [d for d, own in counts.items() if own.get(source, 0) > own.get(target, 0) and fits(d, target)]
            if movable:
                return Move(min(movable, key=lambda d: counts[d].get(target, 0)), source)
    return None


def totals(counts: Counts[D]) -> Counter[str]:
    """Replicas of all deployments on each node."""
    total: Counter[str] = Counter()
    for own in counts.values():
        total.update(own)
    return total
