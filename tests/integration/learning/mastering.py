"""A course with two modules, each a text and a quiz, and people who take it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from uuid import UUID

from actors.learner_model.member import LearnerModelMember
from configs.settings import Settings
from stores.ids import new_id
from stores.postgres import Database
from tests.integration.courses.support import create, ok
from tests.patience import PATIENCE_SECONDS
from tests.platform import Account, Organisation, Platform


def quiz(*prompts: str) -> dict[str, Any]:
    """True is right, always."""
    questions = [{"kind": "true_false", "prompt": prompt, "correct": True} for prompt in prompts]
    return {"pass_mark_percent": 50, "attempts_allowed": 5, "questions": questions}


MODULES = [
    {
        "title": title,
        "units": [
            {"kind": "text", "title": f"About {title}", "body": "Words. " * 400},
            {"kind": "quiz", "title": f"{title}: the quiz", "quiz": quiz("a?", "b?", "c?", "d?")},
        ],
    }
    for title in ("Fractions", "Ratios")
]


class Class(NamedTuple):
    """`modules` as the draft's author reads them."""

    org: Organisation
    teacher: Account
    learner: Account
    other: Account
    course: str
    enrolment: str
    modules: list[dict[str, Any]]


async def open_class(platform: Platform) -> Class:
    """The course published, two people enrolled."""
    org = await platform.create_organisation()
    teacher = await org.person("instructor")
    course = await create(teacher, modules=MODULES)
    ok(await teacher.http.post(f"/api/courses/{course}/publish"))
    learner, other = [await org.person("student", fresh=True) for _ in range(2)]
    enrolments = [
        ok(await person.http.post("/api/enrollments", json={"course_id": course}), 201)["id"]
        for person in (learner, other)
    ]
    modules = ok(await learner.http.get(f"/api/courses/{course}/content"))["modules"]
    return Class(org, teacher, learner, other, course, enrolments[0], modules)


async def advised(system: Database, course: str) -> list[int]:
    """The minutes that learners of the course were advised, once anything of it is kept."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        async with system.transaction(None, readonly=True) as connection:
            rows = await connection.fetch("select minutes from advised_paths where course_id = $1", UUID(course))
        if rows:
            return [row["minutes"] for row in rows]
        assert time.monotonic() < give_up_at, "nothing is kept"
        await asyncio.sleep(0.02)


async def attempt(person: Account, enrolment: str, unit: dict[str, Any], right: int) -> None:
    """Take a quiz, so many answers being right."""
    questions = [question["id"] for question in unit["quiz"]["questions"]]
    answers = {id: place < right for place, id in enumerate(questions)}
    ok(
        await person.http.post(f"/api/enrollments/{enrolment}/units/{unit['id']}/attempts", json={"answers": answers}),
        201,
    )


async def join_modules(school: Class) -> None:
    """Publish a version that has the units of both modules in the second."""
    first, second = school.modules
    course = f"/api/courses/{school.course}"
    units = [unit["id"] for module in school.modules for unit in module["units"]]
    order = [{"id": first["id"], "units": []}, {"id": second["id"], "units": units}]
    ok(await school.teacher.http.put(f"{course}/order", json={"modules": order}))
    ok(await school.teacher.http.delete(f"{course}/modules/{first['id']}"), 204)
    ok(await school.teacher.http.post(f"{course}/publish"))


async def upgrade(person: Account, _course: str, enrolment: str) -> None:
    ok(await person.http.post(f"/api/enrollments/{enrolment}/upgrade"))


@asynccontextmanager
async def following(settings: Settings) -> AsyncIterator[LearnerModelMember]:
    """Somebody traces learners, meanwhile."""
    database = Database.from_settings(settings, role="azora_system")
    member = LearnerModelMember(settings, database, f"test-{new_id().hex[-8:]}")
    stop = asyncio.Event()
    task = asyncio.create_task(member.run(stop))
    try:
        yield member
    finally:
        stop.set()
        await task
        await database.close()


async def in_step(database: Database, org_id: UUID) -> None:
    """Wait until all results of an organisation are traced. `database` is under `azora_system`."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        async with database.transaction(None, readonly=True) as connection:
            rest = await connection.fetchval(
                "select (select count(*) from courses_to_trace where org_id = $1)"
                "     + (select count(*) from outbox o where o.topic = 'enrollment_events' and o.org_id = $1"
                "          and (o.xid, o.seq) > coalesce((select (p.xid, p.seq) from event_positions p"
                "              where p.consumer = 'mastery' and p.topic = o.topic and p.partition = o.partition),"
                "              ('0'::xid8, 0::bigint)))",
                org_id,
            )
        if rest == 0:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("results are not traced in time")
