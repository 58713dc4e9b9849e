"""Tasks that agents are in the middle of when a node dies: each message that they send must be there once.

Several tasks write to every learner, one message a step. An administrator asks for them and another one approves them,
all at once, so that the agents have work for some seconds. The mails stay in the database, for no server takes them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from benchmarks.cluster.world import World
from cluster.several.local_cluster import LocalCluster
from stores.ids import new_id
from stores.postgres import Database

TASKS = 8
RECIPIENTS = 30  # as many as one task may write to
_PATIENCE_SECONDS = 120.0
_POLL_SECONDS = 0.1
_ENDED = {"succeeded", "failed", "refused", "cancelled"}

_DONE = """
select count(*) filter (where s.status = 'done') as done, count(*) as steps
from agent_tasks t join agent_steps s on s.task_id = t.id where t.id = any($1::uuid[]) group by t.id
"""
_MAILS = "select recipient, count(*) as times from mails where subject = $1 group by recipient"


@dataclass
class Errands:
    """Tasks, and what became of them."""

    world: World
    database: Database
    ids: list[str] = field(default_factory=list)
    subjects: dict[str, str] = field(default_factory=dict)
    half_done: int = 0

    async def ask(self) -> None:
        """Ask for all of them, and wait until each waits for its approval."""
        recipients = [learner.id for learner in self.world.learners[:RECIPIENTS]]
        for _ in range(TASKS):
            subject = f"Hello {new_id().hex}"
            wanted = {"recipients": recipients, "subject": subject, "body": "How are you?"}
            body = {"kind": "message_people", "input": wanted}
            task = (await self._call("POST", "/api/agents/tasks", self.world.administrator, body))["id"]
            self.ids.append(task)
            self.subjects[task] = subject
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while len(await self._pending()) < TASKS:  # noqa: ASYNC110 - another process changes it
                await asyncio.sleep(_POLL_SECONDS)

    async def begin(self) -> None:
        """Approve them, and return once messages are being sent."""
        for approval in await self._pending():
            detail = await self._call("GET", f"/api/agents/approvals/{approval['id']}", self.world.approver)
            body = {"plan_hash": detail["plan_hash"]}
            await self._call("POST", f"/api/agents/approvals/{approval['id']}/approve", self.world.approver, body)
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while not await self._begun():  # noqa: ASYNC110 - another process changes it
                await asyncio.sleep(_POLL_SECONDS / 5)

    async def count_half_done(self) -> None:
        """How many have sent some of their messages and not all: what the fault has interrupted."""
        self.half_done = len(await self._begun())

    async def troubles(self) -> list[str]:
        """What is wrong once all have ended: tasks that did not succeed, messages that are missing or there twice."""
        found = []
        for task in self.ids:
            ended = await self._ended(task)
            if ended["status"] != "succeeded":
                found.append(f"task {task} is {ended['status']}: {ended['error']}")
        async with self.database.transaction(None) as connection:
            for subject in self.subjects.values():
                rows = {row["recipient"]: row["times"] for row in await connection.fetch(_MAILS, subject)}
                times = {one.email: rows.get(one.email, 0) for one in self.world.learners[:RECIPIENTS]}
                found += [
                    f"a message to {email} is there {count} times" for email, count in times.items() if count != 1
                ]
        return found

    async def _begun(self) -> list[int]:
        async with self.database.transaction(None) as connection:
            rows = await connection.fetch(_DONE, self.ids)
        return [row["done"] for row in rows if 0 < row["done"] < row["steps"]]

    async def _ended(self, task: str) -> dict[str, Any]:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            found = await self._call("GET", f"/api/agents/tasks/{task}", self.world.administrator)
            if found["status"] in _ENDED or time.monotonic() > deadline:
                return found
            await asyncio.sleep(1)

    async def _pending(self) -> list[dict[str, Any]]:
        queue = await self._call("GET", "/api/agents/approvals", self.world.approver)
        return [one for one in queue["items"] if one["task_id"] in self.subjects]

    async def _call(self, method: str, path: str, token: str, body: Any = None) -> dict[str, Any]:
        """Repeated for as long as the answer is 503: its own requests are no part of the measurement."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        headers = {"authorization": f"Bearer {token}", "idempotency-key": new_id().hex}
        while True:
            try:
                answer = await self.world.http.request(method, path, json=body, headers=headers)
                if answer.status_code != 503 or time.monotonic() > deadline:
                    answer.raise_for_status()
                    found: dict[str, Any] = answer.json()
                    return found
            except httpx.TransportError:
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(_POLL_SECONDS)


@asynccontextmanager
async def errands(cluster: LocalCluster, world: World) -> AsyncIterator[Errands]:
    """None are asked for yet."""
    database = Database.from_settings(cluster.settings, role="azora_system")
    try:
        yield Errands(world, database)
    finally:
        await database.close()
