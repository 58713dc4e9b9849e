"""Where a new replica goes, which replica is to move, and which go as load does: pure, no Ray.

Terms: `counts[deployment][node]` is how many replicas of a deployment run on a node; `fits(deployment, node)` is
whether the node has room for one more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

D = TypeVar("D", bound=Hashable)
R = TypeVar("R", bound=Hashable)
Counts = Mapping[D, Mapping[str, int]]
Fits = Callable[[D, str], bool]
_FIRST_REST_SECONDS = 60.0
_LONGEST_REST_SECONDS = 3600.0


@dataclass(frozen=True)
class Move(Generic[D]):
    """One replica of `deployment` shall leave the node `source`."""

    deployment: D
    source: str


@dataclass
class Rests(Generic[D]):
    """Moves that led nowhere are not tried again at once: first they rest for a minute, then twice as long each time.

    Every try starts a replica for nothing, or has one drain. Times are in seconds, of any clock that only goes on.
    """

    _rests: dict[Move[D], tuple[float, float]] = field(default_factory=dict)  # how long, and until when

    def failed(self, move: Move[D], now: float) -> float:
        """The move led nowhere; how long it rests from now."""
        last = self._rests.get(move)
        seconds = _FIRST_REST_SECONDS if last is None else min(2 * last[0], _LONGEST_REST_SECONDS)
        self._rests[move] = (seconds, now + seconds)
        return seconds

    def succeeded(self, move: Move[D]) -> None:
        """The next failure of this move is the first again."""
        self._rests.pop(move, None)

    def forget(self) -> None:
        """Every move may be tried again at once."""
        self._rests.clear()

    def at(self, now: float) -> set[Move[D]]:
        """The moves that rest."""
        return {move for move, (_, until) in self._rests.items() if now < until}


def node_for(deployment: D, nodes: Iterable[str], counts: Counts[D]) -> str | None:
    """Of the nodes with room: the one with the fewest replicas of this deployment, then with the fewest of all."""
    own, total = counts.get(deployment, {}), totals(counts)
    return min(nodes, key=lambda node: (own.get(node, 0), total[node], node), default=None)


def next_move(
    counts: Counts[D],
    nodes: Collection[str],
    fits: Fits[D],
    fresh: Collection[str],
    resting: Collection[Move[D]] = (),
) -> Move[D] | None:
    """The move that helps most and does not rest, None where replicas are as they should be.

    First, all replicas of a deployment must not be on one node where another has room: one fault would take them all.
    Second, `fresh` nodes, which have just joined, take their share, until the fullest has but one replica more. Nodes
    that are not fresh are left as they are: where one empties as load goes, Ray's autoscaler waits for just that.
    """
    for deployment, own in counts.items():
        here = [node for node, count in own.items() if count]
        if len(here) != 1 or own[here[0]] < 2 or Move(deployment, here[0]) in resting:
            continue
        if any(fits(deployment, node) for node in nodes if node not in here):
            return Move(deployment, here[0])
    total = totals(counts)
    for target in sorted(fresh, key=lambda node: (total[node], node)):
        for source in sorted(nodes, key=lambda node: (-total[node], node)):
            if total[source] - total[target] < 2:
                break
            fuller = [d for d, own in counts.items() if own.get(source, 0) > own.get(target, 0)]
            movable = [d for d in fuller if Move(d, source) not in resting and fits(d, target)]
            if movable:
                return Move(min(movable, key=lambda d: counts[d].get(target, 0)), source)
    return None


def first_to_stop(
    running: Mapping[R, str], total: Mapping[str, int], occupied: Collection[str], number: int
) -> list[R]:
    """Which replicas of a deployment go as load does. `running` says where each is, the oldest first; `total` how many
    of all deployments a node has.

    Those go first whose node can soon be given back: nothing else, of `occupied`, keeps it, and few replicas are on it.
    The last two are left on different nodes where they are, since one fault would otherwise take both.
    """
    left, on, going = dict(running), Counter(total), list[R]()
    while left and len(going) < number:
        nodes = Counter(left.values())

        def keeps(node: str, nodes: Counter[str] = nodes) -> tuple[bool, bool, int, str]:
            parts_the_last = len(nodes) == 2 and nodes[node] == 1 and nodes.total() > 2
            return parts_the_last, node in occupied, on[node], node

        node = min(nodes, key=keeps)
        newest = next(replica for replica in reversed(left) if left[replica] == node)
        going.append(newest)
        del left[newest]
        on[node] -= 1
    return going


def totals(counts: Counts[D]) -> Counter[str]:
    """Replicas of all deployments on each node."""
    total: Counter[str] = Counter()
    for own in counts.values():
        total.update(own)
    return total
