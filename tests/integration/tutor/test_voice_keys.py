"""What a model is not told, and may not tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from aiohttp import web

from actors.retrieval_index.member import RetrievalMember
from configs.settings import Settings
from stores.postgres import Database
from tests.integration.retrieval.support import MEDIAN
from tests.integration.tutor.support import (
    LAVA_MODULES,
    LOAD_KEY,
    LOAD_MODULES,
    MODULES,
    QUESTION,
    Behaviour,
    ask,
    begin,
    chunk,
    follow_up_a_quiz,
    get_no_key,
    learner_of,
    upstream,
)


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
