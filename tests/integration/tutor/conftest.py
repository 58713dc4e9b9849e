from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from actors.retrieval_index.member import RetrievalMember
from configs.settings import Settings
from stores.postgres import Database
from tests.integration.courses.support import create, ok
from tests.integration.retrieval.support import MEDIAN, indexing, settled
from tests.integration.tutor.support import MODULES, Behaviour, Class, chunk
from tests.platform import Platform


@pytest.fixture(scope="package")
async def system(settings: Settings) -> AsyncIterator[Database]:
    """The database as duties see it."""
    database = Database.from_settings(settings, role="azora_system")
    yield database
    await database.close()


@pytest.fixture(scope="module")
async def index(platform: Platform) -> AsyncIterator[RetrievalMember]:
    """Somebody keeps the index while the tests of a module run."""
    async with indexing(platform.settings) as member:
        yield member


@pytest.fixture(scope="module")
async def taught(platform: Platform, index: RetrievalMember, system: Database) -> Class:
    org = await platform.create_organisation()
    teacher, learner = await org.person("instructor"), await org.person("student")
    course = await create(teacher, modules=MODULES)
    ok(await teacher.http.post(f"/api/courses/{course}/publish"))
    enrolment = ok(await learner.http.post("/api/enrollments", json={"course_id": course}), 201)["id"]
    await settled(system, course)
    return Class(org, teacher, learner, course, enrolment)


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
