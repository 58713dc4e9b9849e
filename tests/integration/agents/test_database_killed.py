"""PostgreSQL is killed while tasks are in the midst of steps: all of them go on, and each effect happened once."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from cluster.embedded import EmbeddedServers, Home
from configs.settings import Settings
from tests.integration.agents.support import Interposer, ask, eventually, listening, pending, until, working
from tests.platform import Account, Platform, prepared

SUBJECTS, MESSAGES = [f"About {number}" for number in range(3)], 4
# Where some task is as the server dies: its service is asked, or has committed and not answered yet.
KILLED_BEFORE, KILLED_AFTER = "message_2", "message_3"


@pytest.fixture
async def own_settings(place: Path) -> AsyncIterator[Settings]:
    """Servers of this test alone, which are started again when they die."""
    async with EmbeddedServers(Home(place / "home"), system_directory=place / "system") as servers:
        stop = asyncio.Event()
        watching = asyncio.create_task(servers.wait_until(stop))
        yield await prepared(servers, place / "azora")
        stop.set()
        await watching


async def approve(approver: Account, task_id: str) -> None:
    approval = await pending(approver, task_id)
    path = f"/api/agents/approvals/{approval['id']}/approve"
    answer = await approver.http.post(path, json={"plan_hash": approval["plan_hash"]})
    assert answer.status_code == 200, answer.text


async def status(asker: Account, task_id: str) -> str:
    answer = await asker.http.get(f"/api/agents/tasks/{task_id}")
    return str(answer.json()["status"]) if answer.status_code == 200 else "unknown"  # the server is on its way back


def killer(place: Path, step: str, killed: list[int]) -> Callable[[str], Awaitable[None]]:
    """Kills PostgreSQL the first time that a task is at this step."""
    reached: list[str] = []

    async def kill(key: str) -> None:
        if key.endswith(f":{step}") and not reached:
            reached.append(key)
            pid = int((place / "home" / "run" / "postgres.pid").read_text())
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)

    return kill


async def test_tasks_go_on_after_the_database_was_killed_and_nothing_happens_twice(
    own_settings: Settings, place: Path
) -> None:
    async with (
        Platform.running(own_settings) as platform,
        listening(interposer := Interposer(platform.host)) as url,
    ):
        told = own_settings.model_copy(update={"services_url": url})
        org = await platform.create_organisation()
        asker, approver = await org.person("org_admin"), await org.person("org_admin", fresh=True)
        people = [await org.person("student", fresh=True) for _ in range(MESSAGES)]
        recipients = [str(person.id) for person in people]
        tasks = [
            (await ask(asker, "message_people", {"recipients": recipients, "subject": subject, "body": "Hello?"}))["id"]
            for subject in SUBJECTS
        ]
        async with working(told):
            await asyncio.gather(*(until(asker, task, "waiting_approval") for task in tasks))
        for task in tasks:
            await approve(approver, task)
        killed: list[int] = []
        interposer.before = killer(place, KILLED_BEFORE, killed)
        interposer.after = killer(place, KILLED_AFTER, killed)

        async def succeeded() -> bool:
            return {await status(asker, task) for task in tasks} == {"succeeded"}

        async with working(told):
            await eventually(succeeded)
        assert len(set(killed)) == 2, "another server each time"
        async with platform.database.transaction(org.id, readonly=True) as connection:
            rows = await connection.fetch(
                "select subject, recipient from mails where subject like 'About %' order by id"
            )
        for subject in SUBJECTS:
            assert [row["recipient"] for row in rows if row["subject"] == subject] == [one.email for one in people]
