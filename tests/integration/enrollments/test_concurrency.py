"""Many at once: seats are given exactly, in order, and nobody waits for ever."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from deployments.enrollments.duties import expire_due, promote_waiting
from stores.postgres import Database
from tests.integration.enrollments.support import (
    BASE,
    CourseFixture,
    create_course,
    enrol,
    events,
    expire,
    get,
    ok,
    tick,
)
from tests.platform import Account, Organisation, Platform


@pytest.fixture(scope="module")
async def system(platform: Platform) -> AsyncIterator[Database]:
    """The database as housekeeping sees it."""
    database = Database.from_settings(platform.settings, role="azora_system")
    yield database
    await database.close()


async def crowd(org: Organisation, count: int) -> list[Account]:
    return list(await asyncio.gather(*(org.person(fresh=True) for _ in range(count))))


async def waiting_list(course: CourseFixture) -> list[UUID]:
    async with course.platform.database.transaction(course.org.id) as connection:
        rows = await connection.fetch(
            "select user_id from enrollments where course_id = $1 and status = 'waitlisted' order by waitlisted_at, id",
            course.id,
        )
    return [row["user_id"] for row in rows]


async def counts(course: CourseFixture) -> Counter[str]:
    return Counter((await course.statuses()).values())


async def test_fifty_at_once_on_ten_seats(platform: Platform) -> None:
    org = await platform.create_organisation()
    course = await create_course(org, capacity=10)
    people = await crowd(org, 50)
    made = await asyncio.gather(*(enrol(person, course) for person in people))
    assert await counts(course) == {"active": 10, "waitlisted": 40}
    # everybody was told a place of their own, and the list has exactly that order
    told = {one["waitlist_position"]: UUID(one["user_id"]) for one in made if one["status"] == "waitlisted"}
    order = await waiting_list(course)
    assert [told[n] for n in range(1, 41)] == order
    # ten leave at once: exactly the ten who have waited longest move up
    active = [(p, one) for p, one in zip(people, made, strict=True) if one["status"] == "active"]
    await asyncio.gather(*(p.http.post(f"{BASE}/{one['id']}/drop") for p, one in active))
    assert await counts(course) == {"active": 10, "waitlisted": 30, "dropped": 10}
    assert await waiting_list(course) == order[10:]
    statuses = await course.statuses()
    assert all(statuses[user_id] == "active" for user_id in order[:10])
    assert Counter(await events(org)) == {
        "enrollment.created.v1": 50, "enrollment.dropped.v1": 10, "enrollment.activated.v1": 10,
    }  # fmt: skip


async def test_the_same_person_many_times_at_once(platform: Platform) -> None:
    org = await platform.create_organisation()
    for course in (await create_course(org), await create_course(org, capacity=5)):
        person = await org.person(fresh=True)
        made = await asyncio.gather(*(person.http.post(BASE, json={"course_id": str(course.id)}) for _ in range(10)))
        assert sorted(one.status_code for one in made) == [201] + [409] * 9
        enrolment = next(one.json() for one in made if one.status_code == 201)
        dropped = await asyncio.gather(*(person.http.post(f"{BASE}/{enrolment['id']}/drop") for _ in range(5)))
        assert sorted(one.status_code for one in dropped) == [200] + [409] * 4
        back = await asyncio.gather(*(person.http.post(BASE, json={"course_id": str(course.id)}) for _ in range(5)))
        assert sorted(one.status_code for one in back) == [201] + [409] * 4


async def test_everything_at_once_never_overbooks_and_never_locks_up(platform: Platform, system: Database) -> None:
    """People enrol, drop, complete, come back, are expired and promoted, in two courses, all at the same time."""
    org = await platform.create_organisation()
    courses = [await create_course(org, capacity=4) for _ in range(2)]
    people = await crowd(org, 16)
    chosen = random.Random(11)
    overbooked: list[Counter[str]] = []

    async def live(person: Account) -> None:
        for _ in range(8):
            course = chosen.choice(courses)
            answer = await person.http.post(BASE, json={"course_id": str(course.id)})
            assert answer.status_code in (201, 409), answer.text
            enrolment = answer.json() if answer.status_code == 201 else None
            if enrolment is None:
                found = ok(await person.http.get(f"{BASE}?course_id={course.id}"))["items"]
                enrolment = found[0]
            if chosen.random() < 0.15:
                answer = await person.http.put(f"{BASE}/{enrolment['id']}/units/{course.units[0]['id']}/completion")
            elif chosen.random() < 0.3:
                await expire(course, person)
                continue
            else:
                answer = await person.http.post(f"{BASE}/{enrolment['id']}/drop")
            assert answer.status_code in (200, 409), answer.text

    async def watch() -> None:
        while True:
            for course in courses:
                async with platform.database.transaction(org.id) as connection:
                    taken = await connection.fetchval(
                        "select count(*) from enrollments e"
                        " where course_id = $1 and status = 'active' and not e.overdue",
                        course.id,
                    )
                if taken > 4:
                    overbooked.append(await counts(course))
            await expire_due(system)
            await promote_waiting(system)
            await asyncio.sleep(0)

    watcher = asyncio.create_task(watch())
    await asyncio.wait_for(asyncio.gather(*(live(person) for person in people)), 60)
    watcher.cancel()
    await asyncio.gather(watcher, return_exceptions=True)
    assert not overbooked
    await expire_due(system)
    await promote_waiting(system)
    for course in courses:
        found = await counts(course)
        assert found["active"] == 4 or not found["waitlisted"], found


async def test_completing_while_being_dropped(platform: Platform) -> None:
    org = await platform.create_organisation()
    course = await create_course(org, capacity=2)
    for _ in range(10):
        person, waiting = await crowd(org, 2)
        enrolment = await enrol(person, course)
        await enrol(waiting, course)
        unit = course.units[0]
        done, dropped = await asyncio.gather(
            person.http.put(f"{BASE}/{enrolment['id']}/units/{unit['id']}/completion"),
            course.instructor.http.post(f"{BASE}/{enrolment['id']}/drop"),
        )
        assert {done.status_code, dropped.status_code} == {200, 409}
        assert (await get(person, enrolment))["status"] in ("completed", "dropped")
        await course.set(capacity=(await counts(course))["active"] + 1)


async def test_duties_expire_and_promote(platform: Platform, system: Database) -> None:
    org, other = await platform.create_organisation(), await platform.create_organisation()
    course, elsewhere = await create_course(org, capacity=2, access_days=5), await create_course(other, access_days=5)
    people = await crowd(org, 5)
    enrolments = [await enrol(person, course) for person in people]
    stranger = await other.person()
    far = await enrol(stranger, elsewhere)
    await expire(course, *people[:2])
    await expire(elsewhere, stranger)
    assert await expire_due(system) == 3
    assert await counts(course) == {"expired": 2, "active": 2, "waitlisted": 1}
    assert (await elsewhere.statuses())[stranger.id] == "expired"
    assert await events(other, far["id"]) == ["enrollment.created.v1", "enrollment.expired.v1"]
    assert await expire_due(system) == 0
    assert await promote_waiting(system) == 0
    await course.set(capacity=10)
    assert await promote_waiting(system) == 1
    assert (await get(people[4], enrolments[4]))["status"] == "active"
    assert (await get(people[4], enrolments[4]))["expires_at"] is not None
    await course.set(capacity=1, status="archived")
    assert await promote_waiting(system) == 0


async def test_promotion_from_the_list_keeps_earlier_work(platform: Platform, system: Database) -> None:
    org = await platform.create_organisation()
    course = await create_course(org, capacity=1)
    await course.publish([course.units[0], *(await create_course(org)).units])
    person, holder = await crowd(org, 2)
    enrolment = await enrol(person, course)
    await tick(person, enrolment, course.units[0])
    ok(await person.http.post(f"{BASE}/{enrolment['id']}/drop"))
    await enrol(holder, course)
    assert (await enrol(person, course))["status"] == "waitlisted"
    await course.publish([course.units[0]])  # on this version the waiting learner has nothing left to do
    await course.set(capacity=2)
    assert await promote_waiting(system) == 1
    seen = await get(person, enrolment)
    assert (seen["status"], seen["progress"], seen["version_number"]) == ("active", "50.00", 2)
    upgraded = ok(await person.http.post(f"{BASE}/{enrolment['id']}/upgrade"))
    assert (upgraded["status"], upgraded["version_number"]) == ("completed", 3)
