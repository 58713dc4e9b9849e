"""The limit holds over replicas and is not wasted."""

from __future__ import annotations

import asyncio

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from configs.rates import Rate
from configs.settings import Settings
from deployments.kit.rate_limit import RateLimiter
from stores import valkey
from stores.ids import new_id


@hypothesis_settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limit=st.integers(1, 400), replicas=st.integers(1, 4))
async def test_never_exceeded_and_nearly_used_up(settings: Settings, limit: int, replicas: int) -> None:
    """One long window, hits spread over replicas at once: at most the limit; what leases strand stays small."""
    rate, key = Rate(limit, 86_400), new_id().hex
    clients = [valkey.connect(settings) for _ in range(replicas)]
    limiters = [RateLimiter(client) for client in clients]
    decisions = await asyncio.gather(*(limiters[n % replicas].take(key, rate) for n in range(2 * limit + 10)))
    admitted = sum(decision.allowed for decision in decisions)
    assert limit - (replicas - 1) * max(1, limit // 50) <= admitted <= limit
    for decision in decisions:
        assert decision.remaining >= 0
        assert decision.allowed or decision.reset_seconds >= 1
    for client in clients:
        await client.aclose()


async def test_hits_come_back_as_the_window_slides(settings: Settings) -> None:
    rate, key = Rate(5, 1), new_id().hex
    client = valkey.connect(settings)
    limiter = RateLimiter(client)
    assert sum([(await limiter.take(key, rate)).allowed for _ in range(20)]) <= 10  # at most two windows' worth
    await asyncio.sleep(2.1)
    assert (await limiter.take(key, rate)).allowed
    await client.aclose()


async def test_without_the_store_requests_are_admitted() -> None:
    client = valkey.connect_url("unix:///nonexistent/valkey.sock")
    decision = await RateLimiter(client).take("somebody", Rate(10, 60))
    assert decision.allowed
    await client.aclose()


async def test_no_hit_waits_for_the_disk(settings: Settings) -> None:
    client = valkey.connect(settings)
    limiter = RateLimiter(client)

    async def written() -> int:
        before = (await client.info("persistence"))["aof_current_size"]
        for _ in range(20):
            assert (await limiter.take(new_id().hex, Rate(5, 60))).allowed
        return int((await client.info("persistence"))["aof_current_size"] - before)

    # Others share the server and may write now and then; hits that were written would be in every round.
    assert min([await written() for _ in range(5)]) == 0
    await client.aclose()
