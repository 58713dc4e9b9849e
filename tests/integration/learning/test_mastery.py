"""What learners know, as their results come in, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias
from uuid import UUID, uuid4

import pytest

from actors.learner_model.member import LearnerModelMember
from actors.learner_model.reading import Reader
from actors.learner_model.tracing import trace_enrolments
from stores.postgres import Database
from tests.integration.audit.test_security_events import entries
from tests.integration.courses.support import ok, problem
from tests.integration.learning.mastering import Class, attempt, in_step, join_modules, open_class, upgrade
from tests.platform import Account, Platform

Move: TypeAlias = Callable[[Account, str, str], Awaitable[None]]


@pytest.fixture
async def school(platform: Platform, tracing: LearnerModelMember) -> Class:
    return await open_class(platform)


def path(school: Class, rest: str = "mastery") -> str:
    return f"/api/learning/courses/{school.course}/{rest}"


async def test_results_move_what_is_known_and_say_so_in_words(school: Class, system: Database) -> None:
    before = ok(await school.learner.http.get(path(school)))
    assert [(skill["title"], skill["level"]) for skill in before["skills"]] == [
        ("Fractions", "unseen"), ("Ratios", "unseen"),
    ]  # fmt: skip
    assert before["made_by"] == {
        "model": "knowledge-default", "method": "Bayesian knowledge tracing with forgetting", "answers": 0, "at": None,
    }  # fmt: skip
    quizzes = [module["units"][1] for module in school.modules]
    await attempt(school.learner, school.enrolment, quizzes[0], right=4)
    await attempt(school.learner, school.enrolment, quizzes[1], right=1)
    await in_step(system, school.org.id)

    fractions, ratios = ok(await school.learner.http.get(path(school)))["skills"]
    assert (fractions["level"], fractions["answers"], fractions["right"]) == ("secure", 4, 4)
    assert (ratios["level"], ratios["answers"], ratios["right"]) == ("beginning", 4, 1)
    assert fractions["known"] > 0.9 > 0.3 > ratios["known"]
    assert (
        "4 of 4 questions on “Fractions” rightly, the last 4 in a row. You seem to have it" in fractions["explanation"]
    )
    assert [course["levels"] for course in ok(await school.learner.http.get("/api/learning/mastery"))["items"]] == [
        {"secure": 1, "beginning": 1}
    ]
    assert ok(await school.other.http.get("/api/learning/mastery"))["items"] == []

    await attempt(school.learner, school.enrolment, quizzes[1], right=4)
    await in_step(system, school.org.id)
    again = ok(await school.learner.http.get(path(school)))["skills"][1]
    assert (again["answers"], again["right"]) == (7, 4)  # the one that was right already says nothing new
    assert again["known"] > ratios["known"]
    async with system.transaction(None, readonly=True) as connection:
        told = await connection.fetch(
            "select event->'data'->>'level' as level, event->'data'->>'previous_level' as previous from outbox"
            " where org_id = $1 and event->>'type' = 'azora.mastery.changed.v1' order by seq",
            school.org.id,
        )
    assert [(row["level"], row["previous"]) for row in told][:2] == [("secure", None), ("beginning", None)]
    assert told[-1]["previous"] == "beginning"


async def test_an_explanation_that_argues_from_what_somebody_is_is_not_shown(
    school: Class, platform: Platform, system: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    unfair = "Unlikely because she is a woman"
    skill = {"key": "unfair", "title": unfair, "units": [school.modules[0]["units"][1]["id"]]}
    ok(await school.teacher.http.put(path(school, "skills"), json={"skills": [skill]}))
    await attempt(school.learner, school.enrolment, school.modules[0]["units"][1], right=1)
    await in_step(system, school.org.id)
    looks = [(school.learner, path(school)), (school.teacher, path(school, f"learners/{school.learner.id}/mastery"))]
    for person, at in looks:
        [shown] = ok(await person.http.get(at))["skills"]
        assert unfair in shown["explanation"]  # what a skill is called argues from nothing
    monkeypatch.setattr(
        "learning.knowledge.mastery._verdict", lambda _: "Less likely to know it because she is a woman"
    )
    for person, at in looks:
        [shown] = ok(await person.http.get(at))["skills"]
        assert (shown["explanation"], shown["answers"]) == ("", 4)
    judged = [one for one in await entries(platform, school.org.id) if one["action"] == "text.judged"]
    assert [one["details"]["feature"] for one in judged] == ["mastery"]


async def test_a_question_that_is_right_after_an_appeal_counts_as_right(school: Class, system: Database) -> None:
    unit = school.modules[1]["units"][1]
    await attempt(school.learner, school.enrolment, unit, right=1)
    await in_step(system, school.org.id)
    before = ok(await school.learner.http.get(path(school)))["skills"][1]
    attempts = f"/api/enrollments/{school.enrolment}/units/{unit['id']}/attempts"
    [made] = ok(await school.learner.http.get(attempts))["items"]
    appeals = f"/api/enrollments/attempts/{made['id']}/appeals"
    appeal = ok(await school.learner.http.post(appeals, json={"reason": "It is ambiguous."}), 201)
    wrong = [one["question_id"] for one in made["questions"] if not one["correct"]]
    decision = {"upheld": True, "right": wrong, "decision": "So it is."}
    ok(await school.teacher.http.post(f"/api/enrollments/appeals/{appeal['id']}/decision", json=decision))
    await in_step(system, school.org.id)
    after = ok(await school.learner.http.get(path(school)))["skills"][1]
    assert (before["right"], after["answers"], after["right"]) == (1, 4, 4)
    assert after["known"] > before["known"]


async def test_events_that_come_twice_and_tracers_that_meet_change_nothing(school: Class, system: Database) -> None:
    await attempt(school.learner, school.enrolment, school.modules[0]["units"][1], right=3)
    await in_step(system, school.org.id)
    before = ok(await school.learner.http.get(path(school)))["skills"]

    async def trace() -> None:
        async with system.transaction(None) as connection:
            assert await trace_enrolments(connection, Reader(), [UUID(school.enrolment)]) == 1

    await asyncio.gather(*(trace() for _ in range(5)))
    assert ok(await school.learner.http.get(path(school)))["skills"] == before


async def test_instructors_see_their_course_and_nobody_else_does(
    school: Class, platform: Platform, system: Database
) -> None:
    await attempt(school.learner, school.enrolment, school.modules[0]["units"][1], right=1)
    await in_step(system, school.org.id)
    learners = ok(await school.teacher.http.get(path(school, "learners")))["items"]
    assert [(one["user_id"], one["answers"]) for one in learners] == [
        (str(school.learner.id), 4), (str(school.other.id), 0),
    ]  # fmt: skip
    first = ok(await school.teacher.http.get(path(school, "learners"), params={"limit": 1}))
    rest = ok(await school.teacher.http.get(path(school, "learners"), params={"cursor": first["next_cursor"]}))
    assert first["items"] + rest["items"] == learners
    figures = ok(await school.teacher.http.get(path(school, "skills")))
    assert (figures["declared"], figures["learners"], figures["model"]) == (False, 2, "knowledge-default")
    assert [(one["learners"], one["beginning"], one["answers"]) for one in figures["skills"]] == [(1, 1, 4), (0, 0, 0)]
    skill = figures["skills"][0]["skill_id"]
    weakest = ok(await school.teacher.http.get(path(school, f"skills/{skill}/learners")))["items"]
    assert [one["user_id"] for one in weakest] == [str(school.learner.id)]
    told = ok(await school.teacher.http.get(path(school, f"learners/{school.learner.id}/mastery")))
    assert told["skills"] == ok(await school.learner.http.get(path(school)))["skills"]
    problem(await school.teacher.http.get(path(school, f"learners/{uuid4()}/mastery")), 404, "learner-not-in-course")
    problem(await school.teacher.http.get(path(school, f"skills/{uuid4()}/learners")), 404, "skill-not-found")
    problem(await school.teacher.http.get(path(school)), 404, "not-learning")

    colleague = await school.org.person("instructor", fresh=True)
    stranger = await (await platform.create_organisation()).person("org_admin")
    for rest_of in ("learners", "skills", f"learners/{school.learner.id}/mastery", f"skills/{skill}/learners"):
        assert (await colleague.http.get(path(school, rest_of))).status_code == 403
        assert (await school.other.http.get(path(school, rest_of))).status_code == 403
        assert (await stranger.http.get(path(school, rest_of))).status_code == 404
    assert (await stranger.http.get(path(school))).status_code == 404


async def test_declared_skills_take_the_place_of_modules(school: Class, system: Database) -> None:
    quizzes = [module["units"][1] for module in school.modules]
    await attempt(school.learner, school.enrolment, quizzes[0], right=2)
    questions = [question["id"] for question in quizzes[0]["quiz"]["questions"]]
    skills = [
        {
            "key": "halves",
            "title": "Halves",
            "questions": questions[:2],
            "units": [school.modules[0]["units"][0]["id"]],
        },
        {"key": "thirds", "title": "Thirds", "questions": questions[2:], "after": ["halves"]},
    ]
    declared = ok(await school.teacher.http.put(path(school, "skills"), json={"skills": skills}))
    assert (declared["declared"], declared["revision"]) == (True, 1)
    await in_step(system, school.org.id)
    known = ok(await school.learner.http.get(path(school)))["skills"]
    assert [(one["title"], one["answers"], one["right"]) for one in known] == [("Halves", 2, 2), ("Thirds", 2, 0)]

    for odd, code in (
        ([{**skills[0], "units": [str(uuid4())]}], "unknown"),
        ([skills[0], skills[0]], "repeated"),
        ([{**skills[0], "after": ["thirds"]}, skills[1]], "circular"),
    ):
        refused = problem(await school.teacher.http.put(path(school, "skills"), json={"skills": odd}), 422, "invalid")
        assert refused["errors"][0]["code"] == code
    colleague = await school.org.person("instructor", fresh=True)
    assert (await colleague.http.put(path(school, "skills"), json={"skills": skills})).status_code == 403

    assert (await school.teacher.http.delete(path(school, "skills"))).status_code == 204
    await in_step(system, school.org.id)
    known = ok(await school.learner.http.get(path(school)))["skills"]
    assert [(one["title"], one["answers"]) for one in known] == [("Fractions", 4), ("Ratios", 0)]


async def come_back(person: Account, course: str, enrolment: str) -> None:
    ok(await person.http.post(f"/api/enrollments/{enrolment}/drop"))
    ok(await person.http.post("/api/enrollments", json={"course_id": course}), 201)


@pytest.mark.parametrize(
    ("move", "capacity", "status"),
    [(upgrade, None, "active"), (come_back, None, "active"), (come_back, 1, "waitlisted")],
)
async def test_results_speak_of_the_skills_of_the_version_that_somebody_is_moved_to(
    school: Class, system: Database, move: Move, capacity: int | None, status: str
) -> None:
    await attempt(school.learner, school.enrolment, school.modules[0]["units"][1], right=4)
    await join_modules(school)
    ok(await school.teacher.http.patch(f"/api/courses/{school.course}", json={"capacity": capacity}))
    await in_step(system, school.org.id)

    await move(school.learner, school.course, school.enrolment)
    enrolment = ok(await school.learner.http.get(f"/api/enrollments/{school.enrolment}"))
    assert (enrolment["status"], enrolment["version_number"]) == (status, 2)
    await in_step(system, school.org.id)
    [known] = ok(await school.learner.http.get(path(school)))["skills"]
    assert (known["title"], known["level"], known["answers"]) == ("Ratios", "secure", 4)


@pytest.mark.parametrize("move", [upgrade, come_back])
async def test_nothing_is_traced_of_whoever_is_moved_without_results(
    school: Class, system: Database, move: Move
) -> None:
    await join_modules(school)
    await move(school.learner, school.course, school.enrolment)
    await in_step(system, school.org.id)
    async with system.transaction(None, readonly=True) as connection:
        assert await connection.fetchval("select count(*) from learner_histories where org_id = $1", school.org.id) == 0


async def test_what_is_known_of_somebody_ends_with_them(school: Class, system: Database) -> None:
    await attempt(school.learner, school.enrolment, school.modules[0]["units"][1], right=2)
    await in_step(system, school.org.id)
    admin = await school.org.person("org_admin")
    receipt = ok(await admin.http.post(f"/api/users/{school.learner.id}/erase"))
    assert receipt["counts"]["mastery"] == 1
    async with system.transaction(None) as connection:
        assert await trace_enrolments(connection, Reader(), [UUID(school.enrolment)]) == 0
        assert (
            await connection.fetchval("select count(*) from learner_mastery where user_id = $1", school.learner.id) == 0
        )
