"""Marks of quizzes are appealed against: a key may not know an answer that is right."""

from __future__ import annotations

from typing import Any

import pytest

from stores.errors import StoreError
from stores.ids import new_id
from tests.integration.enrollments.support import (
    BASE,
    create_course,
    enrol,
    events,
    get,
    ok,
    quiz,
    refused,
    text,
    unit_path,
)
from tests.platform import Account, Platform


async def attempt(person: Account, enrolment: dict[str, Any], unit: dict[str, Any], said: str) -> dict[str, Any]:
    """Answers two questions rightly, of two points each, and the last one, of one point, with these words."""
    _, several, yes_or_no, number, short = unit["quiz"]["questions"]
    answers = {several["id"]: several["correct"], number["id"]: 2.5, short["id"]: said}
    assert yes_or_no["kind"] == "true_false"
    made: dict[str, Any] = ok(
        await person.http.post(unit_path(enrolment, unit, "attempts"), json={"answers": answers}), 201
    )
    return made


async def test_an_answer_that_the_key_does_not_know_is_right_after_an_appeal(platform: Platform) -> None:
    org = await platform.create_organisation()
    unit = quiz(mark=60, attempts=5)
    course = await create_course(org, [unit, text()])
    student, teacher, other = await org.person(), course.instructor, await org.person(fresh=True)
    enrolment = await enrol(student, course)
    made = await attempt(student, enrolment, unit, "short-term memory")
    assert (made["points"], made["passed"]) == ("3.00", False)
    path = f"{BASE}/attempts/{made['id']}/appeals"
    for stranger in (other, teacher):
        refused(await stranger.http.post(path, json={"reason": "?"}), 404, "attempt-not-found")
    refused(
        await student.http.post(f"{BASE}/attempts/{new_id()}/appeals", json={"reason": "?"}), 404, "attempt-not-found"
    )
    appeal = ok(await student.http.post(path, json={"reason": "It is the same thing."}), 201)
    assert (appeal["attempt_id"], appeal["submission_id"], appeal["points"]) == (made["id"], None, "3.00")
    refused(await student.http.post(path, json={"reason": "again"}), 409, "appeal-open")
    refused(await other.http.get(path), 404, "attempt-not-found")
    assert [one["id"] for one in ok(await teacher.http.get(path))["items"]] == [appeal["id"]]

    [waiting] = ok(await teacher.http.get(f"{BASE}/courses/{course.id}/appeals"))["items"]
    short = unit["quiz"]["questions"][-1]["id"]
    assert waiting["answers"][short] == "short-term memory"
    assert {one["question_id"]: one["correct"] for one in waiting["questions"]}[short] is False
    answer, said = f"{BASE}/appeals/{appeal['id']}/decision", {"decision": "So it is."}
    refused(await teacher.http.post(answer, json={"upheld": True, "points": "4", **said}), 422, "invalid")
    refused(await teacher.http.post(answer, json={"upheld": True, **said}), 422, "invalid")
    refused(await teacher.http.post(answer, json={"upheld": False, "right": [short], **said}), 422, "invalid")
    rightly = unit["quiz"]["questions"][1]["id"]
    refused(await teacher.http.post(answer, json={"upheld": True, "right": [rightly], **said}), 422, "invalid")
    decided = ok(await teacher.http.post(answer, json={"upheld": True, "right": [short], **said}))
    assert (decided["status"], decided["new_points"]) == ("upheld", "4.00")

    [now] = ok(await student.http.get(unit_path(enrolment, unit, "attempts")))["items"]
    assert (now["points"], now["score"], now["passed"]) == ("4.00", "66.6666", True)
    assert now["answers"] == made["answers"]
    assert {one["question_id"]: one["correct"] for one in now["questions"]}[short] is True
    after = await get(student, enrolment)
    assert (after["score"], after["progress"]) == ("66.6666", "50.00")
    assert await events(org, appeal["id"]) == ["grade.appealed.v1", "grade_appeal.decided.v1"]
    assert "quiz.regraded.v1" in await events(org)
    async with platform.database.transaction(org.id, readonly=True) as connection:
        told = await connection.fetchval(
            "select event -> 'data' from outbox where event ->> 'type' = 'azora.quiz.regraded.v1'"
        )
    assert [float(told[name]) for name in ("previous_quiz_score", "quiz_score")] == [float(made["score"]), 66.6666]


async def test_a_lower_attempt_that_is_marked_anew_lowers_nothing_and_there_are_three_appeals(
    platform: Platform,
) -> None:
    org = await platform.create_organisation()
    unit = quiz(mark=60, attempts=5)
    course = await create_course(org, [unit, text()])
    student, teacher = await org.person(), course.instructor
    enrolment = await enrol(student, course)
    first = await attempt(student, enrolment, unit, "nothing")
    best = await attempt(student, enrolment, unit, "working  MEMORY")
    assert (first["points"], best["points"]) == ("3.00", "4.00")
    before = await get(student, enrolment)
    for made in (best, first):
        path = f"{BASE}/attempts/{made['id']}/appeals"
        appeal = ok(await student.http.post(path, json={"reason": "All of it."}), 201)
        dismissed = {"upheld": False, "decision": "No."}
        assert (
            ok(await teacher.http.post(f"{BASE}/appeals/{appeal['id']}/decision", json=dismissed))["new_points"] is None
        )
    appeal = ok(await student.http.post(path, json={"reason": "All of it."}), 201)
    wrong = unit["quiz"]["questions"][2]["id"]
    right = {"upheld": True, "right": [wrong], "decision": "Ambiguous."}
    ok(await teacher.http.post(f"{BASE}/appeals/{appeal['id']}/decision", json=right))
    assert (await get(student, enrolment))["score"] == before["score"]
    refused(await student.http.post(path, json={"reason": "?"}), 409, "no-more-appeals")


async def test_the_application_cannot_change_what_was_answered(platform: Platform) -> None:
    org = await platform.create_organisation()
    unit = quiz()
    student = await org.person()
    enrolment = await enrol(student, await create_course(org, [unit, text()]))
    await attempt(student, enrolment, unit, "x")
    with pytest.raises(StoreError, match="refused"):
        async with platform.database.transaction(org.id) as connection:
            await connection.execute("update quiz_attempts set answers = '{}'")
