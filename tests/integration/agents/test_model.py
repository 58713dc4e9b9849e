"""The life of a task against a model of it: random orders of what people and agents do, compared after every step.

No agent runs; the test claims, ends and waits as one would, and also as one that was fenced. The rules run in a thread,
because Hypothesis is not asynchronous; each request runs on the tests' own loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from actors.agent.state import ENDED, NEXT, RETRIABLE, Status
from actors.agent.store import Entry, Fenced, Question, Task, TaskStore
from actors.agent.telling import ended_event
from stores.postgres import Database
from tests.integration.agents.support import ask, look, taught_course
from tests.platform import Account, Platform


class Life(RuleBasedStateMachine):
    """One task; `held` are claims that were made, the last of which may still count."""

    loop: ClassVar[asyncio.AbstractEventLoop]
    store: ClassVar[TaskStore]
    database: ClassVar[Database]
    learner: ClassVar[Account]
    approver: ClassVar[Account]
    course_id: ClassVar[str]

    def run_on_loop(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    @initialize()
    def begin(self) -> None:
        wanted = {"course_id": self.course_id, "question": "Why?"}
        self.task_id = self.run_on_loop(ask(self.learner, "study_overview", wanted))["id"]
        self.status = Status.QUEUED
        self.held: list[Task] = []
        self.asked = False
        self.attempt = 1

    @rule()
    def claim(self) -> None:
        async def claimed() -> list[Task]:
            async with self.database.transaction(None) as connection:  # as if its time had come
                await connection.execute(
                    "update agent_tasks set due_at = now() where id = $1 and due_at is not null", self.task_id
                )
            return [task for task in await self.store.claim("model", 200) if str(task.id) == self.task_id]

        found = self.run_on_loop(claimed())
        assert bool(found) == (self.status not in ENDED)
        if found:
            self._becomes(Status.RUNNING)
            self.held += found

    @rule(then=st.sampled_from([Status.SUCCEEDED, Status.FAILED, Status.REFUSED]), stale=st.booleans())
    def end(self, then: Status, stale: bool) -> None:
        def ending(task: Task) -> Coroutine[Any, Any, None]:
            entries = [Entry("task.ended", {"status": then.value})]
            error = None if then is Status.SUCCEEDED else {"type": "x", "detail": "x", "retriable": True}
            event = ended_event(task, then)
            return self.store.end(task, then, result={}, error=error, entries=entries, event=event)

        if self._write(ending, stale):
            self._becomes(then)
            self.asked = False

    @rule(stale=st.booleans())
    def wait_for_time(self, stale: bool) -> None:
        later = datetime.now(UTC) + timedelta(hours=1)
        if self._write(lambda task: self.store.rest(task, Status.WAITING_TIME, later, []), stale):
            self._becomes(Status.WAITING_TIME)

    @rule(stale=st.booleans())
    def wait_for_people(self, stale: bool) -> None:
        later = datetime.now(UTC) + timedelta(hours=1)
        question = Question(
            plan_hash=bytes(32), kinds=["content_generation"], covers={}, draft=[], reasons=[], roles=["org_admin"],
            escalates_to=[], escalates_at=None, expires_at=later,
        )  # fmt: skip

        async def asking(task: Task) -> None:
            await self.store.ask(task, question, later, [])

        if self._write(asking, stale):
            self._becomes(Status.WAITING_APPROVAL)
            self.asked = True

    @rule()
    def cancel(self) -> None:
        answer = self.run_on_loop(self.learner.http.post(f"/api/agents/tasks/{self.task_id}/cancel"))
        assert answer.status_code == (409 if self.status in ENDED else 200), answer.text
        if self.status not in ENDED:
            self._becomes(Status.CANCELLED)
            self.asked = False

    @rule()
    def retry(self) -> None:
        answer = self.run_on_loop(self.learner.http.post(f"/api/agents/tasks/{self.task_id}/retry"))
        assert answer.status_code == (200 if self.status in RETRIABLE else 409), answer.text
        if self.status in RETRIABLE:
            self._becomes(Status.QUEUED)
            self.attempt += 1

    @invariant()
    def the_service_agrees(self) -> None:
        task = self.run_on_loop(look(self.learner, self.task_id))
        assert task["status"] == self.status
        assert task["attempt"] == self.attempt
        assert (task["due_at"] is None) == (self.status in ENDED) == (task["ended_at"] is not None)
        assert (task["stage"] == "ended") == (self.status in ENDED)
        pending = [one for one in task["approvals"] if one["status"] == "pending"]
        assert len(pending) == int(self.asked)

    def _becomes(self, then: Status) -> None:
        assert then in NEXT[self.status], (self.status, then)
        self.status = then

    def _write(self, work: Callable[[Task], Coroutine[Any, Any, None]], stale: bool) -> bool:
        """Write under the newest claim, or an older one. Returns whether it was let through, as it should have been."""
        if not self.held or (stale and len(self.held) < 2):
            return False
        task = self.held[-2] if stale else self.held[-1]
        good = self.status is Status.RUNNING and not stale
        try:
            self.run_on_loop(work(task))
        except Fenced:
            assert not good
            return False
        assert good
        return True


async def test_the_life_of_a_task(platform: Platform) -> None:
    org = await platform.create_organisation()
    Life.loop = asyncio.get_running_loop()
    Life.database = Database.from_settings(platform.settings, role="azora_system")
    Life.store = TaskStore(Life.database, timedelta(minutes=1))
    Life.learner, Life.approver = await org.person("student"), await org.person("org_admin")
    Life.course_id = await taught_course(await org.person("instructor"))
    how = settings(
        max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    await asyncio.to_thread(run_state_machine_as_test, Life, settings=how)
    async with Life.database.transaction(None) as connection:
        await connection.execute(
            "update agent_tasks set status = 'cancelled', stage = 'ended', due_at = null, ended_at = now()"
            " where due_at is not null and org_id = $1",
            org.id,
        )
    await Life.database.close()
