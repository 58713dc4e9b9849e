"""Sliding-window rate limits, exact over all replicas, counted in Valkey.

The window slides by weighting the previous fixed window with the share of it that is still in view. To keep the hot
path free of network hops a replica takes hits in small leases ahead of use: leased hits count as used at once, so the
limit is never exceeded; near the limit the lease shrinks to a single hit, so little of it is wasted.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from configs.rates import Rate
from stores import valkey
from stores.errors import StoreError
from stores.metrics import security
from stores.valkey import Valkey

_SCRIPT = Path(__file__).with_name("rate_limit.lua").read_text()
# A lease is this share of the limit: 50 refills a window at full speed.
_LEASE_SHARE = 50
_LEASE_SECONDS = 5.0
_MAX_LEASES = 100_000


@dataclass(slots=True)
class Decision:
    """Whether a hit is admitted, and what the headers tell: hits left and seconds until the window moves on."""

    allowed: bool
    rate: Rate
    remaining: int
    reset_seconds: int

    def headers(self, policy: str) -> list[tuple[bytes, bytes]]:
        """`RateLimit` and `RateLimit-Policy` of draft-ietf-httpapi-ratelimit-headers."""
        rate = self.rate
        return [
            (b"ratelimit-policy", f'"{policy}";q={rate.limit};w={rate.window_seconds}'.encode()),
            (b"ratelimit", f'"{policy}";r={self.remaining};t={self.reset_seconds}'.encode()),
        ]


@dataclass(slots=True)
class _Lease:
    granted: int
    left: int
    remaining_after: int
    reset_at: float
    expires_at: float


class RateLimiter:
    """Takes hits. Without Valkey it admits (availability before strictness) and asks again a second later.

    A key is `<policy>:<whom>`; refusals are counted by policy.
    """

    def __init__(self, client: Valkey) -> None:
        self._script = client.register_script(_SCRIPT)
        self._leases: dict[str, _Lease] = {}
        self._refills: dict[str, asyncio.Task[_Lease]] = {}

    def take_leased(self, key: str, rate: Rate) -> Decision | None:
        """Take a hit from the lease in memory, or None where there is none. Never waits."""
        lease = self._leases.get(key)
        now = time.monotonic()
        if lease is None or lease.left <= 0 or now >= lease.expires_at:
            return None
        lease.left -= 1
        return Decision(True, rate, lease.remaining_after + lease.left, max(0, int(lease.reset_at - now) + 1))

    async def take(self, key: str, rate: Rate) -> Decision:
        """Take one hit for `key`."""
        while True:
            if (decision := self.take_leased(key, rate)) is not None:
                return decision
            task = self._refills.get(key)
            if task is None:
                task = self._refills[key] = asyncio.create_task(self._refill(key, rate))
                task.add_done_callback(lambda _: self._refills.pop(key, None))
            lease = await asyncio.shield(task)
            if lease.granted == 0:
                security.rate_limited(key.partition(":")[0])
                return Decision(False, rate, 0, max(1, int(lease.reset_at - time.monotonic()) + 1))

    async def _refill(self, key: str, rate: Rate) -> _Lease:
        want = max(1, rate.limit // _LEASE_SHARE)
        now = time.monotonic()
        try:
            with valkey.translated():
                granted, remaining, reset_ms = await self._script(
                    keys=[f"rate:{{{key}}}"], args=[rate.limit, rate.window_seconds * 1000, want]
                )
        except StoreError:
            security.unchecked()
            granted, remaining, reset_ms = want, 0, 1000
        if len(self._leases) >= _MAX_LEASES:
            self._leases = {k: v for k, v in self._leases.items() if v.expires_at > now and v.left > 0}
        reset_at = now + reset_ms / 1000
        lease = self._leases[key] = _Lease(granted, granted, remaining, reset_at, min(reset_at, now + _LEASE_SECONDS))
        return lease
