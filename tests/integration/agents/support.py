"""Asking for tasks, and waiting for what becomes of them."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from actors.agent.making import live
from configs.settings import Settings
from deployments.kit.permissions import ROLES
from tests.patience import PATIENCE_SECONDS
from tests.platform import Account


class Interposer:
    """Passes requests on, and does something at an effect: before the service does it, or once it is committed and
    before anybody is told."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.before: Callable[[str], Awaitable[None]] | None = None
        self.after: Callable[[str], Awaitable[None]] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        key = dict(scope["headers"]).get(b"idempotency-key", b"").decode()
        if key and self.before is not None:
            await self.before(key)

        async def sending(message: Any) -> None:
            if key and self.after is not None and message["type"] == "http.response.start":
                await self.after(key)
            await send(message)

        await self._app(scope, receive, sending)


@asynccontextmanager
async def listening(app: Any) -> AsyncIterator[str]:
    """The application behind a port, where agents find it; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="critical", access_log=False))
        serving = asyncio.create_task(server.serve([listener]))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await serving


@asynccontextmanager
async def working(settings: Settings, name: str = "agent-test") -> AsyncIterator[None]:
    """An agent that works meanwhile."""
    stop = asyncio.Event()
    living = asyncio.create_task(live(settings, name, ROLES, stop))
    try:
        yield
    finally:
        stop.set()
        await living


ENDED = {"succeeded", "failed", "refused", "cancelled"}


async def ask(person: Account, kind: str, input: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Ask for a task."""
    answer = await person.http.post("/api/agents/tasks", json={"kind": kind, "input": input, **more})
    assert answer.status_code == 201, answer.text
    task: dict[str, Any] = answer.json()
    return task


async def look(person: Account, task_id: str) -> dict[str, Any]:
    """The task as it is."""
    answer = await person.http.get(f"/api/agents/tasks/{task_id}")
    assert answer.status_code == 200, answer.text
    task: dict[str, Any] = answer.json()
    return task


async def until(person: Account, task_id: str, *statuses: str, seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
    """The task, once it has one of these statuses (has ended, where none is given)."""
    wanted = set(statuses) or ENDED
    give_up_at = time.monotonic() + seconds
    while (task := await look(person, task_id))["status"] not in wanted:
        assert time.monotonic() < give_up_at, task
        assert task["status"] not in ENDED, task
        await asyncio.sleep(0.02)
    return task


async def eventually(check: Callable[[], Awaitable[bool]], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until it holds."""
    give_up_at = time.monotonic() + seconds
    while not await check():
        assert time.monotonic() < give_up_at
        await asyncio.sleep(0.02)


async def taught_course(teacher: Account, *units: dict[str, Any]) -> str:
    """A published course with these units; a text, where none is given."""
    course = {
        "title": "Memory",
        "modules": [
            {"title": "One", "units": list(units) or [{"kind": "text", "title": "Forgetting", "body": "It is steep."}]}
        ],
    }
    made = await teacher.http.post("/api/courses", json=course)
    assert made.status_code == 201, made.text
    course_id: str = made.json()["id"]
    published = await teacher.http.post(f"/api/courses/{course_id}/publish")
    assert published.status_code == 200, published.text
    return course_id


async def pending(approver: Account, task_id: str, seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
    """What this person is asked about the task."""
    give_up_at = time.monotonic() + seconds
    while True:
        answer = await approver.http.get("/api/agents/approvals")
        assert answer.status_code == 200, answer.text
        for one in answer.json()["items"]:
            if one["task_id"] == task_id:
                found = await approver.http.get(f"/api/agents/approvals/{one['id']}")
                assert found.status_code == 200, found.text
                approval: dict[str, Any] = found.json()
                return approval
        assert time.monotonic() < give_up_at, "nothing is asked"
        await asyncio.sleep(0.02)
