"""Results of somebody who is moved to another version while they are traced."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any
from uuid import UUID

import pytest

from actors.learner_model.member import MasteryHandler
from actors.learner_model.reading import Reader
from actors.learner_model.tracing import trace_enrolments
from stores.event_log.types import Batch
from stores.events.reading import decode
from stores.postgres import Connection, Database
from tests.integration.learning.mastering import Class, attempt, join_modules, open_class, upgrade
from tests.patience import patiently
from tests.platform import Platform


@pytest.fixture
async def school(platform: Platform) -> Class:
    """With results that nobody has traced, and a version to be moved to."""
    found = await open_class(platform)
    await attempt(found.learner, found.enrolment, found.modules[0]["units"][1], right=4)
    await join_modules(found)
    return found


async def trace(connection: Connection, school: Class) -> None:
    assert await trace_enrolments(connection, Reader(), [UUID(school.enrolment)]) == 1


async def begun(system: Database, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Work that waits for its turn now, or is done already."""
    task = asyncio.create_task(work)
    async for _ in patiently():
        async with system.transaction(None, readonly=True) as connection:
            waits = "select exists (select from pg_locks where locktype = 'advisory' and not granted)"
            if task.done() or await connection.fetchval(waits):
                break
    return task


async def is_traced_as_it_stands(system: Database, school: Class) -> bool:
    async with system.transaction(None, readonly=True) as connection:
        found: bool = await connection.fetchval(
            "select h.version_id = e.course_version_id"
            "  from enrollments e join learner_histories h on h.enrollment_id = e.id where e.id = $1",
            UUID(school.enrolment),
        )
    return found


async def test_whoever_waited_for_their_turn_traces_the_version_that_the_learner_is_on_by_then(
    school: Class, system: Database
) -> None:
    async def trace_later() -> None:
        async with system.transaction(None) as connection:
            await trace(connection, school)

    async with system.transaction(None) as first:
        await trace(first, school)
        later = await begun(system, trace_later())
        await upgrade(school.learner, school.course, school.enrolment)
        await trace(first, school)
    await later
    assert await is_traced_as_it_stands(system, school)


async def test_a_move_is_followed_while_the_first_history_is_not_committed_yet(school: Class, system: Database) -> None:
    async def follow() -> None:
        async with system.transaction(None) as connection:
            envelope = await connection.fetchval(
                "select event from outbox where org_id = $1 and event->>'type' = 'azora.enrollment.upgraded.v1'",
                school.org.id,
            )
            moved = decode(envelope)
            assert moved is not None
            await MasteryHandler(Reader()).handle(connection, [Batch(0, 1, [moved])])

    async with system.transaction(None) as first:
        await trace(first, school)
        await upgrade(school.learner, school.course, school.enrolment)
        following = await begun(system, follow())
    await following
    assert await is_traced_as_it_stands(system, school)
