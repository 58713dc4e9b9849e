"""Lists, figures, and who may see them."""

from __future__ import annotations

import random
import time
from decimal import Decimal
from uuid import uuid4

import pytest

from stores.ids import new_id
from tests.integration.enrollments.support import (
    BASE,
    CourseFixture,
    answers,
    assignment,
    create_course,
    enrol,
    get,
    ok,
    quiz,
    refused,
    text,
    tick,
    unit_path,
)
from tests.platform import Platform


async def test_one_enrolment_is_for_those_whom_it_concerns(platform: Platform) -> None:
    org, elsewhere = await platform.create_organisation(), await platform.create_organisation()
    course = await create_course(org)
    student = await org.person()
    enrolment = await enrol(student, course)
    progress = f"{BASE}/{enrolment['id']}/progress"
    for person in (student, course.instructor, await org.person("org_admin"), await org.person("auditor")):
        assert (await get(person, enrolment))["id"] == enrolment["id"]
        ok(await person.http.get(progress))
    for person in (
        await org.person(fresh=True), await org.person("instructor", fresh=True),
        await elsewhere.person("org_admin"), await elsewhere.person("auditor"),
    ):  # fmt: skip
        refused(await person.http.get(f"{BASE}/{enrolment['id']}"), 404, "enrollment-not-found")
        refused(await person.http.get(progress), 404, "enrollment-not-found")
    refused(await student.http.get(f"{BASE}/{uuid4()}"), 404, "enrollment-not-found")
    assert (await platform.http.get(f"{BASE}/{enrolment['id']}")).status_code == 401


async def test_own_list_pages_and_filters(platform: Platform) -> None:
    org = await platform.create_organisation()
    student = await org.person()
    courses = [await create_course(org) for _ in range(5)]
    made = [await enrol(student, course) for course in courses]
    await enrol(await org.person(fresh=True), courses[0])
    ok(await student.http.post(f"{BASE}/{made[1]['id']}/drop"))
    seen: list[str] = []
    cursor = ""
    while True:
        page = ok(await student.http.get(f"{BASE}?limit=2{cursor}"))
        seen += [one["id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [one["id"] for one in reversed(made)]
    active = ok(await student.http.get(f"{BASE}?status=active"))["items"]
    assert [one["id"] for one in active] == [made[n]["id"] for n in (4, 3, 2, 0)]
    of_course = ok(await student.http.get(f"{BASE}?course_id={courses[1].id}"))["items"]
    assert [(one["id"], one["status"]) for one in of_course] == [(made[1]["id"], "dropped")]
    for query in (
        "status=no",
        "limit=0",
        "limit=201",
        "cursor=x",
        "cursor=WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAwIiwgMV0",
    ):
        assert (await student.http.get(f"{BASE}?{query}")).status_code == 422


async def test_a_course_shows_its_learners_to_those_who_run_it(platform: Platform) -> None:
    org, elsewhere = await platform.create_organisation(), await platform.create_organisation()
    course = await create_course(org, [text(), text()])
    people = [await org.person(fresh=True) for _ in range(3)]
    made = [await enrol(person, course) for person in people]
    await tick(people[0], made[0], course.units[0])
    ok(await people[1].http.post(f"{BASE}/{made[1]['id']}/drop"))
    path = f"{BASE}/courses/{course.id}"
    for person in (course.instructor, await org.person("org_admin"), await org.person("auditor")):
        listed = ok(await person.http.get(path))["items"]
        assert [(one["id"], one["learner"]["email"]) for one in listed] == [
            (enrolment["id"], learner.email) for enrolment, learner in zip(made, people, strict=True)
        ]
        ok(await person.http.get(f"{path}/summary"))
    page = ok(await course.instructor.http.get(f"{path}?limit=2"))
    rest = ok(await course.instructor.http.get(f"{path}?limit=2&cursor={page['next_cursor']}"))
    assert [one["id"] for one in (*page["items"], *rest["items"])] == [one["id"] for one in made]
    assert len(ok(await course.instructor.http.get(f"{path}?status=dropped"))["items"]) == 1
    assert len(ok(await course.instructor.http.get(f"{path}?user_id={people[0].id}"))["items"]) == 1
    for leaf in ("", "/summary"):
        refused(await people[0].http.get(path + leaf), 403, "forbidden")
        refused(await (await org.person("instructor", fresh=True)).http.get(path + leaf), 403, "not-your-course")
        refused(await (await elsewhere.person("org_admin")).http.get(path + leaf), 404, "course-not-found")


async def test_summary_of_mixed_work(platform: Platform) -> None:
    org = await platform.create_organisation()
    test, essay, old = quiz("Test", mark=0), assignment("Essay", maximum=100), assignment("Old essay", maximum=100)
    course = await create_course(org, [test, essay, old])
    people = [await org.person(fresh=True) for _ in range(4)]
    made = [await enrol(person, course) for person in people]
    for person, enrolment, right in zip(people, made, (1, 2, 5), strict=False):
        ok(await person.http.post(unit_path(enrolment, test, "attempts"), json={"answers": answers(test, right)}), 201)
    for person, enrolment, points in zip(people, made, (70, 71, None), strict=False):
        path = unit_path(enrolment, essay, "submissions")
        submission = ok(await person.http.post(path, json={"body": "x"}), 201)
        if points is not None:
            grade = {"points": points}
            ok(await course.instructor.http.put(f"{BASE}/submissions/{submission['id']}/grade", json=grade))
    submission = ok(await people[0].http.post(unit_path(made[0], old, "submissions"), json={"body": "x"}), 201)
    ok(await course.instructor.http.put(f"{BASE}/submissions/{submission['id']}/grade", json={"points": 33}))
    ok(await people[1].http.post(f"{BASE}/{made[1]['id']}/drop"))
    await course.publish([essay, test])
    summary = ok(await course.instructor.http.get(f"{BASE}/courses/{course.id}/summary"))
    assert summary["by_status"] == {"waitlisted": 0, "active": 2, "completed": 1, "dropped": 1, "expired": 0}
    assert summary["enrolments"] == 4
    assert Decimal(summary["mean_progress"]) == ((100 + Decimal("66.66") + 0) / 3).quantize(Decimal("0.0001"))
    columns = ("title", "in_newest_version", "learners_scored", "mean_score", "submissions_ungraded")
    figures = [tuple(unit[column] for column in columns) for unit in summary["units"]]
    quiz_mean = ((Decimal("16.6666") + Decimal("50") + 100) / 3).quantize(Decimal("0.0000000001"))
    assert figures == [
        ("Essay", True, 2, "70.5000000000", 1),
        ("Test", True, 3, str(quiz_mean), 0),
        ("Old essay", False, 1, "33.0000000000", 0),
    ]


async def _populate(course: CourseFixture, learners: int) -> dict[str, list[Decimal]]:
    """Learners with scores by statement; gives the scores by unit."""
    chosen = random.Random(7)
    scores: dict[str, list[Decimal]] = {unit["id"]: [] for unit in course.units}
    people, enrolments, records = [], [], []
    for n in range(learners):
        user_id, enrollment_id = new_id(), new_id()
        people.append((user_id, course.org.id, f"l{n}-{user_id.hex}@example.org", "L", str(n), "student"))
        status = chosen.choice(("active", "completed", "dropped"))
        enrolments.append(
            (enrollment_id, course.org.id, user_id, course.id, course.version_ids[0], status, Decimal(50))
        )
        for unit in course.units:
            if chosen.random() < 0.8:
                score = Decimal(chosen.randint(0, 1_000_000)) / 10_000
                scores[unit["id"]].append(score)
                records.append((course.org.id, enrollment_id, unit["id"], score))
    async with course.platform.database.transaction(course.org.id) as connection:
        await connection.executemany(
            "insert into users (id, org_id, email, first_name, last_name, role) values ($1, $2, $3, $4, $5, $6)", people
        )
        await connection.executemany(
            "insert into enrollments (id, org_id, user_id, course_id, course_version_id, status, progress)"
            " values ($1, $2, $3, $4, $5, $6, $7)",
            enrolments,
        )
        await connection.executemany(
            "insert into unit_progress (org_id, enrollment_id, unit_id, score, completed_at)"
            " values ($1, $2, $3, $4, now())",
            records,
        )
    return scores


@pytest.mark.parametrize("learners", [2000])
async def test_summary_of_many_learners_is_exact(platform: Platform, learners: int) -> None:
    org = await platform.create_organisation()
    course = await create_course(org, [assignment(f"a{n}", maximum=100) for n in range(12)])
    scores = await _populate(course, learners)
    started = time.perf_counter()
    summary = ok(await course.instructor.http.get(f"{BASE}/courses/{course.id}/summary"))
    seconds = time.perf_counter() - started
    print(f"summary of {learners} learners in {seconds:.3f} s")
    assert summary["enrolments"] == sum(summary["by_status"].values()) == learners
    for unit in summary["units"]:
        found = scores[unit["unit_id"]]
        assert unit["learners_scored"] == len(found)
        assert abs(Decimal(unit["mean_score"]) - sum(found, Decimal()) / len(found)) <= Decimal("1e-10")
