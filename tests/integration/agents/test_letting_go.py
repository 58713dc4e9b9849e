"""What an agent is doing for a task ends with the task."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from actors.agent.tools import TOOLS, reading
from configs.settings import Settings
from tests.integration.agents.support import ask, look, taught_course, until, working
from tests.patience import PATIENCE_SECONDS
from tests.platform import Platform

# Longer than four times what is waited for: an agent finds at a quarter of it that it holds a task no more.
_LEASE = timedelta(minutes=5)
_WORD_SECONDS = 60.0


async def test_a_step_under_way_is_broken_off_by_word_of_the_cancellation(
    platform: Platform, agent_settings: Settings
) -> None:
    assert _LEASE.total_seconds() / 4 > _WORD_SECONDS
    began, let_go = asyncio.Event(), asyncio.Event()

    async def slow(*_: object) -> object:
        began.set()
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            let_go.set()
            raise
        raise AssertionError

    async with working(agent_settings.model_copy(update={"agent_lease": _LEASE})):
        org = await platform.create_organisation()
        teacher, learner = await org.person("instructor"), await org.person("student")
        wanted = {"course_id": await taught_course(teacher), "question": "Why?"}
        object.__setattr__(TOOLS["read_own_progress"], "run", slow)
        try:
            task = await ask(learner, "study_overview", wanted)
            await asyncio.wait_for(began.wait(), PATIENCE_SECONDS)
            assert (await learner.http.post(f"/api/agents/tasks/{task['id']}/cancel")).status_code == 200
            assert (await look(learner, task["id"]))["status"] == "cancelled"
            await asyncio.wait_for(let_go.wait(), _WORD_SECONDS)
        finally:
            object.__setattr__(TOOLS["read_own_progress"], "run", reading._own_progress)
        quick = await ask(learner, "study_overview", wanted)
        assert (await until(learner, quick["id"]))["status"] == "succeeded"
