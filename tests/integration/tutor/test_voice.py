"""A language model puts the material into words: through the platform's own /v1, and as it should not."""

from __future__ import annotations

import asyncio

import pytest
import uvicorn
from aiohttp import web

from actors.retrieval_index.member import RetrievalMember
from configs.settings import Settings
from learning.tutoring.replies import DECLINED
from stores.postgres import Database
from tests.acceptance.conftest import free_port
from tests.integration.audit.test_security_events import entries
from tests.integration.courses.support import ok
from tests.integration.retrieval.support import MEDIAN
from tests.integration.tutor.support import (
    PROMPT,
    QUESTION,
    ask,
    begin,
    chunk,
    learner_of,
    pass_the_quiz,
    stream,
    upstream,
)


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
