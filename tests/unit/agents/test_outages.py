"""What happens to tasks while a store or a model is away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, cast

import pytest

from actors.agent import calling
from actors.agent.calling import Http, StepServices
from actors.agent.store import Task, TaskStore
from actors.agent.worker import Agent
from configs.settings import Settings
from stores.errors import StoreUnavailable
from stores.postgres import Database
from tests.unit.agents.fakes import FakeHttp


class ReleasingStore:
    """Releases slowly, and fails the first time."""

    def __init__(self) -> None:
        self.released: list[Any] = []
        self.tries = 0
        self.during: Any = None

    async def release(self, tasks: list[Any]) -> None:
        self.tries += 1
        self.during()
        if self.tries == 1:
            raise StoreUnavailable()
        self.released += tasks


async def test_what_is_let_go_of_during_a_release_is_released_too() -> None:
    agent = Agent(Settings(), cast(Database, None), "a")
    store = ReleasingStore()
    agent.store = cast(TaskStore, store)
    names = iter(("second", "third", "fourth"))
    store.during = lambda: agent._let_go.append(cast(Task, next(names)))
    agent._let_go.append(cast(Task, "first"))
    with pytest.raises(StoreUnavailable):
        await agent._release()
    await agent._release()
    store.during = lambda: None
    await agent._release()
    assert sorted(cast(list[str], store.released)) == ["first", "second", "third"]


def services(http: Any) -> StepServices:
    async def token(refused: bool) -> str:
        return "token"

    async def judge(text: str, sources: tuple[str, ...]) -> str | None:
        return text

    return StepServices(cast(Http, http), token, "key", model="m", judge=judge)


async def test_a_slow_model_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(FakeHttp):
        async def request(self, *_: Any) -> Any:
            await asyncio.sleep(60)

    monkeypatch.setattr(calling, "WORDED_SECONDS", 0.01)
    assert await services(Slow("")).worded("rules", "material", (), most_tokens=100) is None


@pytest.mark.parametrize("nested", [lambda part: [part], lambda part: {"a\x00": part}])
async def test_an_answer_however_deep_is_read_without_nul(nested: Callable[[Any], Any]) -> None:
    deep: Any = "a\x00b"
    for _ in range(500):
        deep = nested(deep)

    class Answers(FakeHttp):
        async def request(self, *_: Any) -> Any:
            return 200, {}, json.dumps(deep).encode()

    found = await services(Answers("")).get("/")
    for _ in range(500):
        (found,) = found.values() if isinstance(found, dict) else found
    assert found == "a\ufffdb"
