"""From processor time per request to machines: pure arithmetic, with every assumption in one place.

Throughput over replicas is fitted by the universal scalability law (Gunther, Guerrilla Capacity Planning, 2007):
X(N) = gamma N / (1 + alpha (N-1) + beta N (N-1)), where alpha is what must be done one after the other and beta what
replicas cost each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Scalability:
    """The fitted law."""

    gamma: float
    alpha: float
    beta: float

    def throughput(self, replicas: float) -> float:
        """Requests/s of so many replicas, were there processors for all."""
        return self.gamma * replicas / (1 + self.alpha * (replicas - 1) + self.beta * replicas * (replicas - 1))


def fit(measured: Mapping[int, float]) -> Scalability:
    """Least squares over N/X(N), which is linear; negative costs are taken for none.

    With fewer than three points the costs they cannot tell apart are taken for none.
    """
    counts = np.array(sorted(measured), dtype=float)
    inverse = counts / np.array([measured[int(count)] for count in counts])
    columns = [np.ones_like(counts), counts - 1, counts * (counts - 1)][: len(counts)]
    solution, *_ = np.linalg.lstsq(np.stack(columns, axis=1), inverse, rcond=None)
    base, alpha, beta = (*solution.tolist(), 0.0, 0.0)[:3]
    return Scalability(1 / base, max(0.0, alpha / base), max(0.0, beta / base))


@dataclass(frozen=True)
class Cost:
    """Processor time of one request, in microseconds, by who spends it."""

    replica: float
    proxy: float
    database: float
    rest: float

    def mixed(self, other: Cost, share: float) -> Cost:
        """`share` of requests cost this, the others cost `other`."""
        mine, theirs = vars(self), vars(other)
        return Cost(**{name: share * mine[name] + (1 - share) * theirs[name] for name in mine})


@dataclass(frozen=True)
class EventCost:
    """Events appended and counted: how many in a second, and the processor time of one, in microseconds."""

    per_second: float
    aggregator: float
    database: float


@dataclass(frozen=True)
class Measured:
    """A page from memory, a list through the database, and events, with so many replicas and aggregators."""

    count: int
    memory_per_second: float
    memory: Cost
    through_per_second: float
    through: Cost
    events: EventCost


@dataclass(frozen=True)
class Assumptions:
    """What the figures of this machine do not say."""

    from_memory: float = 0.9  # the share of requests that a replica answers from its own memory
    events: float = 0.1  # for each request: who completes a unit has read several pages before
    utilisation: float = 0.6  # of a processor, at the peak; the rest is for a node that fails and for bursts
    node_processors: int = 4  # of which the proxy and Ray's own processes take their part
    node_overhead: float = 0.5  # processors of a node that Ray's own processes take
    database_processors: int = 64  # of the largest primary that one would rent


@dataclass(frozen=True)
class Plan:
    """What a rate needs."""

    rate: float
    replica_processors: float
    aggregator_processors: float
    nodes: int
    database_processors: float
    fits_one_primary: bool


def plan(rate: float, memory: Cost, through: Cost, events: EventCost, assumed: Assumptions) -> Plan:
    """Machines for so many requests a second, of which `assumed.from_memory` cost `memory`."""
    cost = memory.mixed(through, assumed.from_memory)
    seconds = rate / 1e6 / assumed.utilisation
    aggregators = events.aggregator * assumed.events * seconds
    on_nodes = (cost.replica + cost.proxy + cost.rest) * seconds + aggregators
    database = (cost.database + events.database * assumed.events) * seconds
    return Plan(
        rate=rate,
        replica_processors=cost.replica * seconds,
        aggregator_processors=aggregators,
        nodes=max(3, int(np.ceil(on_nodes / (assumed.node_processors - assumed.node_overhead)))),
        database_processors=database,
        fits_one_primary=database <= assumed.database_processors,
    )
