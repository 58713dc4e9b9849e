"""What a turn finds of those before it in memory, and that memory never outlives what it is of."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import NamedTuple
from uuid import UUID

import pytest

from actors.conversation_memory import actor
from actors.conversation_memory.state import Key, Recollection, Turn
from actors.retrieval_index.member import RetrievalMember
from deployments.tutor.repository import ConversationRepository
from stores.ids import new_id
from stores.metrics.registry import REGISTRY
from stores.postgres import Database
from tests.integration.courses.support import create, ok, problem
from tests.integration.retrieval.support import MEDIAN, OUTLIER, modules, settled, text
from tests.integration.tutor.support import ask, begin
from tests.patience import PATIENCE_SECONDS, patiently
from tests.platform import PASSWORD, Account, Platform

QUESTION, FOLLOW_UP = "Where do I find the median once values are sorted?", "And why?"


class Taught(NamedTuple):
    teacher: Account
    course: str


class Talk(NamedTuple):
    """A learner's conversation, by its name in memory."""

    learner: Account
    enrolment: str
    key: Key


@pytest.fixture(scope="module")
async def taught(platform: Platform, index: RetrievalMember, system: Database) -> Taught:
    teacher = await (await platform.create_organisation()).person("instructor")
    course = await create(teacher, modules=modules(text("Middles", f"{MEDIAN} {OUTLIER}")))
    ok(await teacher.http.post(f"/api/courses/{course}/publish"))
    await settled(system, course)
    return Taught(teacher, course)


@pytest.fixture
async def talk(platform: Platform, taught: Taught) -> Talk:
    """One that was begun and has a turn, which is remembered."""
    learner = await taught.teacher.org.person("student", fresh=True)
    enrolment = ok(await learner.http.post("/api/enrollments", json={"course_id": taught.course}), 201)["id"]
    conversation = await begin(learner, taught.course)
    await eventually(lambda: platform.memory._hears)
    await ask(learner, conversation, QUESTION)
    return Talk(learner, enrolment, Key(learner.org.id, UUID(conversation)))


async def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


def recalled(origin: str) -> float:
    return REGISTRY.get_sample_value("azora_tutor_recalled_total", {"origin": origin}) or 0.0


async def in_memory(platform: Platform, talk: Talk) -> tuple[Turn, ...]:
    found = await platform.memory.recall(talk.key)
    assert found is not None
    return found.turns


async def in_database(platform: Platform, talk: Talk) -> tuple[Turn, ...]:
    async with platform.database.transaction(talk.key.org_id, readonly=True) as connection:
        repository = ConversationRepository(connection, talk.learner.id)
        return tuple(await repository.last_turns(talk.key.conversation_id, 3))


async def turn(talk: Talk, question: str) -> str:
    kind: str = (await ask(talk.learner, str(talk.key.conversation_id), question))["kind"]
    return kind


async def test_memory_has_what_the_database_has(platform: Platform, talk: Talk) -> None:
    for question in (FOLLOW_UP, QUESTION, FOLLOW_UP):
        before = recalled("remembered")
        assert await turn(talk, question) == "answer"  # a follow-up is understood by what came before
        assert recalled("remembered") == before + 1
        assert await in_memory(platform, talk) == await in_database(platform, talk)


async def test_first_turns_find_nothing_and_count_as_nothing(platform: Platform, talk: Talk, taught: Taught) -> None:
    origins = ("remembered", "read", "unavailable")
    before = [recalled(origin) for origin in origins]
    other = await begin(talk.learner, taught.course)
    await ask(talk.learner, other, QUESTION)
    assert [recalled(origin) for origin in origins] == before
    await ask(talk.learner, other, FOLLOW_UP)
    assert recalled("remembered") == before[0] + 1


async def test_the_loss_of_it_loses_nothing(platform: Platform, talk: Talk) -> None:
    platform.memory.on_state(False)
    try:
        before = recalled("unavailable")
        assert await turn(talk, FOLLOW_UP) == "answer"
        assert recalled("unavailable") == before + 1
    finally:
        platform.memory.on_state(True)
    assert await in_memory(platform, talk) == ()
    before = recalled("read")
    assert await turn(talk, FOLLOW_UP) == "answer"
    assert recalled("read") == before + 1
    assert await in_memory(platform, talk) == await in_database(platform, talk)


async def test_turns_at_once_are_remembered_in_order(platform: Platform, talk: Talk) -> None:
    await asyncio.gather(*(turn(talk, f"What is the median, {number}?") for number in range(5)))
    await turn(talk, QUESTION)
    found = await in_memory(platform, talk)
    assert found == await in_database(platform, talk)
    assert [one.number for one in found] == [5, 6, 7]


async def test_no_connection_waits_for_memory(platform: Platform, talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    recall, pool = platform.memory.recall, platform.host.context.database._pool
    assert pool is not None
    let_go = asyncio.Event()

    async def recall_once_all_are_idle(key: Key) -> Recollection | None:
        await asyncio.sleep(0.01)  # in which a transaction would begin
        async for _ in patiently():
            if pool.get_idle_size() == pool.get_size():
                let_go.set()
                break
        return await recall(key)

    monkeypatch.setattr(platform.memory, "recall", recall_once_all_are_idle)
    assert await turn(talk, FOLLOW_UP) == "answer"
    assert let_go.is_set()


@pytest.fixture
async def other(platform: Platform, talk: Talk, taught: Taught) -> Talk:
    """Somebody else's, which is remembered, too."""
    learner = await talk.learner.org.person("student", fresh=True)
    enrolment = ok(await learner.http.post("/api/enrollments", json={"course_id": taught.course}), 201)["id"]
    conversation = await begin(learner, taught.course)
    await ask(learner, conversation, QUESTION)
    return Talk(learner, enrolment, Key(learner.org.id, UUID(conversation)))


def still_there(platform: Platform, other: Talk) -> bool:
    """Whether it was remembered all the while: an actor that was deaf for a moment would have forgotten everything."""
    return bool(platform.memory._memory.recall(other.key).turns)


async def test_a_deleted_conversation_is_forgotten(platform: Platform, talk: Talk, other: Talk) -> None:
    path = f"/api/tutor/conversations/{talk.key.conversation_id}"
    ok(await talk.learner.http.delete(path), 204)
    problem(await talk.learner.http.post(f"{path}/turns", json={"text": QUESTION}), 404, "conversation-not-found")
    await eventually(lambda: not platform.memory._memory.recall(talk.key).turns)
    assert still_there(platform, other)


async def test_erased_people_are_forgotten(platform: Platform, talk: Talk, other: Talk) -> None:
    assert await in_memory(platform, talk)
    ok(await talk.learner.http.post("/api/users/me/erase", json={"password": PASSWORD}))
    await eventually(lambda: not platform.memory._memory.recall(talk.key).turns)
    assert still_there(platform, other)


async def test_nobody_goes_on_telling_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    deaf = SimpleNamespace(remote=lambda *_: asyncio.Event().wait())
    monkeypatch.setattr(actor, "_TELLING_SECONDS", 0.01)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await actor._tell(SimpleNamespace(remember=deaf), Key(new_id(), new_id()), new_id(), ())


async def test_whoever_left_the_course_is_told_nothing(talk: Talk) -> None:
    ok(await talk.learner.http.post(f"/api/enrollments/{talk.enrolment}/drop"))
    path = f"/api/tutor/conversations/{talk.key.conversation_id}/turns"
    problem(await talk.learner.http.post(path, json={"text": FOLLOW_UP}), 409, "course-not-readable")


async def test_what_others_remember_is_out_of_reach(platform: Platform, taught: Taught, talk: Talk) -> None:
    stranger = await (await platform.create_organisation()).person("student")
    for other in (stranger, taught.teacher):
        path = f"/api/tutor/conversations/{talk.key.conversation_id}/turns"
        problem(await other.http.post(path, json={"text": FOLLOW_UP}), 404, "conversation-not-found")
    elsewhere = await platform.memory.recall(Key(stranger.org.id, talk.key.conversation_id))
    assert elsewhere is not None
    assert elsewhere.turns == ()


async def test_what_cannot_be_opened_is_read_anew(platform: Platform, talk: Talk) -> None:
    """As where it was sealed under a key that is gone, and the database has it under another by now."""
    found = await platform.memory.recall(talk.key)
    assert found is not None
    await platform.memory.remember(talk.key, found.ticket, [replace(one, question=b"?") for one in found.turns])
    before = recalled("read")
    assert await turn(talk, FOLLOW_UP) == "answer"
    assert recalled("read") == before + 1
    assert await in_memory(platform, talk) == await in_database(platform, talk)
