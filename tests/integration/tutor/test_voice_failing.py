"""A model that fails, is cut off or comes too late."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web
from fastapi import Response

from actors.retrieval_index.member import RetrievalMember
from configs.settings import Settings
from deployments.kit.reservations import CameTooLate, Reservation, StillAtWork
from deployments.kit.work import Work
from deployments.tutor.repository import ConversationRepository
from stores.errors import StoreUnavailable
from stores.postgres import Database
from tests.integration.courses.support import ok, problem
from tests.integration.retrieval.support import MEDIAN
from tests.integration.tutor.support import QUESTION, Behaviour, ask, begin, chunk, learner_of, stream, upstream
from tests.platform import Platform


@pytest.mark.parametrize("how", ["refuse", "babble"])
async def test_what_fails_at_first_is_answered_by_quoting(
    settings: Settings, index: RetrievalMember, system: Database, misbehaving: dict[str, Behaviour], how: str
) -> None:
    async with upstream(misbehaving[how]) as address:
        own = settings.model_copy(update={"tutor_model": "any", "services_url": address})
        async with learner_of(own, system) as (learner, course, _):
            conversation = await begin(learner, course)
            for turn in (
                await ask(learner, conversation, QUESTION),
                (await stream(learner, conversation, QUESTION))[-1][1],
            ):
                assert turn["made_by"]["model"] == "extractive"
                assert turn["made_by"]["asked_in_vain"] == "any"
                assert MEDIAN in turn["text"]


@pytest.mark.parametrize("how", ["cut", "fail"])
async def test_what_breaks_off_ends_with_an_error_and_is_not_remembered(
    settings: Settings, index: RetrievalMember, system: Database, misbehaving: dict[str, Behaviour], how: str
) -> None:
    async with upstream(misbehaving[how]) as address:
        own = settings.model_copy(update={"tutor_model": "any", "services_url": address})
        async with learner_of(own, system) as (learner, course, _):
            conversation = await begin(learner, course)
            said = await stream(learner, conversation, QUESTION)
            assert [name for name, _ in said] == ["delta", "error"]
            assert (said[-1][1]["type"], said[-1][1]["retriable"]) == ("urn:azora:problem:answer-broke-off", True)
            assert ok(await learner.http.get(f"/api/tutor/conversations/{conversation}"))["turns"] == 0
            # Whole answers have not been sent yet, so they can still be given another way.
            assert (await ask(learner, conversation, QUESTION))["made_by"]["model"] == "extractive"


async def test_what_cannot_be_stored_ends_with_an_error_and_a_full_conversation_asks_no_model(
    settings: Settings, index: RetrievalMember, system: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile = list[Callable[[], Awaitable[Any]]]()
    asked = 0

    async def tell(request: web.Request, answer: web.StreamResponse) -> None:
        nonlocal asked
        asked += 1
        await answer.prepare(request)
        await answer.write(chunk("The median is the value in the middle [1]. "))
        await meanwhile.pop()()
        await answer.write(chunk("That is all.", "stop"))

    async with upstream(tell) as address:
        own = settings.model_copy(update={"tutor_model": "any", "services_url": address})
        async with learner_of(own, system) as (learner, course, platform):

            async def told(happens: Callable[[], Awaitable[Any]]) -> Any:
                meanwhile.append(happens)
                said = await stream(learner, conversation, QUESTION)
                assert [name for name, _ in said][-1] == "error"
                return said[-1][1]

            async def fill() -> None:
                async with platform.database.transaction(learner.org.id) as connection:
                    await connection.execute("update tutor_conversations set turns = 500 where id = $1", conversation)

            async def lose() -> None:
                async def lost(*_: Any) -> None:
                    raise StoreUnavailable

                monkeypatch.setattr(ConversationRepository, "lock", lost)

            conversation = await begin(learner, course)
            error = await told(lambda: learner.http.delete(f"/api/tutor/conversations/{conversation}"))
            assert (error["type"], error["retriable"]) == ("urn:azora:problem:conversation-not-found", False)
            conversation = await begin(learner, course)
            assert (await told(fill))["type"] == "urn:azora:problem:conversation-full"
            path = f"/api/tutor/conversations/{conversation}/turns"
            for headers in ({}, {"accept": "text/event-stream"}):
                refused = await learner.http.post(path, json={"text": QUESTION}, headers=headers)
                problem(refused, 409, "conversation-full")
            assert asked == 2
            conversation = await begin(learner, course)
            error = await told(lose)
            assert (error["type"], error["retriable"]) == ("urn:azora:problem:unavailable", True)


async def test_no_transaction_is_open_while_the_model_speaks_and_a_key_makes_one_turn(
    settings: Settings, index: RetrievalMember, system: Database
) -> None:
    asked, may_speak = asyncio.Semaphore(0), asyncio.Event()

    async def speak_late(request: web.Request, answer: web.StreamResponse) -> None:
        asked.release()
        await may_speak.wait()
        await answer.prepare(request)
        await answer.write(chunk("The median is the value in the middle [1].", "stop"))

    async with upstream(speak_late) as address:
        # One connection: whoever held it while the model speaks would keep everybody else waiting.
        own = settings.model_copy(update={"tutor_model": "any", "services_url": address, "database_pool_size": 1})
        async with learner_of(own, system) as (learner, course, _):
            conversation = await begin(learner, course)
            path, body = f"/api/tutor/conversations/{conversation}/turns", {"text": QUESTION}
            headers = {"idempotency-key": "once"}
            first = asyncio.create_task(learner.http.post(path, json=body, headers=headers))
            async with asyncio.timeout(20):
                await asked.acquire()
            meanwhile = await learner.http.post(path, json=body, headers=headers)
            assert problem(meanwhile, 409, "idempotency-key-in-use")["retriable"]
            assert meanwhile.headers["retry-after"] == "1"
            problem(
                await learner.http.post(path, json={"text": "Else?"}, headers=headers), 409, "idempotency-key-reused"
            )
            may_speak.set()
            turn = ok(await first, 201)
            assert turn["made_by"]["model"] == "any"
            again = await learner.http.post(path, json=body, headers=headers)
            assert (ok(again, 201), again.headers["idempotent-replayed"]) == (turn, "true")
            assert ok(await learner.http.get(f"/api/tutor/conversations/{conversation}"))["turns"] == 1


async def test_whoever_was_taken_over_has_no_effect_and_whoever_fails_lets_go(platform: Platform) -> None:
    org = await platform.create_organisation()
    person = await org.person()

    def reserve(seconds: float) -> Reservation:
        return Reservation(
            database=platform.database, org_id=org.id, person=person.id, key="key", fingerprint=b"same", token=uuid4(),
            lease=timedelta(seconds=seconds),
        )  # fmt: skip

    slow, quick = reserve(-1), reserve(60)  # the first has run out as it is made
    assert await slow.take() is None
    assert await quick.take() is None
    with pytest.raises(StillAtWork):
        await reserve(60).take()

    async def late() -> None:
        async with Work(platform.database, org.id, "test") as work:
            await (await work.connection()).execute("update users set first_name = 'Late' where id = $1", person.id)
            await slow.settle(work, Response(b"late", 201))

    with pytest.raises(CameTooLate):
        await late()
    await slow.release()  # which lets go of nothing that is somebody else's
    with pytest.raises(StillAtWork):
        await reserve(60).take()
    await quick.release()
    last = reserve(60)
    assert await last.take() is None
    async with Work(platform.database, org.id, "test") as work:
        await last.settle(work, Response(b"done", 201))
    answer = await reserve(60).take()
    assert answer is not None
    assert bytes(answer.body) == b"done"
    assert ok(await person.http.get("/api/users/me"))["first_name"] == "Test"
