"""Places and the queue for them."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from deployments.llm.admission import Admission
from deployments.llm.errors import ModelOverloaded


async def test_first_come_first_served() -> None:
    admission, order = Admission(1, 3), []
    await admission.enter(1)

    async def wait(name: str) -> None:
        await admission.enter(1)
        order.append(name)
        admission.leave()

    waiting = [asyncio.create_task(wait(name)) for name in "abc"]
    await asyncio.sleep(0)
    with pytest.raises(ModelOverloaded):
        await admission.enter(1)
    admission.leave()
    await asyncio.gather(*waiting)
    assert order == ["a", "b", "c"]
    assert (admission.taken, admission.waiting) == (0, 0)


async def test_patience_ends() -> None:
    admission = Admission(1, 3)
    await admission.enter(1)
    with pytest.raises(ModelOverloaded, match="in time"):
        await admission.enter(0.01)
    assert (admission.taken, admission.waiting) == (1, 0)


async def test_a_place_that_comes_as_the_waiter_leaves_is_not_lost() -> None:
    admission = Admission(1, 3)
    await admission.enter(1)
    waiter = asyncio.create_task(admission.enter(1))
    await asyncio.sleep(0)
    admission.leave()  # hands the place over
    waiter.cancel()  # before the waiter could run
    with pytest.raises(asyncio.CancelledError):
        await waiter
    assert admission.taken == 0


@pytest.mark.parametrize("seed", range(20))
async def test_never_more_than_the_places_and_none_left_behind(seed: int) -> None:
    random, admission, inside, most = Random(seed), Admission(3, 5), 0, 0

    async def call() -> None:
        nonlocal inside, most
        await admission.enter(random.uniform(0.0001, 0.01))
        inside += 1
        most = max(most, inside)
        try:
            await asyncio.sleep(random.uniform(0, 0.003))
        finally:
            inside -= 1
            admission.leave()

    tasks = []
    for _ in range(60):
        tasks.append(asyncio.create_task(call()))
        if random.random() < 0.3:
            random.choice(tasks).cancel()
        await asyncio.sleep(random.uniform(0, 0.001))
    await asyncio.gather(*tasks, return_exceptions=True)
    assert most <= 3
    assert (admission.taken, admission.waiting, inside) == (0, 0, 0)
