"""Whatever a person, or somebody about them, is writing as they are erased: none of it outlives the answer."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx

from configs.settings import Settings
from stores.ids import new_id
from tests.integration.enrollments import support
from tests.integration.enrollments.support import BASE, CourseFixture, assignment, create_course, enrol, quiz, unit_path
from tests.integration.users.support import answer_reset_requests, system_database
from tests.platform import Account, Organisation, Platform

_ROUNDS = 50
_SPREAD_SECONDS = 0.03
# What a request may get that comes as its person goes.
_POSSIBLE = {200, 201, 202, 401, 403, 404, 409}
_TEXTS = """
    select c.table_name, c.column_name, c.data_type
      from information_schema.columns c
      join information_schema.tables t using (table_schema, table_name)
     where table_schema = 'public' and t.table_type = 'BASE TABLE'
       and c.data_type in ('text', 'character varying', 'jsonb', 'bytea')
"""


@dataclass(frozen=True)
class Stage:
    """One learner with work to do, and the people around. `trace` is in the learner's words, name and address."""

    platform: Platform
    settings: Settings
    org: Organisation
    admin: Account
    teacher: Account
    learner: Account
    course: CourseFixture
    other: CourseFixture
    enrolment: dict[str, Any]
    submission: dict[str, Any]
    trace: str

    @property
    def words(self) -> str:
        return f"what {self.trace} wrote"

    @property
    def email(self) -> str:
        return f"{self.trace}@example.org"

    @classmethod
    async def set(
        cls, platform: Platform, settings: Settings, org: Organisation, courses: list[CourseFixture], trace: str
    ) -> Stage:
        admin, teacher = await org.person("org_admin"), await org.person("instructor")
        learner = await org.person(fresh=True)
        named = {"last_name": trace, "email": f"{trace}@example.org"}
        support.ok(await admin.http.patch(f"/api/users/{learner.id}", json=named))
        course, other = courses
        enrolment = await enrol(learner, course)
        path = unit_path(enrolment, course.units[2], "submissions")
        submission = support.ok(await learner.http.post(path, json={"body": f"{trace} begins"}), 201)
        return cls(
            platform, settings, org, admin, teacher, learner, course, other, enrolment, submission, trace
        )  # fmt: skip

    def key(self) -> dict[str, str]:
        return {"idempotency-key": new_id().hex}

    async def submit(self) -> httpx.Response:
        path = unit_path(self.enrolment, self.course.units[2], "submissions")
        return await self.learner.http.post(path, json={"body": self.words}, headers=self.key())

    async def submit_without_key(self) -> httpx.Response:
        path = unit_path(self.enrolment, self.course.units[2], "submissions")
        return await self.learner.http.post(path, json={"body": self.words})

    async def attempt(self) -> httpx.Response:
        unit = self.course.units[1]
        question = next(q["id"] for q in unit["quiz"]["questions"] if q["kind"] == "short_text")
        body = {"answers": {question: self.words}}
        return await self.learner.http.post(unit_path(self.enrolment, unit, "attempts"), json=body)

    async def review(self) -> httpx.Response:
        path = f"/api/courses/{self.course.id}/reviews/mine"
        return await self.learner.http.put(path, json={"rating": 3, "body": self.words})

    async def enrol(self) -> httpx.Response:
        return await self.learner.http.post(BASE, json={"course_id": str(self.other.id)}, headers=self.key())

    async def complete(self) -> httpx.Response:
        """Enrol in the other course and finish it: the certificate is signed over the name."""
        made = await self.learner.http.post(BASE, json={"course_id": str(self.other.id)})
        if made.status_code != 201:
            return made
        return await self.learner.http.put(unit_path(made.json(), self.other.units[0], "completion"))

    async def describe(self) -> httpx.Response:
        return await self.learner.http.patch("/api/users/me", json={"bio": self.words})

    async def grade(self) -> httpx.Response:
        path = f"{BASE}/submissions/{self.submission['id']}/grade"
        return await self.teacher.http.put(path, json={"points": 3, "feedback": self.words})

    async def forget_password(self) -> httpx.Response:
        body = {"organisation": self.org.slug, "email": self.email}
        answer = await self.platform.http.post("/api/users/password-resets", json=body)
        await answer_reset_requests(self.settings)
        return answer

    def deeds(self) -> list[Callable[[], Awaitable[httpx.Response]]]:
        return [
            self.submit, self.submit_without_key, self.attempt, self.review, self.enrol, self.complete, self.describe,
            self.grade, self.forget_password,
        ]  # fmt: skip


async def _left(settings: Settings, trace: str) -> list[tuple[str, str, str]]:
    """Where a trace is found: table, column, text."""
    found = []
    async with system_database(settings) as database, database.transaction(None, readonly=True) as connection:
        for table, column, kind in await connection.fetch(_TEXTS):
            text = f"encode(\"{column}\", 'escape')" if kind == "bytea" else f'"{column}"::text'
            query = f'select {text} from "{table}" where position($1 in {text}) > 0'  # the catalogue's names
            found += [(table, column, row[0]) for row in await connection.fetch(query, trace)]
    return found


async def _late(deed: Callable[[], Awaitable[httpx.Response]], seconds: float) -> httpx.Response:
    await asyncio.sleep(seconds)
    return await deed()


async def test_no_word_outlives_an_erasure(platform: Platform, settings: Settings) -> None:
    org = await platform.create_organisation()
    teacher = await org.person("instructor")
    courses = [
        await create_course(org, [support.text(), quiz(), assignment(mark=90)], instructor=teacher),
        await create_course(org, [support.text()], instructor=teacher, capacity=1000),
    ]
    run = f"trace{new_id().hex}"
    for seed in range(_ROUNDS):
        chance = random.Random(seed)
        stage = await Stage.set(platform, settings, org, courses, f"{run}-{seed}")
        deeds = chance.sample(stage.deeds(), chance.randint(2, 5))
        running = [asyncio.create_task(_late(deed, chance.uniform(0, _SPREAD_SECONDS))) for deed in deeds]
        await asyncio.sleep(chance.uniform(0, _SPREAD_SECONDS))
        erased = await stage.admin.http.post(f"/api/users/{stage.learner.id}/erase")
        assert erased.status_code == 200, (seed, erased.text)
        answers = await asyncio.gather(*running)
        assert {answer.status_code for answer in answers} <= _POSSIBLE, (seed, [answer.text for answer in answers])
    async with platform.database.transaction(org.id) as connection:  # the receipts are on their way
        await connection.execute(
            "delete from mails where recipient like $1 and subject = 'Your data was erased'", f"{run}-%"
        )
    assert await _left(settings, run) == []
