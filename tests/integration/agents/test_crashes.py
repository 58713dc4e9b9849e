"""A task of ten steps whose agent is killed at every boundary of each, and inside of every effect."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from actors.agent.mailing import SUBJECT
from configs.settings import Settings
from tests.integration.agents.support import Interposer, ask, look, pending, taught_course, until
from tests.patience import PATIENCE_SECONDS
from tests.platform import Platform

ROOT = Path(__file__).parents[3]
STEPS = [f"message_{number}" for number in range(1, 11)]


class Crew:
    """Agents, one after the other."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def one(self, point: str = "") -> int:
        """Start an agent that dies at a point; the number of its process."""
        assert self._process.stdin is not None
        self._process.stdin.write(point.encode() + b"\n")
        await self._process.stdin.drain()
        return int(await self._line())

    async def gone(self) -> None:
        """Wait until it is."""
        assert await self._line() == "gone"

    async def _line(self) -> str:
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE_SECONDS):
            return (await self._process.stdout.readline()).decode().strip()


@pytest.fixture
async def crew(agent_settings: Settings) -> AsyncIterator[Crew]:
    secrets = (agent_settings.database_url, agent_settings.valkey_url, agent_settings.data_keys)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.agents.worker",
        *(secret.get_secret_value() for secret in secrets if secret), str(agent_settings.services_url),
        cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        process_group=0,
    )  # fmt: skip
    yield Crew(process)
    os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


async def test_each_effect_happens_once_and_in_the_planned_order(
    platform: Platform, crew: Crew, interposer: Interposer
) -> None:
    org = await platform.create_organisation()
    admin, approver = await org.person("org_admin"), await org.person("org_admin", fresh=True)
    people = [await org.person("student", fresh=True) for _ in STEPS]
    recipients = [str(person.id) for person in people]
    task = await ask(admin, "message_people", {"recipients": recipients, "subject": "Hello", "body": "How are you?"})
    for point in ("plan", "planned", "ask"):
        await crew.one(point)
        await crew.gone()
    last = await crew.one()
    approval = await pending(approver, task["id"])
    os.kill(last, signal.SIGKILL)
    await crew.gone()
    done = {"plan_hash": approval["plan_hash"]}
    assert (await approver.http.post(f"/api/agents/approvals/{approval['id']}/approve", json=done)).status_code == 200
    kills = 4
    for step in STEPS:
        for point in (f"begin {step}", f"begun {step}"):
            await crew.one(point)
            await crew.gone()
        for phase in ("before", "after"):
            await _killed_inside(crew, interposer, phase, f"task:{task['id']}:{step}")
        await crew.one(f"done {step}")
        await crew.gone()
        kills += 5
    await crew.one("ending")
    await crew.gone()
    last = await crew.one()
    finished = await until(admin, task["id"])
    os.kill(last, signal.SIGKILL)
    await crew.gone()
    assert kills == 54
    assert finished["status"] == "succeeded", finished
    assert [step["status"] for step in finished["steps"]] == ["done"] * 10
    async with platform.database.transaction(org.id, readonly=True) as connection:
        rows = await connection.fetch("select recipient from mails where subject = 'Hello' order by id")
        asked = await connection.fetch("select recipient from mails where subject = $1", SUBJECT)
    assert [row["recipient"] for row in rows] == [person.email for person in people]
    assert [row["recipient"] for row in asked] == [approver.email]


async def _killed_inside(crew: Crew, interposer: Interposer, phase: str, wanted: str) -> None:
    """Kill the agent as the service gets the request, or once the effect is committed and nobody was told."""
    reached = asyncio.Event()
    agent: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def kill(key: str) -> None:
        if key == wanted and not reached.is_set():
            os.kill(await agent, signal.SIGKILL)
            reached.set()

    hook: Callable[[str], Awaitable[None]] = kill
    setattr(interposer, phase, hook)
    agent.set_result(await crew.one())
    async with asyncio.timeout(PATIENCE_SECONDS):
        await reached.wait()
    await crew.gone()
    setattr(interposer, phase, None)


async def test_a_task_that_kills_its_agent_is_given_up(platform: Platform, crew: Crew) -> None:
    org = await platform.create_organisation()
    teacher, learner = await org.person("instructor"), await org.person("student")
    task = await ask(learner, "study_overview", {"course_id": await taught_course(teacher), "question": "Why?"})
    for _ in range(10):
        await crew.one("begun progress")
        await crew.gone()
    last = await crew.one("begun progress")
    found = await until(learner, task["id"])
    os.kill(last, signal.SIGKILL)
    await crew.gone()
    assert (found["status"], found["error"]["type"]) == ("failed", "keeps-crashing")
    assert (await look(learner, task["id"]))["result"] is None
