"""Ten thousand calls, good ones and bad ones: nothing is left behind."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections import Counter
from contextlib import suppress
from itertools import cycle, islice

import psutil

from deployments.llm.dispatch import Dispatcher, Route
from deployments.llm.errors import LlmError
from tests.integration.llm.support import dispatching, question, target, upstreams
from tests.integration.llm.upstream import counted, cuts, malformed, refuses, says

CALLS = 10_000
TRACED = 500
PATIENT = {"first_token": "30s", "idle": "30s", "total": "60s"}
AT_ONCE = 16
# Too few failures for the breaker, which would spare the upstream the rest.
SCHEDULE = [
    *[says("Good", " day", " to", " you", usage=counted(11, 4))] * 17,
    cuts("Good"),
    malformed("Good"),
    refuses(500),
]


async def one(dispatcher: Dispatcher, route: Route, leaves: bool) -> str:
    call = dispatcher.stream(question(), route)
    with suppress(LlmError):
        async with call:
            async for _ in call:
                if leaves:
                    break
    return call.receipt().outcome


async def run(dispatcher: Dispatcher, route: Route, calls: int) -> Counter[str]:
    outcomes: Counter[str] = Counter()
    numbers = iter(range(calls))

    async def caller() -> None:
        for number in numbers:
            outcomes[await one(dispatcher, route, leaves=number % 10 == 0)] += 1

    await asyncio.gather(*(caller() for _ in range(AT_ONCE)))
    return outcomes


def traced() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


async def test_ten_thousand_calls_leave_nothing_behind() -> None:
    async with upstreams(tuple(islice(cycle(SCHEDULE), 2 * CALLS))) as [up]:
        up.keep_requests = False
        async with dispatching({"a": target(up, retries=0, timeouts=PATIENT)}) as dispatcher:
            route, lane = dispatcher.route("m"), dispatcher.lanes["a"]
            tracemalloc.start()
            outcomes = await run(dispatcher, route, TRACED)
            before = traced()
            outcomes += await run(dispatcher, route, TRACED)
            grown = traced() - before
            tracemalloc.stop()  # it slows everything down several times over
            resident = psutil.Process().memory_info().rss
            outcomes += await run(dispatcher, route, CALLS - 2 * TRACED)
            gc.collect()
            assert outcomes.total() == CALLS
            assert set(outcomes) == {"completed", "cancelled", "broken", "failed"}
            assert grown < 50_000, "not even 100 bytes a call"
            assert psutil.Process().memory_info().rss - resident < 8_000_000
            assert (lane.admission.taken, lane.admission.waiting) == (0, 0)
            assert len(asyncio.all_tasks()) < 50
            assert await up.settled(at_most=AT_ONCE)
        assert await up.settled()
