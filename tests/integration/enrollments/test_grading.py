"""Handing in and grading."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from tests.integration.enrollments.support import (
    BASE,
    assignment,
    create_course,
    enrol,
    events,
    get,
    ok,
    refused,
    text,
    unit_path,
)
from tests.platform import Account, Platform


async def grade(person: Account, submission: dict[str, object], points: float, **headers: str):  # type: ignore[no-untyped-def]
    path = f"{BASE}/submissions/{submission['id']}/grade"
    return await person.http.put(path, json={"points": points, "feedback": "seen"}, headers=headers)


async def test_hand_in_fail_try_again_pass(platform: Platform) -> None:
    org = await platform.create_organisation()
    essay = assignment(maximum=10, mark=50)
    course = await create_course(org, [essay, text()])
    student, teacher = await org.person(), course.instructor
    enrolment = await enrol(student, course)
    path = unit_path(enrolment, essay, "submissions")
    first = ok(await student.http.post(path, json={"body": "one\ntwo"}), 201)
    assert (first["number"], first["body"], first["points"]) == (1, "one\ntwo", None)
    second = ok(await student.http.post(path, json={"body": "better"}), 201)
    refused(await grade(teacher, first, 5), 409, "submission-superseded")
    failed = ok(await grade(teacher, second, 4))
    assert (failed["points"], failed["feedback"]) == ("4.00", "seen")
    assert (await get(student, enrolment))["score"] == "40.0000"
    assert (await get(student, enrolment))["progress"] == "0.00"
    third = ok(await student.http.post(path, json={"body": "best"}), 201)
    assert third["number"] == 3
    ok(await grade(teacher, third, 7.5))
    seen = await get(student, enrolment)
    assert (seen["score"], seen["progress"]) == ("75.0000", "50.00")
    refused(await student.http.post(path, json={"body": "more"}), 409, "submission-graded")
    listed = ok(await student.http.get(path))["items"]
    assert [(one["number"], one["superseded"], one["points"]) for one in listed] == [
        (3, False, "7.50"), (2, True, "4.00"), (1, True, None),
    ]  # fmt: skip
    assert ok(await teacher.http.get(f"{path}?limit=1"))["next_cursor"]
    # graded again, lower: the score follows and the unit is open once more
    ok(await grade(teacher, third, 1))
    seen = await get(student, enrolment)
    assert (seen["score"], seen["progress"]) == ("10.0000", "0.00")
    assert [e for e in await events(org, enrolment["id"]) if e.startswith("unit")] == [
        "unit.completed.v1", "unit.reopened.v1",
    ]  # fmt: skip
    assert await events(org, third["id"]) == [
        "submission.created.v1", "submission.graded.v1", "submission.graded.v1",
    ]  # fmt: skip


async def test_without_a_pass_mark_handing_in_is_enough(platform: Platform) -> None:
    org = await platform.create_organisation()
    essay = assignment(maximum=100)
    course = await create_course(org, [essay])
    student = await org.person()
    enrolment = await enrol(student, course)
    submission = ok(await student.http.post(unit_path(enrolment, essay, "submissions"), json={"body": "x"}), 201)
    seen = await get(student, enrolment)
    assert (seen["status"], seen["score"]) == ("completed", None)
    ok(await grade(course.instructor, submission, 71))  # after the end; the score follows, completion stays
    seen = await get(student, enrolment)
    assert (seen["status"], seen["score"], seen["progress"]) == ("completed", "71.0000", "100.00")
    ok(await grade(course.instructor, submission, 0))
    seen = await get(student, enrolment)
    assert (seen["status"], seen["score"], seen["progress"]) == ("completed", "0.0000", "100.00")


async def test_a_failing_grade_after_completion_leaves_it_complete(platform: Platform) -> None:
    org = await platform.create_organisation()
    essay = assignment(maximum=10, mark=50)
    course = await create_course(org, [essay])
    student = await org.person()
    enrolment = await enrol(student, course)
    submission = ok(await student.http.post(unit_path(enrolment, essay, "submissions"), json={"body": "x"}), 201)
    ok(await grade(course.instructor, submission, 10))
    ok(await grade(course.instructor, submission, 2))
    seen = await get(student, enrolment)
    assert (seen["status"], seen["progress"], seen["score"]) == ("completed", "100.00", "20.0000")


async def test_grading_goes_on_after_the_learner_has_left(platform: Platform) -> None:
    org = await platform.create_organisation()
    essay = assignment(maximum=100, mark=40)
    course = await create_course(org, [essay])
    student = await org.person()
    enrolment = await enrol(student, course)
    submission = ok(await student.http.post(unit_path(enrolment, essay, "submissions"), json={"body": "x"}), 201)
    ok(await student.http.post(f"{BASE}/{enrolment['id']}/drop"))
    ok(await grade(course.instructor, submission, 80))
    seen = await get(student, enrolment)
    assert (seen["status"], seen["score"], seen["progress"]) == ("dropped", "80.0000", "100.00")
    assert (await enrol(student, course))["status"] == "completed"


async def test_who_may_grade(platform: Platform) -> None:
    org, elsewhere = await platform.create_organisation(), await platform.create_organisation()
    essay = assignment()
    course = await create_course(org, [essay, text()])
    student, admin = await org.person(), await org.person("org_admin")
    enrolment = await enrol(student, course)
    path = unit_path(enrolment, essay, "submissions")
    submission = ok(await student.http.post(path, json={"body": "x"}), 201)
    refused(await grade(student, submission, 1), 403, "forbidden")
    refused(await grade(await org.person("auditor"), submission, 1), 403, "forbidden")
    for stranger in (await org.person("instructor", fresh=True), await elsewhere.person("org_admin")):
        refused(await grade(stranger, submission, 1), 404, "submission-not-found")
        refused(await stranger.http.get(path), 404, "enrollment-not-found")
    refused(await grade(admin, {"id": uuid4()}, 1), 404, "submission-not-found")
    ok(await grade(admin, submission, 1))
    own = await enrol(course.instructor, course)
    mine = ok(await course.instructor.http.post(unit_path(own, essay, "submissions"), json={"body": "x"}), 201)
    refused(await grade(course.instructor, mine, 10), 403, "own-submission")
    ok(await grade(admin, mine, 10))


async def test_what_an_erased_learner_handed_in_waits_for_nobody(platform: Platform) -> None:
    org = await platform.create_organisation()
    essay = assignment()
    course = await create_course(org, [essay])
    admin, stays, goes = await org.person("org_admin"), await org.person(), await org.person(fresh=True)
    made = {}
    for student in (stays, goes):
        path = unit_path(await enrol(student, course), essay, "submissions")
        made[student.id] = ok(await student.http.post(path, json={"body": "x"}), 201)
    ok(await admin.http.post(f"/api/users/{goes.id}/erase"))
    queue = ok(await course.instructor.http.get(f"{BASE}/courses/{course.id}/submissions"))
    assert [item["id"] for item in queue["items"]] == [made[stays.id]["id"]]
    summary = ok(await course.instructor.http.get(f"{BASE}/courses/{course.id}/summary"))
    assert [unit["submissions_ungraded"] for unit in summary["units"]] == [1]
    refused(await grade(course.instructor, made[goes.id], 1), 404, "submission-not-found")
    enrolment = made[goes.id]["enrollment_id"]
    refused(await admin.http.post(f"{BASE}/{enrolment}/drop"), 404, "enrollment-not-found")


async def test_grades_are_bounded_and_versioned(platform: Platform) -> None:
    org = await platform.create_organisation()
    essay = assignment(maximum=10)
    course = await create_course(org, [essay, text()])
    student, teacher = await org.person(), course.instructor
    enrolment = await enrol(student, course)
    made = await student.http.post(unit_path(enrolment, essay, "submissions"), json={"body": "x"})
    submission = ok(made, 201)
    tag = made.headers["etag"]
    for points in (-1, 10.01, 1e9, "NaN", 1.234):
        assert (await grade(teacher, submission, points)).status_code == 422  # type: ignore[arg-type]
    graded = await grade(teacher, submission, 5, **{"if-match": tag})
    ok(graded)
    refused(await grade(teacher, submission, 6, **{"if-match": tag}), 412, "precondition-failed")
    ok(await grade(teacher, submission, 6, **{"if-match": graded.headers["etag"]}))


@pytest.mark.parametrize("body", ["", "a" * 100_001, "nul\u0000"])
async def test_works_are_bounded(platform: Platform, body: str) -> None:
    org = await platform.create_organisation()
    essay = assignment()
    course = await create_course(org, [essay])
    student = await org.person()
    path = unit_path(await enrol(student, course), essay, "submissions")
    assert (await student.http.post(path, json={"body": body})).status_code == 422
    ok(await student.http.post(path, json={"body": "ä" * 100_000}), 201)


async def test_works_handed_in_at_once_are_numbered_in_turn(platform: Platform) -> None:
    org = await platform.create_organisation()
    essay = assignment(mark=50)
    course = await create_course(org, [essay])
    student = await org.person()
    path = unit_path(await enrol(student, course), essay, "submissions")
    made = await asyncio.gather(*(student.http.post(path, json={"body": f"{n}"}) for n in range(8)))
    assert sorted(ok(one, 201)["number"] for one in made) == list(range(1, 9))


async def test_the_queue(platform: Platform) -> None:
    org = await platform.create_organisation()
    essay = assignment()
    course = await create_course(org, [essay, text()])
    teacher = course.instructor
    made = []
    for _ in range(3):
        student = await org.person(fresh=True)
        path = unit_path(await enrol(student, course), essay, "submissions")
        ok(await student.http.post(path, json={"body": "draft"}), 201)
        made.append(ok(await student.http.post(path, json={"body": "w" * 500}), 201))
    ok(await grade(teacher, made[0], 1))
    base = f"{BASE}/courses/{course.id}/submissions"
    waiting = ok(await teacher.http.get(base))["items"]
    assert [one["id"] for one in waiting] == [made[1]["id"], made[2]["id"]]
    assert waiting[0]["learner"]["first_name"] == "Test"
    assert len(waiting[0]["excerpt"]) == 300
    assert [one["id"] for one in ok(await teacher.http.get(f"{base}?status=graded"))["items"]] == [made[0]["id"]]
    page = ok(await teacher.http.get(f"{base}?status=all&limit=4"))
    rest = ok(await teacher.http.get(f"{base}?status=all&limit=4&cursor={page['next_cursor']}"))
    ids = [one["id"] for one in (*page["items"], *rest["items"])]
    assert len(set(ids)) == 6
    assert rest["next_cursor"] is None
    summary = ok(await teacher.http.get(f"{BASE}/courses/{course.id}/summary"))
    assert summary["units"][0]["submissions_ungraded"] == 2
    assert summary["units"][0]["learners_scored"] == 1
    refused(await (await org.person("instructor", fresh=True)).http.get(base), 403, "not-your-course")
    refused(await (await org.person()).http.get(base), 403, "forbidden")
