"""Who finds what: exactly what they may read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from deployments.courses.repository.versions import VersionRepository
from deployments.kit.permissions import ROLES
from stores.postgres import Connection, Database
from stores.retrieval import PassageRepository, Reader
from tests.integration.courses.support import create, enrol, ok, publish
from tests.integration.retrieval.support import MEDIAN, change_body, modules, publish_again, settled, text, texts
from tests.platform import Account, Organisation, Platform

STATISTICS = modules(text("The middle", MEDIAN))
PAST, FUTURE = (datetime.now(UTC) + timedelta(days=days) for days in (-1, 1))
STATES: list[tuple[str, dict[str, datetime]]] = [
    ("active", {}),
    ("active", {"expires_at": FUTURE}),
    ("active", {"expires_at": PAST}),
    ("completed", {}),
    ("waitlisted", {}),
    ("dropped", {}),
    ("expired", {}),
]


@pytest.fixture(scope="module")
async def school(platform: Platform) -> tuple[Organisation, list[str]]:
    """Courses in every state, of two teachers, each with two versions, learners of the first one in every state."""
    org = await platform.create_organisation()
    courses = []
    for teacher in (await org.person("instructor"), await org.person("instructor", fresh=True)):
        courses.append(await create(teacher, modules=STATISTICS))
        for archived in (False, True):
            course_id = await publish(teacher, modules=STATISTICS)
            courses.append(course_id)
            for status, columns in STATES:
                person = await org.person(f"{'student' if archived else 'instructor'}", fresh=True)
                org.people[f"{status}-{sorted(columns.values())}-{course_id}"] = person
                await enrol(platform, org, course_id, person.id, status, **columns)
            await change_body(teacher, course_id, "The middle", "Another text.")
            await publish_again(teacher, course_id)
            if archived:
                ok(await teacher.http.post(f"/api/courses/{course_id}/archive"))
        org.people[f"teacher-{teacher.id}"] = teacher
    for role in ROLES:
        await org.person(role)
    return org, courses


async def test_the_index_and_the_content_know_the_same_rule(
    platform: Platform, school: tuple[Organisation, list[str]]
) -> None:
    org, courses = school
    async with platform.database.transaction(org.id, readonly=True) as connection:
        for person in org.people.values():
            expected = [await _content(connection, person, UUID(course_id)) for course_id in courses]
            reader = Reader(user_id=person.id, any_course="courses.any" in ROLES[person.role])
            passages = PassageRepository(connection)
            assert sorted(await passages.readable(reader, None)) == sorted(v for v in expected if v)
            for course_id, version in zip(courses, expected, strict=True):
                assert await passages.readable(reader, UUID(course_id)) == ([version] if version else [])


async def _content(connection: Connection, person: Account, course_id: UUID) -> UUID | None:
    any_course = "courses.any" in ROLES[person.role]
    reading = await VersionRepository(connection).reading(course_id, person.id, any_course=any_course)
    return reading.version_id if reading else None


async def test_nobody_in_particular_reads_nothing(platform: Platform, school: tuple[Organisation, list[str]]) -> None:
    org, _ = school
    async with platform.database.transaction(org.id, readonly=True) as connection:
        assert await PassageRepository(connection).readable(Reader(user_id=None, any_course=False), None) == []


@pytest.mark.usefixtures("index")
async def test_another_organisation_finds_nothing(platform: Platform, system: Database) -> None:
    org, other = await platform.create_organisation(), await platform.create_organisation()
    course_id = await publish(await org.person("instructor"), modules=STATISTICS)
    await settled(system, course_id)
    admin, stranger = await org.person("org_admin"), await other.person("org_admin")
    assert await texts(admin, "median") == [MEDIAN]
    assert await texts(stranger, "median") == []
    answer = await stranger.http.get("/api/courses/passages", params={"q": "median", "course_id": course_id})
    assert answer.status_code == 404


@pytest.mark.usefixtures("index")
async def test_the_database_keeps_tenants_apart_whatever_it_is_asked(platform: Platform, system: Database) -> None:
    org, other = await platform.create_organisation(), await platform.create_organisation()
    course_id = await publish(await org.person("instructor"), modules=STATISTICS)
    await settled(system, course_id)
    async with system.transaction(None, readonly=True) as connection:
        rows = await connection.fetch(
            "select id, version_id from content_passages where course_id = $1", UUID(course_id)
        )
    versions, ids = [row["version_id"] for row in rows], [row["id"] for row in rows]
    for org_id, found in ((org.id, 1), (other.id, 0), (None, 0)):
        async with platform.database.transaction(org_id, readonly=True) as connection:
            passages = PassageRepository(connection)
            assert len(await passages.by_words("median", versions, ["text"], 10)) == found
            for exact in (1_000_000, 0):
                assert len(await passages.by_meaning([1.0] * 384, versions, ["text"], 10, exact=exact)) == found
            assert len(await passages.passages(ids)) == found


async def test_bad_queries_are_refused(platform: Platform) -> None:
    person = await (await platform.create_organisation()).person()
    for params in ({}, {"q": ""}, {"q": "a\x00b"}, {"q": "x" * 501}, {"q": "x", "limit": 0}, {"q": "x", "other": 1}):
        answer = await person.http.get("/api/courses/passages", params=params)
        assert answer.status_code == 422, params
    for q in ("'", "\\", "a & | !( ':*", "the of and", "%", "\ud7ff\U0001f600", "' \\' \\"):
        assert await texts(person, q) == []


@pytest.mark.usefixtures("index")
async def test_words_that_mean_something_to_the_parser(platform: Platform, system: Database) -> None:
    teacher = await (await platform.create_organisation()).person("instructor")
    body = r"Call math.isclose(a, b) or it's a C:\temp\new file, by O'Neill & sons; see utf-8-sig."
    course_id = await publish(teacher, modules=modules(text("Code", body)))
    await settled(system, course_id)
    for q in ("isclose", "math.isclose", "O'Neill", r"C:\temp\new", "utf-8", "sons & file"):
        assert await texts(teacher, q) == [body], q
