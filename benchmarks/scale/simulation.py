"""Requests that arrive at random at servers that take as long as was measured: how long they take until the answer.

A discrete-event simulation of k servers, each with a queue of its own, first come first served; a request goes to the
less busy of two chosen at random (Mitzenmacher, The Power of Two Choices in Randomized Load Balancing, 2001). It backs
the share of a processor that the model plans with: at which the wait is still short. Seeded, so that it gives the same
figures again.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A `share` of the requests takes `seconds` of its server in the mean, exponentially distributed, and is then for
    `elsewhere` seconds with somebody else, while its server goes on with others."""

    share: float
    seconds: float
    elsewhere: float = 0.0


@dataclass(frozen=True)
class Waits:
    """Seconds between arrival and answer."""

    p50: float
    p99: float
    p999: float


def mean_seconds(kinds: Sequence[Kind]) -> float:
    """What a request takes of its server, over all kinds."""
    return sum(kind.share * kind.seconds for kind in kinds)


def simulate(rate: float, servers: int, kinds: Sequence[Kind], *, requests: int = 200_000, seed: int = 7) -> Waits:
    """`rate` requests/s of these kinds, whose shares add up to 1."""
    rng = random.Random(seed)
    free = [0.0] * servers  # when each has nothing more to do
    shares = [kind.share for kind in kinds]
    now, times = 0.0, []
    for kind in rng.choices(kinds, shares, k=requests):
        now += rng.expovariate(rate)
        server = min(rng.randrange(servers), rng.randrange(servers), key=free.__getitem__)
        free[server] = max(now, free[server]) + rng.expovariate(1 / kind.seconds)
        times.append(free[server] + kind.elsewhere - now)
    return _waits(times[requests // 10 :])  # the beginning finds everybody idle


def _waits(times: list[float]) -> Waits:
    times.sort()
    last = len(times) - 1
    return Waits(*(times[min(last, int(share * len(times)))] for share in (0.5, 0.99, 0.999)))
