"""The events of an enrolment chain: what each says was before is what the one before it left.

Random lives, several people at once, and in the end the log is read as a consumer reads it.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

import httpx
import pytest

from deployments.enrollments.duties import expire_due, promote_waiting
from stores.events import Recorded, decode
from stores.events.course_events import ReviewDeleted, ReviewWritten
from stores.events.enrollment_events import AboutEnrollment, SeatGiven, SubmissionGraded
from stores.postgres import Database
from tests.integration.enrollments.support import (
    BASE,
    CourseFixture,
    answers,
    assignment,
    create_course,
    expire,
    ok,
    quiz,
    text,
    unit_path,
)
from tests.platform import PASSWORD, Account, Organisation, Platform

PEOPLE = 5
ROUNDS = 80
AT_ONCE = 3
PRICE = Decimal("19.90")


@pytest.fixture
async def system(platform: Platform) -> AsyncIterator[Database]:
    database = Database.from_settings(platform.settings, role="azora_system")
    yield database
    await database.close()


@dataclass
class Lives:
    """One course, a few people, and what may happen to them; refusals are part of life."""

    random: Random
    system: Database
    org: Organisation
    course: CourseFixture
    people: list[Account]
    pool: list[dict[str, Any]]
    enrollments: dict[UUID, str] = field(default_factory=dict)

    @property
    def person(self) -> Account:
        return self.random.choice(self.people)

    async def enrol(self) -> httpx.Response:
        person = self.person
        answer = await person.http.post(BASE, json={"course_id": str(self.course.id)})
        if answer.status_code == 201:
            self.enrollments[person.id] = answer.json()["id"]
        return answer

    async def drop(self) -> httpx.Response | None:
        return await self._of_mine("POST", "drop")

    async def upgrade(self) -> httpx.Response | None:
        return await self._of_mine("POST", "upgrade")

    async def _of_mine(self, method: str, leaf: str, **body: Any) -> httpx.Response | None:
        person = self.person
        if person.id not in self.enrollments:
            return None
        return await person.http.request(method, f"{BASE}/{self.enrollments[person.id]}/{leaf}", **body)

    async def study(self) -> httpx.Response | None:
        unit = self.random.choice(self.pool)
        path = f"units/{unit['id']}"
        if unit["kind"] == "quiz":
            given = {"answers": answers(unit, self.random.randint(0, 5))}
            return await self._of_mine("POST", f"{path}/attempts", json=given)
        if unit["kind"] == "assignment":
            return await self._of_mine("POST", f"{path}/submissions", json={"body": "work"})
        return await self._of_mine(self.random.choice(["PUT", "PUT", "DELETE"]), f"{path}/completion")

    async def grade(self) -> httpx.Response | None:
        path = f"{BASE}/courses/{self.course.id}/submissions?status=all&limit=100"
        handed_in = ok(await self.course.instructor.http.get(path))["items"]
        if not handed_in:
            return None
        submission = self.random.choice(handed_in)
        given = {"points": self.random.randint(0, 10), "feedback": "seen"}
        return await self.course.instructor.http.put(f"{BASE}/submissions/{submission['id']}/grade", json=given)

    async def review(self) -> httpx.Response:
        person, path = self.person, f"/api/courses/{self.course.id}/reviews/mine"
        if self.random.random() < 0.2:
            return await person.http.delete(path)
        return await person.http.put(path, json={"rating": self.random.randint(1, 5), "body": ""})

    async def time_passes(self) -> None:
        async with self.system.transaction(None) as connection:
            active = "select 1 from enrollments where course_id = $1 and user_id = $2 and status = 'active'"
            person = self.person
            if await connection.fetchval(active, self.course.id, person.id):
                await expire(self.course, person)

    async def publish(self) -> None:
        await self.course.publish(self.random.sample(self.pool, self.random.randint(1, len(self.pool))))

    async def resize(self) -> None:
        await self.course.set(capacity=self.random.choice([1, 2, 3, None]))

    async def housekeeping(self) -> None:
        await expire_due(self.system)
        await promote_waiting(self.system)

    async def go_on(self) -> None:
        alone, together = [self.publish, self.resize, self.housekeeping, self.time_passes], [self.enrol, self.drop]
        together += [self.study] * 8 + [self.grade, self.grade, self.upgrade, self.review]
        for _ in range(ROUNDS):
            done = await asyncio.gather(*(action() for action in self.random.choices(together, k=AT_ONCE)))
            assert all(answer is None or answer.status_code < 500 for answer in done)
            if self.random.random() < 0.3:
                await self.random.choice(alone)()

    async def erase(self, person: Account) -> None:
        answer = await person.http.post("/api/users/me/erase", json={"password": PASSWORD})
        assert answer.status_code < 300, answer.text


async def log_of(system: Database, org: Organisation) -> list[Recorded]:
    """An organisation's events as they were written: within one enrolment's lock, in the order of `seq`."""
    async with system.transaction(None) as connection:
        rows = await connection.fetch("select event from outbox where org_id = $1 order by seq", org.id)
    found = [decode(row["event"]) for row in rows]
    assert None not in found
    return [event for event in found if event is not None]


@pytest.mark.parametrize("seed", range(6))
async def test_events_of_an_enrolment_chain(platform: Platform, system: Database, seed: int) -> None:
    org = await platform.create_organisation()
    people = [await org.person(fresh=True) for _ in range(PEOPLE)]
    pool = [text(), text(), quiz(), assignment(mark=50), assignment()]
    course = await create_course(org, pool[:3], price=PRICE, capacity=2)
    lives = Lives(Random(seed), system, org, course, people, pool)
    await lives.go_on()
    await lives.erase(people[0])
    log = await log_of(system, org)
    await the_enrolments_chain(system, org, log)
    the_grades_chain(log)
    await the_ratings_chain(system, org, log)


async def the_enrolments_chain(system: Database, org: Organisation, log: list[Recorded]) -> None:
    left: dict[UUID, tuple[str | None, Decimal]] = defaultdict(lambda: (None, Decimal(0)))
    paid: dict[UUID, Decimal] = defaultdict(Decimal)
    met = set()
    for event in log:
        if isinstance(event.data, AboutEnrollment):
            about = event.data
            assert (about.previous_status, about.previous_progress) == left[about.enrollment_id], event
            left[about.enrollment_id] = about.status, about.progress
            met.add(event.type)
            if isinstance(about, SeatGiven):
                paid[about.enrollment_id] += about.price or 0
    async with system.transaction(None) as connection:
        rows = await connection.fetch("select * from enrollments where org_id = $1", org.id)
    assert {row["id"]: (row["status"], row["progress"]) for row in rows} == dict(left)
    assert dict(paid) == {row["id"]: PRICE if row["enrolled_at"] else 0 for row in rows}
    assert len(met) >= 7  # the lives were eventful


def the_grades_chain(log: list[Recorded]) -> None:
    grades: dict[UUID, Decimal | None] = defaultdict(lambda: None)
    for event in log:
        if isinstance(event.data, SubmissionGraded):
            assert event.data.previous_grade == grades[event.data.submission_id]
            grades[event.data.submission_id] = event.data.grade


async def the_ratings_chain(system: Database, org: Organisation, log: list[Recorded]) -> None:
    ratings: dict[UUID, int | None] = defaultdict(lambda: None)
    for event in log:
        if isinstance(event.data, ReviewWritten):
            assert event.data.previous_rating == ratings[event.data.user_id]
            ratings[event.data.user_id] = event.data.rating
        elif isinstance(event.data, ReviewDeleted):
            assert event.data.rating == ratings.pop(event.data.user_id)
    async with system.transaction(None) as connection:
        rows = await connection.fetch("select user_id, rating from reviews where org_id = $1", org.id)
    assert {row["user_id"]: row["rating"] for row in rows} == {who: given for who, given in ratings.items() if given}


async def test_a_review_written_twice_at_once_is_counted_once(platform: Platform, system: Database) -> None:
    org = await platform.create_organisation()
    learner = await org.person()
    course = await create_course(org)
    ok(await learner.http.post(BASE, json={"course_id": str(course.id)}), 201)
    path = f"/api/courses/{course.id}/reviews/mine"
    await asyncio.gather(*(learner.http.put(path, json={"rating": n % 5 + 1, "body": ""}) for n in range(8)))
    log = await log_of(system, org)
    assert sum(isinstance(event.data, ReviewWritten) and not event.data.previous_rating for event in log) == 1
    await the_ratings_chain(system, org, log)


async def test_an_enrolment_graded_after_its_time_is_told_to_have_expired_once(
    platform: Platform, system: Database
) -> None:
    org = await platform.create_organisation()
    learner, essay = await org.person(), assignment(mark=50)
    course = await create_course(org, [essay, text()])
    enrollment = ok(await learner.http.post(BASE, json={"course_id": str(course.id)}), 201)
    handed_in = ok(await learner.http.post(unit_path(enrollment, essay, "submissions"), json={"body": "x"}), 201)
    await expire(course, learner)
    path = f"{BASE}/submissions/{handed_in['id']}/grade"
    ok(await course.instructor.http.put(path, json={"points": 10, "feedback": ""}))
    await expire_due(system)
    log = await log_of(system, org)
    told = [(event.type, event.data.status) for event in log if isinstance(event.data, AboutEnrollment)]
    assert told[-3:] == [
        ("submission.graded.v1", "active"),
        ("unit.completed.v1", "active"),
        ("enrollment.expired.v1", "expired"),
    ]
