"""Requests that arrive at random at servers that take as long as was measured: how long they wait.

A discrete-event simulation of one queue before k servers, first come first served (M/G/k). It backs the share of a
processor that the model plans with: at which the wait is still short. Seeded, so that it gives the same figures again.
"""

from __future__ import annotations

import heapq
import math
import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Waits:
    """Seconds between arrival and answer."""

    p50: float
    p99: float
    p999: float


def simulate(
    rate: float, servers: int, service_seconds: float, *, spread: float = 1.0, requests: int = 100_000, seed: int = 7
) -> Waits:
    """Requests/s at k servers whose time is log-normal with a mean and a coefficient of variation (`spread`)."""
    rng = random.Random(seed)
    sigma2 = math.log(1 + spread * spread)
    mu, sigma = math.log(service_seconds) - sigma2 / 2, math.sqrt(sigma2)
    free = [0.0] * servers
    heapq.heapify(free)
    now, times = 0.0, []
    for _ in range(requests):
        now += rng.expovariate(rate)
        start = max(now, heapq.heappop(free))
        end = start + rng.lognormvariate(mu, sigma)
        heapq.heappush(free, end)
        times.append(end - now)
    return _waits(times[requests // 10 :])  # the beginning finds everybody idle


def _waits(times: list[float]) -> Waits:
    times.sort()
    last = len(times) - 1
    return Waits(*(times[min(last, int(share * len(times)))] for share in (0.5, 0.99, 0.999)))
