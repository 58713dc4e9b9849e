"""What a model is told of an enrolment: what was known by its day, since it began."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from deployments.learning.repository import LearningRepository
from stores.postgres import Database
from tests.integration.courses.support import create, ok
from tests.integration.learning.predicting import QUIZ, School, serve
from tests.platform import Platform

DAY = 56
ESSAY = {"instructions": "Write.", "maximum_points": 10, "pass_mark_percent": 50}
MODULES = [
    {
        "title": "One",
        "units": [
            {"kind": "assignment", "title": "Essay", "assignment": ESSAY},
            {"kind": "quiz", "title": "Quiz", "quiz": QUIZ},
            {"kind": "quiz", "title": "Other quiz", "quiz": QUIZ},
            {"kind": "text", "title": "Text", "body": "Words."},
            {"kind": "text", "title": "Other text", "body": "Words."},
        ],
    }
]


@pytest.fixture
async def school(platform: Platform) -> School:
    """Three people who have just enrolled."""
    org = await platform.create_organisation()
    teacher = await org.person("instructor")
    course = await create(teacher, modules=MODULES)
    ok(await teacher.http.post(f"/api/courses/{course}/publish"))
    people = [await org.person("student", fresh=True) for _ in range(3)]
    for person in people:
        ok(await person.http.post("/api/enrollments", json={"course_id": course}), 201)
    return School(org, teacher, *people, course)


async def enrolment_of(school: School) -> str:
    """The diligent learner's."""
    found: str = ok(await school.diligent.http.get("/api/enrollments"))["items"][0]["id"]
    return found


async def unit_of(school: School, title: str) -> dict[str, Any]:
    units = ok(await school.diligent.http.get(f"/api/courses/{school.course}/content"))["modules"][0]["units"]
    return next(unit for unit in units if unit["title"] == title)


async def hand_in(school: School) -> str:
    essay = await unit_of(school, "Essay")
    at = f"/api/enrollments/{await enrolment_of(school)}/units/{essay['id']}/submissions"
    submission: str = ok(await school.diligent.http.post(at, json={"body": "My work."}), 201)["id"]
    return submission


async def answer(school: School, title: str, right: bool) -> None:
    unit = await unit_of(school, title)
    at = f"/api/enrollments/{await enrolment_of(school)}/units/{unit['id']}/attempts"
    answers = {question["id"]: right for question in unit["quiz"]["questions"]}
    ok(await school.diligent.http.post(at, json={"answers": answers}), 201)


async def read(school: School, title: str) -> None:
    unit = await unit_of(school, title)
    ok(await school.diligent.http.put(f"/api/enrollments/{await enrolment_of(school)}/units/{unit['id']}/completion"))


async def grade(school: School, submission: str, points: int) -> None:
    at = f"/api/enrollments/submissions/{submission}/grade"
    ok(await school.teacher.http.put(at, json={"points": points, "feedback": ""}))


async def pass_days(system: Database, school: School, days: int) -> None:
    """Whatever happened in the course was so many days earlier."""
    times = {
        "enrollments": ("enrolled_at", "dropped_at"),
        "submissions": ("created_at", "graded_at", "first_graded_at"),
        "quiz_attempts": ("created_at",),
        "unit_progress": ("completed_at",),
    }
    async with system.transaction(None) as connection:
        for table, columns in times.items():
            earlier = ", ".join(f"{column} = {column} - make_interval(days => $2)" for column in columns)
            of_course = "id" if table == "enrollments" else "enrollment_id"
            await connection.execute(
                f"update {table} set {earlier}"
                f" where {of_course} in (select id from enrollments where course_id = $1)",
                UUID(school.course), days,
            )  # fmt: skip


async def results(platform: Platform, school: School) -> list[tuple[int, float | None, int]]:
    """The day of each result of the diligent learner, its mark, and how often the unit was tried."""
    enrolment = UUID(await enrolment_of(school))
    async with platform.database.transaction(school.org.id, readonly=True) as connection:
        rows = await LearningRepository(connection).results([enrolment], DAY)
    found = [(round(row["after_days"]), row["score"], row["times"]) for row in rows]
    return sorted(found, key=str)


async def completed(platform: Platform, school: School) -> int:
    """How many units the diligent learner completed."""
    enrolment = UUID(await enrolment_of(school))
    async with platform.database.transaction(school.org.id, readonly=True) as connection:
        return (await LearningRepository(connection).completions([enrolment], DAY)).get(enrolment, 0)


async def predicted(school: School) -> dict[str, float]:
    """What is predicted now, by learner."""
    path = f"/api/learning/courses/{school.course}/predictions"
    ok(await school.teacher.http.post(path))
    return {item["user_id"]: item["probability"] for item in ok(await school.teacher.http.get(path))["items"]}


async def test_a_mark_is_known_from_the_day_that_it_was_given(
    platform: Platform, school: School, system: Database
) -> None:
    await serve(school)
    await pass_days(system, school, 50)
    submission = await hand_in(school)
    await pass_days(system, school, 50)
    before = await predicted(school)
    assert await results(platform, school) == [(50, None, 1)]
    await grade(school, submission, 1)  # on day 100
    assert await results(platform, school) == [(50, None, 1)]
    assert await predicted(school) == before

    async with system.transaction(None) as connection:
        await connection.execute(
            "update submissions set first_graded_at = created_at + interval '5 days' where id = $1", UUID(submission)
        )
    assert await results(platform, school) == [(50, 10.0, 1)]
    assert (await predicted(school))[str(school.diligent.id)] != before[str(school.diligent.id)]
    await grade(school, submission, 9)  # what is given later was not known by then
    assert await results(platform, school) == [(50, 10.0, 1)]


async def test_a_mark_from_before_first_ones_were_kept_stays_the_first(
    platform: Platform, school: School, system: Database
) -> None:
    submission = await hand_in(school)
    await grade(school, submission, 4)
    async with system.transaction(None) as connection:
        await connection.execute(
            "update submissions set first_points = null, first_graded_at = null where id = $1", UUID(submission)
        )
    assert await results(platform, school) == [(0, 40.0, 1)]
    await grade(school, submission, 8)
    assert await results(platform, school) == [(0, 40.0, 1)]


async def test_who_begins_again_has_done_what_was_completed_and_nothing_else(
    platform: Platform, school: School, system: Database
) -> None:
    await answer(school, "Quiz", right=True)
    await answer(school, "Other quiz", right=False)
    await hand_in(school)
    await read(school, "Text")
    await pass_days(system, school, 30)
    assert await results(platform, school) == [(0, 0.0, 1), (0, 100.0, 1), (0, None, 1)]
    assert await completed(platform, school) == 2
    ok(await school.diligent.http.post(f"/api/enrollments/{await enrolment_of(school)}/drop"))
    await pass_days(system, school, 10)
    ok(await school.diligent.http.post("/api/enrollments", json={"course_id": school.course}), 201)
    assert await results(platform, school) == [(0, 100.0, 0)]
    assert await completed(platform, school) == 0

    await pass_days(system, school, 20)
    await answer(school, "Other quiz", right=True)
    await read(school, "Other text")
    assert await results(platform, school) == [(0, 100.0, 0), (20, 100.0, 1)]
    assert await completed(platform, school) == 2
