"""Ticking off, quizzes, and what progress makes of them."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from uuid import uuid4

import pytest

from tests.integration.enrollments.support import (
    BASE,
    answers,
    assignment,
    create_course,
    enrol,
    events,
    get,
    ok,
    quiz,
    refused,
    text,
    tick,
    unit_path,
)
from tests.platform import Platform


async def test_ticking_off_is_idempotent_and_can_be_undone(platform: Platform) -> None:
    org = await platform.create_organisation()
    units = [text("a"), text("b"), text("c")]
    course = await create_course(org, units)
    student = await org.person()
    enrolment = await enrol(student, course)
    assert (await tick(student, enrolment, units[0]))["progress"] == "33.33"
    assert (await tick(student, enrolment, units[0]))["progress"] == "33.33"
    assert (await tick(student, enrolment, units[1]))["progress"] == "66.66"
    path = unit_path(enrolment, units[1], "completion")
    assert ok(await student.http.delete(path))["progress"] == "33.33"
    assert ok(await student.http.delete(path))["progress"] == "33.33"
    progress = ok(await student.http.get(f"{BASE}/{enrolment['id']}/progress"))
    assert [unit["completed_at"] is not None for unit in progress["units"]] == [True, False, False]
    assert (progress["completed_units"], progress["progress"]) == (1, "33.33")
    first = progress["units"][0]
    assert first["attempts_used"] is None
    await tick(student, enrolment, units[1])
    done = await tick(student, enrolment, units[2])
    assert (done["status"], done["progress"]) == ("completed", "100.00")
    refused(await student.http.delete(path), 409, "completion-final")
    assert (await tick(student, enrolment, units[2]))["status"] == "completed"  # a repetition of the last request
    again = ok(await student.http.get(f"{BASE}/{enrolment['id']}/progress"))
    assert again["units"][0]["completed_at"] == first["completed_at"]
    assert await events(org, enrolment["id"]) == [
        "enrollment.created.v1", "unit.completed.v1", "unit.completed.v1", "unit.reopened.v1",
        "unit.completed.v1", "unit.completed.v1", "enrollment.completed.v1",
    ]  # fmt: skip


async def test_units_are_done_in_their_own_way(platform: Platform) -> None:
    org = await platform.create_organisation()
    plain, test, essay = text(), quiz(), assignment()
    course = await create_course(org, [plain, test, essay])
    student, other = await org.person(), await org.person(fresh=True)
    enrolment = await enrol(student, course)
    for unit in (test, essay):
        refused(await student.http.put(unit_path(enrolment, unit, "completion")), 409, "wrong-unit-kind")
        refused(await student.http.delete(unit_path(enrolment, unit, "completion")), 409, "wrong-unit-kind")
    for unit in (plain, essay):
        path = unit_path(enrolment, unit, "attempts")
        refused(await student.http.post(path, json={"answers": {}}), 409, "wrong-unit-kind")
        refused(await student.http.get(path), 404, "unit-not-found")
    path = unit_path(enrolment, test, "submissions")
    refused(await student.http.post(path, json={"body": "x"}), 409, "wrong-unit-kind")
    nowhere = {"id": str(uuid4())}
    refused(await student.http.put(unit_path(enrolment, nowhere, "completion")), 404, "unit-not-found")
    refused(await student.http.put(unit_path(nowhere, plain, "completion")), 404, "enrollment-not-found")
    refused(await other.http.put(unit_path(enrolment, plain, "completion")), 404, "enrollment-not-found")
    # nobody studies for somebody else
    refused(await course.instructor.http.put(unit_path(enrolment, plain, "completion")), 404, "enrollment-not-found")


async def test_only_active_learners_work(platform: Platform) -> None:
    org = await platform.create_organisation()
    plain, test, essay = text(), quiz(), assignment()
    course = await create_course(org, [plain, test, essay], capacity=1)
    first, second = await org.person(), await org.person(fresh=True)
    dropped, waiting = await enrol(first, course), await enrol(second, course)
    await course.set(capacity=None)
    for person, enrolment, status in ((second, waiting, "waitlisted"), (first, dropped, "dropped")):
        if status == "dropped":
            ok(await first.http.post(f"{BASE}/{dropped['id']}/drop"))
        for method, unit, leaf, body in (
            ("PUT", plain, "completion", None),
            ("DELETE", plain, "completion", None),
            ("POST", test, "attempts", {"answers": {}}),
            ("POST", essay, "submissions", {"body": "x"}),
        ):
            answer = await person.http.request(method, unit_path(enrolment, unit, leaf), json=body)
            assert refused(answer, 409, "illegal-transition")["enrollment_status"] == status


async def test_quiz_attempts(platform: Platform) -> None:
    org = await platform.create_organisation()
    test = quiz(mark=60, attempts=3)
    course = await create_course(org, [test, text()])
    student = await org.person()
    enrolment = await enrol(student, course)
    path = unit_path(enrolment, test, "attempts")
    first = ok(await student.http.post(path, json={"answers": answers(test, 2)}), 201)
    assert (first["number"], first["score"], first["points"], first["maximum_points"]) == (1, "50.0000", "3.00", "6.00")
    assert (first["passed"], first["attempts_left"]) == (False, 2)
    assert [question["correct"] for question in first["questions"]] == [True, True, False, False, False]
    assert [question["points"] for question in first["questions"]] == ["1", "2", "0", "0", "0"]
    assert [question["explanation"] for question in first["questions"]] == [None] * 5
    listed = ok(await student.http.get(path))
    assert listed["items"][0]["questions"][0]["explanation"] is None
    assert listed["items"][0]["answers"] == answers(test, 2)
    staff = ok(await course.instructor.http.get(path))
    assert staff["items"][0]["questions"][0]["explanation"] == "because 0"
    second = ok(await student.http.post(path, json={"answers": answers(test, 4)}), 201)
    assert (second["number"], second["passed"], second["score"]) == (2, True, "83.3333")
    assert [question["explanation"] for question in second["questions"]] == [f"because {n}" for n in range(5)]
    third = ok(await student.http.post(path, json={"answers": {}}), 201)  # worse: the best one counts
    assert (third["score"], third["attempts_left"]) == ("0.0000", 0)
    refused(await student.http.post(path, json={"answers": {}}), 409, "no-attempts-left")
    progress = ok(await student.http.get(f"{BASE}/{enrolment['id']}/progress"))
    assert progress["units"][0]["score"] == "83.3333"
    assert (progress["units"][0]["attempts_used"], progress["units"][0]["attempts_left"]) == (3, 0)
    assert (progress["progress"], progress["score"]) == ("50.00", "83.3333")
    newest = ok(await student.http.get(f"{path}?limit=2"))
    assert [one["number"] for one in newest["items"]] == [3, 2]
    older = ok(await student.http.get(f"{path}?limit=2&cursor={newest['next_cursor']}"))
    assert ([one["number"] for one in older["items"]], older["next_cursor"]) == ([1], None)


async def test_the_key_comes_out_only_when_no_attempt_is_left(platform: Platform) -> None:
    org = await platform.create_organisation()
    test = quiz(mark=100, attempts=1)
    course = await create_course(org, [test, text()])
    student = await org.person()
    enrolment = await enrol(student, course)
    path = unit_path(enrolment, test, "attempts")
    only = ok(await student.http.post(path, json={"answers": answers(test, 4)}), 201)
    assert (only["passed"], only["attempts_left"]) == (False, 0)
    assert all(question["explanation"] for question in only["questions"])
    assert (await get(student, enrolment))["progress"] == "0.00"


@pytest.mark.parametrize("attempts", [1, 4])
async def test_attempts_at_once_are_numbered_in_turn_and_limited(platform: Platform, attempts: int) -> None:
    org = await platform.create_organisation()
    test = quiz(mark=100, attempts=attempts)
    course = await create_course(org, [test])
    student = await org.person()
    enrolment = await enrol(student, course)
    path = unit_path(enrolment, test, "attempts")
    made = await asyncio.gather(*(student.http.post(path, json={"answers": {}}) for _ in range(8)))
    assert sorted(one.status_code for one in made) == [201] * attempts + [409] * (8 - attempts)
    numbers = sorted(one.json()["number"] for one in made if one.status_code == 201)
    assert numbers == list(range(1, attempts + 1))


async def test_all_units_at_once_complete_the_course_once(platform: Platform) -> None:
    org = await platform.create_organisation()
    units = [text(str(n)) for n in range(12)]
    course = await create_course(org, units)
    student = await org.person()
    enrolment = await enrol(student, course)
    made = await asyncio.gather(*(tick(student, enrolment, unit) for unit in units * 2))
    steps = {str((Decimal(100 * n) / 12).quantize(Decimal("0.01"), "ROUND_DOWN")) for n in range(13)}
    assert {one["progress"] for one in made} <= steps
    assert (await get(student, enrolment))["status"] == "completed"
    seen = await events(org)
    assert seen.count("unit.completed.v1") == 12
    assert seen.count("enrollment.completed.v1") == seen.count("certificate.issued.v1") == 1


@pytest.mark.parametrize(
    "body",
    [
        {"answers": {"unknown": True}},
        {"answers": {"q": "\u0000"}},
        {"answers": {"q": {"a": 1}}},
        {"answers": []},
        {},
        {"answers": {}, "more": 1},
        {"answers": {"q" * 65: True}},
        {"answers": {"q": ["a"] * 101}},
        {"answers": {"q": 1e300}},
    ],
)
async def test_answers_that_make_no_sense(platform: Platform, body: dict[str, object]) -> None:
    org = await platform.create_organisation()
    test = quiz()
    course = await create_course(org, [test])
    student = await org.person()
    enrolment = await enrol(student, course)
    answer = await student.http.post(unit_path(enrolment, test, "attempts"), json=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"]


RAW = ['{"answers": {"q": "\\ud800"}}', '{"answers": {"q": NaN}}', '{"answers": {"q": 1e999}}', "{"]


@pytest.mark.parametrize("raw", RAW)
async def test_json_that_is_none(platform: Platform, raw: str) -> None:
    org = await platform.create_organisation()
    test = quiz()
    course = await create_course(org, [test])
    student = await org.person()
    enrolment = await enrol(student, course)
    headers = {"content-type": "application/json"}
    answer = await student.http.post(unit_path(enrolment, test, "attempts"), content=raw, headers=headers)
    assert answer.status_code in (400, 422), answer.text
