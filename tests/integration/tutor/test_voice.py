"""A language model puts the material into words: through the platform's own /v1, and when what is there misbehaves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import uvicorn
from aiohttp import web
from fastapi import Response

from actors.retrieval_index.member import RetrievalMember
from configs.settings import Settings
from deployments.kit.reservations import CameTooLate, Reservation, StillAtWork
from deployments.kit.work import Work
from deployments.tutor.repository import ConversationRepository
from learning.tutoring.replies import DECLINED
from stores.errors import StoreUnavailable
from stores.postgres import Database
from tests.acceptance.conftest import free_port
from tests.integration.audit.test_security_events import entries
from tests.integration.courses.support import create, ok, problem
from tests.integration.retrieval.support import MEDIAN, settled
from tests.integration.tutor.test_tutoring import (
    LAVA_MODULES,
    LOAD_KEY,
    LOAD_MODULES,
    MODULES,
    PROMPT,
    ask,
    begin,
    follow_up_a_quiz,
    get_no_key,
    pass_the_quiz,
)
from tests.platform import Account, Platform
from tests.upstream import serving

Behaviour = Callable[[web.Request, web.StreamResponse], Awaitable[None]]
QUESTION = "How do I find the median of some values?"


@asynccontextmanager
async def learner_of(
    settings: Settings, system: Database, modules: Sequence[dict[str, Any]] = MODULES
) -> AsyncIterator[tuple[Account, str, Platform]]:
    """A platform of its own with these settings, somebody who learns there, and their course."""
    async with Platform.running(settings) as platform:
        org = await platform.create_organisation()
        teacher, learner = await org.person("instructor"), await org.person("student")
        course = await create(teacher, modules=modules)
        ok(await teacher.http.post(f"/api/courses/{course}/publish"))
        ok(await learner.http.post("/api/enrollments", json={"course_id": course}), 201)
        await settled(system, course)
        yield learner, course, platform


@asynccontextmanager
async def upstream(behave: Behaviour) -> AsyncIterator[str]:
    """Something that speaks as /v1 does, up to a point; its address."""

    async def chat(request: web.Request) -> web.StreamResponse:
        assert request.headers["authorization"].startswith("Bearer ")
        answer = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await behave(request, answer)
        return answer

    async with serving(chat) as url:
        yield url


def chunk(text: str, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    return f"data: {json.dumps({'choices': [choice]})}\n\n".encode()


def events(body: str) -> list[tuple[str, Any]]:
    blocks = [dict(line.split(": ", 1) for line in block.splitlines()) for block in body.strip().split("\n\n")]
    return [(block["event"], json.loads(block["data"])) for block in blocks]


async def stream(person: Account, conversation: str, question: str) -> list[tuple[str, Any]]:
    answer = await person.http.post(
        f"/api/tutor/conversations/{conversation}/turns",
        json={"text": question},
        headers={"accept": "text/event-stream"},
    )
    assert answer.status_code == 201, answer.text
    return events(answer.text)


async def test_through_the_platform_s_own_models(settings: Settings, index: RetrievalMember, system: Database) -> None:
    port = free_port()
    own = settings.model_copy(update={"tutor_model": "azora-default", "services_url": f"http://127.0.0.1:{port}"})
    async with learner_of(own, system) as (learner, course, platform):
        config = uvicorn.Config(platform.host, port=port, lifespan="off", log_level="warning", ws="none")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
        try:
            conversation = await begin(learner, course)
            turn = await ask(learner, conversation, QUESTION)
            assert turn["made_by"]["model"] == "azora-default"
            assert "[1] " in turn["text"]
            said = await stream(learner, conversation, QUESTION)
            assert said[-1][0] == "reply"
            assert "".join(data["text"] for name, data in said if name == "delta").strip() in said[-1][1]["text"]
            assert (await ask(learner, conversation, PROMPT))["kind"] == "hint"
        finally:
            server.should_exit = True
            await serving


@pytest.fixture
def misbehaving() -> dict[str, Behaviour]:
    async def refuse(_request: web.Request, answer: web.StreamResponse) -> None:
        answer.set_status(503)

    async def cut(request: web.Request, answer: web.StreamResponse) -> None:
        await answer.prepare(request)
        await answer.write(chunk(f"{MEDIAN} And "))
        assert request.transport is not None
        request.transport.close()

    async def fail(request: web.Request, answer: web.StreamResponse) -> None:
        await answer.prepare(request)
        await answer.write(chunk(f"{MEDIAN} ") + b'data: {"error": {"message": "broken"}}\n\n')

    async def babble(request: web.Request, answer: web.StreamResponse) -> None:
        await answer.prepare(request)
        await answer.write(b"data: {]\n\n")

    async def tell(request: web.Request, answer: web.StreamResponse) -> None:
        asked = await request.json()
        assert MEDIAN in asked["messages"][-1]["content"]
        await answer.prepare(request)
        for piece in ("The median [1]. An outlier hardly moves the mid", "dle value. ", "That is all."):
            await answer.write(chunk(piece))
        await answer.write(chunk("", "stop") + b"data: [DONE]\n\n")

    return {"refuse": refuse, "cut": cut, "fail": fail, "babble": babble, "tell": tell}


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


async def test_a_model_does_not_give_an_open_quiz_away(
    settings: Settings, index: RetrievalMember, system: Database, misbehaving: dict[str, Behaviour]
) -> None:
    async with upstream(misbehaving["tell"]) as address:
        own = settings.model_copy(update={"tutor_model": "any", "services_url": address})
        async with learner_of(own, system) as (learner, course, _):
            turn = await ask(learner, await begin(learner, course), "Does an extreme value change the median?")
            assert turn["made_by"]["model"] == "any"
            assert "middle value" not in turn["text"]
            assert "The median [1]." in turn["text"]
            assert "That is all." in turn["text"]


async def test_a_model_does_not_give_away_what_was_asked_before(
    settings: Settings, index: RetrievalMember, system: Database
) -> None:
    """Of which it is shown the questions, and whose answers it may know without any excerpt."""

    async def tell(request: web.Request, answer: web.StreamResponse) -> None:
        await answer.prepare(request)
        await answer.write(chunk(f"It is the one in the middle [1]. And before, {LOAD_KEY}. That is all.", "stop"))

    async with upstream(tell) as address:
        own = settings.model_copy(update={"tutor_model": "any", "services_url": address})
        async with learner_of(own, system, LOAD_MODULES) as (learner, course, _):
            turn = await ask(learner, await follow_up_a_quiz(learner, course), QUESTION)
            assert turn["made_by"]["model"] == "any"
            assert LOAD_KEY not in turn["text"]
            assert "in the middle [1]. That is all." in turn["text"]


@pytest.mark.parametrize("modules", [MODULES, LAVA_MODULES])
async def test_no_model_gets_to_know_a_key(
    settings: Settings, index: RetrievalMember, system: Database, modules: Sequence[dict[str, Any]]
) -> None:
    shown = []

    async def repeat(request: web.Request, answer: web.StreamResponse) -> None:
        asked = (await request.json())["messages"][-1]["content"]
        excerpts, _, _ = asked.rpartition("\n\nQuestion: ")
        shown.append(excerpts)
        await answer.prepare(request)
        for piece in (f"{excerpts}. ", " ".join(word[::-1] for word in excerpts.split()), "."):
            await answer.write(chunk(piece))
        await answer.write(chunk("", "stop") + b"data: [DONE]\n\n")

    async with upstream(repeat) as address:
        own = settings.model_copy(update={"tutor_model": "any", "services_url": address})
        async with learner_of(own, system, modules) as (learner, course, _):
            await get_no_key(learner, course)
            turn = await ask(learner, await begin(learner, course), QUESTION)
            assert turn["made_by"]["model"] == "any"
            assert "naidem" not in turn["text"]  # which the material does not say
            assert MEDIAN in shown[-1]
            assert not [excerpts for excerpts in shown if "lava" in excerpts.casefold()]


INVENTED = "Lima is the capital of Peru and has ten million people. "


async def test_only_what_the_material_bears_out_is_shown_and_only_what_is_cited_is_a_source(
    settings: Settings, index: RetrievalMember, system: Database
) -> None:
    async def tell(request: web.Request, answer: web.StreamResponse) -> None:
        await answer.prepare(request)
        for piece in ("Gladly! ", INVENTED, f"{MEDIAN} [9]\n", "As everybody in Lima and in Peru knows well [1]."):
            await answer.write(chunk(piece))
        await answer.write(chunk("", "stop") + b"data: [DONE]\n\n")

    async with upstream(tell) as address:
        own = settings.model_copy(update={"tutor_model": "any", "services_url": address})
        async with learner_of(own, system) as (learner, course, _):
            conversation = await begin(learner, course)
            said = await stream(learner, conversation, QUESTION)
            turn = await ask(learner, conversation, QUESTION)
            for reply in (said[-1][1], turn):
                assert reply["made_by"]["model"] == "any"
                assert reply["kind"] == "answer"
                assert reply["text"].startswith(f"Gladly! {MEDIAN[:-1]} [1].")
                assert "Lima" not in reply["text"]
                assert "[9]" not in reply["text"]
                assert [(one["number"], one["heading"][-7:]) for one in reply["sources"]] == [(1, "Middles")]
            told = "".join(data["text"] for name, data in said if name == "delta")
            assert turn["text"].startswith(told.strip())


async def test_what_goes_out_is_judged_by_the_constitution(
    settings: Settings, index: RetrievalMember, system: Database
) -> None:
    async def tell(request: web.Request, answer: web.StreamResponse) -> None:
        await answer.prepare(request)
        await answer.write(chunk(f"{MEDIAN[:-1]}, says ada@school.example [1].", "stop"))

    async with upstream(tell) as address:
        own = settings.model_copy(update={"tutor_model": "any", "services_url": address})
        async with learner_of(own, system) as (learner, course, platform):
            turn = await ask(learner, await begin(learner, course), QUESTION)
            assert turn["made_by"]["model"] == "any"
            assert turn["text"].startswith(f"{MEDIAN[:-1]}, says [EMAIL] [1].")
            judged = [one for one in await entries(platform, learner.org.id) if one["action"] == "text.judged"]
            assert [(one["source"], one["details"]["feature"]) for one in judged] == [("tutor", "tutor")]


@pytest.mark.parametrize("words", ["", INVENTED, "Good question! That is all."])
async def test_a_model_that_says_nothing_from_the_material_is_replaced_by_quotations(
    settings: Settings, index: RetrievalMember, system: Database, words: str
) -> None:
    async def tell(request: web.Request, answer: web.StreamResponse) -> None:
        await answer.prepare(request)
        await answer.write(chunk(words, "stop") + b"data: [DONE]\n\n")

    async with upstream(tell) as address:
        own = settings.model_copy(update={"tutor_model": "any", "services_url": address})
        async with learner_of(own, system) as (learner, course, _):
            conversation = await begin(learner, course)
            said = await stream(learner, conversation, QUESTION)
            for turn in (said[-1][1], await ask(learner, conversation, QUESTION)):
                assert turn["made_by"]["model"] == "extractive"
                assert turn["kind"] == "answer"
                assert MEDIAN in turn["text"]
            assert [data["text"] for name, data in said if name == "delta"] == [said[-1][1]["text"]]


async def test_a_model_may_say_that_the_excerpts_do_not_answer(
    settings: Settings, index: RetrievalMember, system: Database
) -> None:
    said = [f"The excerpts do not answer that. {INVENTED}", f"{MEDIAN} [1]", f"{MEDIAN} [1]"]
    roles: list[list[str]] = []

    async def tell(request: web.Request, answer: web.StreamResponse) -> None:
        roles.append([message["role"] for message in (await request.json())["messages"]])
        await answer.prepare(request)
        await answer.write(chunk(said[len(roles) - 1], "stop"))

    async with upstream(tell) as address:
        own = settings.model_copy(update={"tutor_model": "any", "services_url": address})
        async with learner_of(own, system) as (learner, course, _):
            conversation = await begin(learner, course)
            turn = await ask(learner, conversation, QUESTION)
            assert (turn["kind"], turn["sources"]) == ("declined", [])
            assert turn["text"] == DECLINED
            assert (turn["made_by"]["model"], turn["made_by"]["asked_in_vain"]) == ("any", None)
            # Its answers are shown to it again, its refusals are not.
            assert [(await ask(learner, conversation, QUESTION))["kind"] for _ in range(2)] == ["answer", "answer"]
            assert roles == [["system", "user"], ["system", "user"], ["system", "user", "assistant", "user"]]


async def test_a_model_is_asked_what_a_question_follows_up(
    settings: Settings, index: RetrievalMember, system: Database
) -> None:
    """Also where a refusal or a hint came of that, which it is not shown."""
    shown: list[list[dict[str, str]]] = []
    said = ["The excerpts do not answer that.", f"{MEDIAN} [1]", f"{MEDIAN} [1]"]

    async def tell(request: web.Request, answer: web.StreamResponse) -> None:
        shown.append((await request.json())["messages"])
        await answer.prepare(request)
        await answer.write(chunk(said[len(shown) - 1], "stop"))

    async with upstream(tell) as address:
        own = settings.model_copy(update={"tutor_model": "any", "services_url": address})
        async with learner_of(own, system) as (learner, course, _):
            conversation = await begin(learner, course)
            assert (await ask(learner, conversation, QUESTION))["kind"] == "declined"
            turn = await ask(learner, conversation, "Why does it do that?")
            assert turn["made_by"]["model"] == "any"
            conversation = await begin(learner, course)
            assert (await ask(learner, conversation, PROMPT))["kind"] == "hint"
            [enrolment] = ok(await learner.http.get("/api/enrollments"))["items"]
            await pass_the_quiz(learner, course, enrolment["id"])
            turn = await ask(learner, conversation, "Why does it do that?")
            assert turn["made_by"]["model"] == "any"
            questions = ok(await learner.http.get(f"/api/tutor/conversations/{conversation}"))["items"]
            assert [one["question"] for one in questions] == [PROMPT, "Why does it do that?"]
    assert [message["role"] for messages in shown for message in messages] == ["system", "user"] * 3
    asked = [messages[-1]["content"].rpartition("Question: ")[2] for messages in shown]
    assert asked == [QUESTION, f"{QUESTION}\nWhy does it do that?", f"{PROMPT}\nWhy does it do that?"]


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
