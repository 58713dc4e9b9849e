"""Parameters fitted to results on the platform: they serve, and learners are traced anew."""

from __future__ import annotations

import random
from typing import Any
from uuid import UUID, uuid4

import pytest

from actors.learner_model.member import LearnerModelMember
from deployments.learning import fitting
from stores.postgres import Database
from tests.integration.courses.support import create, ok
from tests.integration.learning.mastering import MODULES, Class, attempt, in_step, open_class
from tests.platform import Platform

LEARNERS = 40
NOTHING = fitting.Fitted([], unchanged=0)


@pytest.fixture
async def school(platform: Platform, tracing: LearnerModelMember) -> Class:
    return await open_class(platform)


async def populate(system: Database, school: Class) -> None:
    """Learners of two kinds, with attempts at both quizzes: written at once, as an import would."""
    chance = random.Random(7)
    async with system.transaction(None) as connection:
        for number in range(LEARNERS):
            user, enrolment = uuid4(), uuid4()
            await connection.execute(
                "insert into users (id, org_id, email, first_name, last_name, role)"
                " values ($1, $2, $3, 'A', 'B', 'student')",
                user, school.org.id, f"{user.hex}@example.org",
            )  # fmt: skip
            await connection.execute(
                "insert into enrollments (id, org_id, user_id, course_id, course_version_id, enrolled_at)"
                " select $1, org_id, $2, course_id, course_version_id, now() from enrollments where id = $3",
                enrolment, user, UUID(school.enrolment),
            )  # fmt: skip
            able = 0.9 if number % 2 else 0.3
            for module in school.modules:
                quiz = module["units"][1]
                result: list[dict[str, Any]] = [
                    {
                        "question_id": question["id"],
                        "points": "1",
                        "maximum_points": "1",
                        "correct": chance.random() < able,
                    }
                    for question in quiz["quiz"]["questions"]
                ]
                await connection.execute(
                    "insert into quiz_attempts (id, org_id, enrollment_id, unit_id, number, answers, result, points,"
                    " maximum_points, score, passed) values ($1, $2, $3, $4, 1, '{}', $5, 4, 4, 100, true)",
                    uuid4(), school.org.id, enrolment, UUID(quiz["id"]), result,
                )  # fmt: skip
        await connection.execute(
            "insert into courses_to_trace (course_id, org_id) values ($1, $2)", UUID(school.course), school.org.id
        )


async def test_what_was_fitted_serves_and_says_what_it_was_made_of(
    school: Class, system: Database, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await fitting.fit_organisation(platform.database, school.org.id) == NOTHING
    await populate(system, school)
    await attempt(school.learner, school.enrolment, school.modules[0]["units"][1], right=4)
    await in_step(system, school.org.id)
    path = f"/api/learning/courses/{school.course}"
    typical = ok(await school.learner.http.get(f"{path}/mastery"))

    monkeypatch.setattr("learning.knowledge.fitting.FEWEST_ANSWERS", 100)
    course, usual = (await fitting.fit_organisation(platform.database, school.org.id)).made
    assert course.about["answers"] == LEARNERS * 8 + 4
    assert course.model.predictor is not None
    assert 0.5 < course.about["auc_held_out"] < 1
    assert usual.course_id is None
    await in_step(system, school.org.id)
    fitted = ok(await school.learner.http.get(f"{path}/mastery"))
    assert fitted["made_by"]["model"] == course.model.name
    assert fitted["skills"][0]["next_right"] != typical["skills"][0]["next_right"]
    figures = ok(await school.teacher.http.get(f"{path}/skills"))
    assert (figures["model"], figures["fitted"]["learners"]) == (course.model.name, LEARNERS + 1)
    assert figures["fitted"]["data_sha256"] == course.about["data_sha256"]

    assert await fitting.fit_organisation(platform.database, school.org.id) == fitting.Fitted([], unchanged=2)
    monkeypatch.setattr(fitting, "RECIPE", fitting.RECIPE + 1)
    again, _ = (await fitting.fit_organisation(platform.database, school.org.id)).made
    assert again.model.name == course.model.name  # the same results give the same model
    async with platform.database.transaction(school.org.id) as connection:
        assert await connection.fetchval("select count(*) from knowledge_models where serving") == 2
    stranger = await platform.create_organisation()
    assert await fitting.fit_organisation(platform.database, stranger.id) == NOTHING


async def test_courses_without_a_model_of_their_own_are_traced_anew_with_what_is_usual(
    school: Class, system: Database, platform: Platform
) -> None:
    await populate(system, school)
    small = await create(school.teacher, modules=MODULES)
    ok(await school.teacher.http.post(f"/api/courses/{small}/publish"))
    enrolment = ok(await school.other.http.post("/api/enrollments", json={"course_id": small}), 201)["id"]
    content = ok(await school.other.http.get(f"/api/courses/{small}/content"))
    await attempt(school.other, enrolment, content["modules"][0]["units"][1], right=4)
    await in_step(system, school.org.id)

    async def traced_with() -> str:
        path = f"/api/learning/courses/{small}/mastery"
        name: str = ok(await school.other.http.get(path))["made_by"]["model"]
        return name

    assert await traced_with() == "knowledge-default"
    _, usual = (await fitting.fit_organisation(platform.database, school.org.id)).made
    await in_step(system, school.org.id)
    assert await traced_with() == usual.model.name
