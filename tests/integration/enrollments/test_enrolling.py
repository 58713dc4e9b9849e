"""Joining, leaving, coming back, upgrading."""

from __future__ import annotations

from uuid import uuid4

from deployments.enrollments.duties import expire_due
from tests.integration.enrollments.support import (
    BASE,
    assignment,
    create_course,
    enrol,
    events,
    expire,
    get,
    ok,
    quiz,
    refused,
    require,
    text,
    tick,
)
from tests.platform import Platform


async def test_enrol_see_and_drop(platform: Platform) -> None:
    org = await platform.create_organisation()
    student = await org.person()
    course = await create_course(org)
    answer = await student.http.post(BASE, json={"course_id": str(course.id)})
    enrolment = ok(answer, 201)
    assert answer.headers["location"] == f"{BASE}/{enrolment['id']}"
    assert answer.headers["etag"] == '"1"'
    assert enrolment["status"] == "active"
    assert enrolment["progress"] == "0.00"
    assert enrolment["course_title"] == "Course"
    assert (enrolment["version_number"], enrolment["newer_version"]) == (1, False)
    again = refused(await student.http.post(BASE, json={"course_id": str(course.id)}), 409, "already-enrolled")
    assert again["enrollment_id"] == enrolment["id"]
    assert await get(student, enrolment) == enrolment
    dropped = ok(await student.http.post(f"{BASE}/{enrolment['id']}/drop"))
    assert dropped["status"] == "dropped"
    twice = refused(await student.http.post(f"{BASE}/{enrolment['id']}/drop"), 409, "illegal-transition")
    assert twice["enrollment_status"] == "dropped"
    assert twice["allowed_from"] == ["active", "waitlisted"]
    assert await events(org, enrolment["id"]) == ["enrollment.created.v1", "enrollment.dropped.v1"]


async def test_idempotency_key_gives_the_first_answer(platform: Platform) -> None:
    org = await platform.create_organisation()
    student = await org.person()
    course = await create_course(org)
    headers = {"idempotency-key": "enrol-once"}
    first = await student.http.post(BASE, json={"course_id": str(course.id)}, headers=headers)
    second = await student.http.post(BASE, json={"course_id": str(course.id)}, headers=headers)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()


async def test_only_published_courses_take_learners(platform: Platform) -> None:
    org = await platform.create_organisation()
    student, admin = await org.person(), await org.person("org_admin")
    course = await create_course(org, status="draft")
    body = {"course_id": str(course.id)}
    refused(await student.http.post(BASE, json=body), 404, "course-not-found")
    managed = {**body, "user_id": str(student.id)}
    draft = refused(await admin.http.post(f"{BASE}/manage", json=managed), 409, "course-not-open")
    assert draft["course_status"] == "draft"
    await course.set(status="archived")
    refused(await student.http.post(BASE, json=body), 409, "course-not-open")
    refused(await student.http.post(BASE, json={"course_id": str(uuid4())}), 404, "course-not-found")


async def test_prerequisites(platform: Platform) -> None:
    org = await platform.create_organisation()
    student, admin, teacher = await org.person(), await org.person("org_admin"), await org.person("instructor")
    first, second = await create_course(org), await create_course(org)
    advanced = await create_course(org)
    await require(advanced, first, second)
    body = {"course_id": str(advanced.id)}
    enrolment = await enrol(student, first)
    missing = refused(await student.http.post(BASE, json=body), 409, "prerequisites-missing")["missing"]
    assert {one["course_id"] for one in missing} == {str(first.id), str(second.id)}
    await tick(student, enrolment, first.units[0])
    missing = refused(await student.http.post(BASE, json=body), 409, "prerequisites-missing")["missing"]
    assert missing == [{"course_id": str(second.id), "title": "Course"}]
    managed = {**body, "user_id": str(student.id)}
    refused(await teacher.http.post(f"{BASE}/manage", json=managed), 409, "prerequisites-missing")
    forced = {**managed, "force": True}
    refused(await teacher.http.post(f"{BASE}/manage", json=forced), 403, "force-not-permitted")
    assert ok(await admin.http.post(f"{BASE}/manage", json=forced), 201)["status"] == "active"


async def test_managing_needs_the_course_or_the_organisation(platform: Platform) -> None:
    org, elsewhere = await platform.create_organisation(), await platform.create_organisation()
    student, admin, stranger = await org.person(), await org.person("org_admin"), await elsewhere.person("org_admin")
    other = await org.person("instructor", fresh=True)
    course = await create_course(org)
    body = {"course_id": str(course.id), "user_id": str(student.id)}
    refused(await student.http.post(f"{BASE}/manage", json=body), 403, "forbidden")
    refused(await other.http.post(f"{BASE}/manage", json=body), 403, "not-your-course")
    refused(await stranger.http.post(f"{BASE}/manage", json=body), 404, "course-not-found")
    refused(
        await admin.http.post(f"{BASE}/manage", json={**body, "user_id": str(stranger.id)}), 404, "person-not-found"
    )
    enrolment = ok(await course.instructor.http.post(f"{BASE}/manage", json=body), 201)
    assert enrolment["user_id"] == str(student.id)
    refused(await other.http.post(f"{BASE}/{enrolment['id']}/drop"), 404, "enrollment-not-found")
    refused(await stranger.http.post(f"{BASE}/{enrolment['id']}/drop"), 404, "enrollment-not-found")
    assert ok(await course.instructor.http.post(f"{BASE}/{enrolment['id']}/drop"))["status"] == "dropped"


async def test_inactive_people_are_not_enrolled(platform: Platform) -> None:
    org = await platform.create_organisation()
    student, admin = await org.person(), await org.person("org_admin")
    course = await create_course(org)
    async with platform.database.transaction(org.id) as connection:
        await connection.execute("update users set status = 'deactivated' where id = $1", student.id)
    body = {"course_id": str(course.id), "user_id": str(student.id)}
    refused(await admin.http.post(f"{BASE}/manage", json=body), 409, "person-inactive")


async def test_waiting_list_moves_up_and_tells_its_positions(platform: Platform) -> None:
    org = await platform.create_organisation()
    course = await create_course(org, capacity=1)
    people = [await org.person(fresh=True) for _ in range(4)]
    enrolments = [await enrol(person, course) for person in people]
    assert [one["status"] for one in enrolments] == ["active"] + ["waitlisted"] * 3
    assert [one["waitlist_position"] for one in enrolments] == [None, 1, 2, 3]
    ok(await people[2].http.post(f"{BASE}/{enrolments[2]['id']}/drop"))  # a waiting one leaves: nobody gets a seat
    assert (await get(people[1], enrolments[1]))["waitlist_position"] == 1
    assert (await get(people[3], enrolments[3]))["waitlist_position"] == 2
    ok(await people[0].http.post(f"{BASE}/{enrolments[0]['id']}/drop"))
    assert (await get(people[1], enrolments[1]))["status"] == "active"
    assert (await get(people[3], enrolments[3]))["waitlist_position"] == 1
    assert await events(org, enrolments[1]["id"]) == ["enrollment.created.v1", "enrollment.activated.v1"]
    back = await enrol(people[0], course)  # to the end of the list, on the same row
    assert (back["id"], back["status"], back["waitlist_position"]) == (enrolments[0]["id"], "waitlisted", 2)
    await tick(people[1], enrolments[1], course.units[0])  # completing frees the seat too
    assert (await get(people[3], enrolments[3]))["status"] == "active"


async def test_a_larger_course_moves_people_up_at_the_next_occasion(platform: Platform) -> None:
    org = await platform.create_organisation()
    course = await create_course(org, capacity=1)
    people = [await org.person(fresh=True) for _ in range(4)]
    enrolments = [await enrol(person, course) for person in people[:3]]
    await course.set(capacity=3)
    last = await enrol(people[3], course)  # those who waited go first
    assert last["status"] == "waitlisted"
    assert [(await get(p, e))["status"] for p, e in zip(people, enrolments, strict=False)] == ["active"] * 3
    await course.set(capacity=None)
    other = await org.person(fresh=True)
    assert (await enrol(other, course))["status"] == "active"
    assert (await get(people[3], last))["status"] == "active"


async def test_force_passes_over_capacity(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin = await org.person("org_admin")
    course = await create_course(org, capacity=1)
    await enrol(await org.person(), course)
    late = await org.person(fresh=True)
    body = {"course_id": str(course.id), "user_id": str(late.id)}
    assert ok(await admin.http.post(f"{BASE}/manage", json={**body, "force": True}), 201)["status"] == "active"


async def test_who_cannot_sign_in_keeps_their_place_but_gets_no_seat(platform: Platform) -> None:
    org = await platform.create_organisation()
    course = await create_course(org, capacity=1)
    people = [await org.person(fresh=True) for _ in range(3)]
    enrolments = [await enrol(person, course) for person in people]
    async with platform.database.transaction(org.id) as connection:
        await connection.execute("update users set status = 'deactivated' where id = $1", people[1].id)
    ok(await people[0].http.post(f"{BASE}/{enrolments[0]['id']}/drop"))
    statuses = await course.statuses()
    assert (statuses[people[1].id], statuses[people[2].id]) == ("waitlisted", "active")


async def test_access_ends_before_anybody_notices(platform: Platform) -> None:
    org = await platform.create_organisation()
    course = await create_course(org, [text(), text()], access_days=30, capacity=1)
    student, waiting = await org.person(), await org.person(fresh=True)
    enrolment = await enrol(student, course)
    assert enrolment["expires_at"] is not None
    queued = await enrol(waiting, course)
    await expire(course, student)
    assert (await get(student, enrolment))["status"] == "expired"
    assert ok(await student.http.get(f"{BASE}?status=expired"))["items"][0]["id"] == enrolment["id"]
    assert ok(await student.http.get(f"{BASE}?status=active"))["items"] == []
    path = f"{BASE}/{enrolment['id']}/units/{course.units[0]['id']}/completion"
    assert refused(await student.http.put(path), 409, "illegal-transition")["enrollment_status"] == "expired"
    refused(await student.http.post(f"{BASE}/{enrolment['id']}/drop"), 409, "illegal-transition")
    summary = ok(await course.instructor.http.get(f"{BASE}/courses/{course.id}/summary"))
    assert summary["by_status"] == {"waitlisted": 1, "active": 0, "completed": 0, "dropped": 0, "expired": 1}
    assert await expire_due(platform.database) == 0  # under the application's role it sees no tenant
    back = await enrol(student, course)  # the seat goes to who waited, the former learner waits
    assert back["status"] == "waitlisted"
    assert (await get(waiting, queued))["status"] == "active"
    assert await events(org, enrolment["id"]) == [
        "enrollment.created.v1", "enrollment.expired.v1", "enrollment.waitlisted.v1",
    ]  # fmt: skip


async def test_coming_back_begins_a_new_term_of_access(platform: Platform) -> None:
    org = await platform.create_organisation()
    course = await create_course(org, access_days=30)
    student = await org.person()
    enrolment = await enrol(student, course)
    await expire(course, student)
    back = await enrol(student, course)
    assert (back["id"], back["status"]) == (enrolment["id"], "active")
    assert back["expires_at"] > enrolment["expires_at"]
    assert await events(org, enrolment["id"]) == [
        "enrollment.created.v1", "enrollment.expired.v1", "enrollment.activated.v1",
    ]  # fmt: skip


async def test_coming_back_keeps_what_still_exists(platform: Platform) -> None:
    org = await platform.create_organisation()
    kept, gone, new = text("kept"), text("gone"), text("new")
    course = await create_course(org, [kept, gone, text()])
    student = await org.person()
    enrolment = await enrol(student, course)
    await tick(student, enrolment, kept)
    await tick(student, enrolment, gone)
    ok(await student.http.post(f"{BASE}/{enrolment['id']}/drop"))
    await course.publish([kept, new])
    back = await enrol(student, course)
    assert (back["id"], back["version_number"], back["progress"]) == (enrolment["id"], 2, "50.00")


async def test_coming_back_with_everything_done_needs_no_seat(platform: Platform) -> None:
    org = await platform.create_organisation()
    kept, gone = text("kept"), text("gone")
    course = await create_course(org, [kept, gone], capacity=1)
    student = await org.person()
    enrolment = await enrol(student, course)
    await tick(student, enrolment, kept)
    ok(await student.http.post(f"{BASE}/{enrolment['id']}/drop"))
    await enrol(await org.person(fresh=True), course)
    await course.publish([kept])
    back = await enrol(student, course)
    assert (back["status"], back["progress"]) == ("completed", "100.00")
    ok(await student.http.get(f"{BASE}/{enrolment['id']}/certificate"))


async def test_upgrade(platform: Platform) -> None:
    org = await platform.create_organisation()
    kept, gone = text("kept"), text("gone")
    course = await create_course(org, [kept, gone])
    student, other = await org.person(), await org.person(fresh=True)
    enrolment, done = await enrol(student, course), await enrol(other, course)
    await tick(student, enrolment, kept)
    for unit in (kept, gone):
        await tick(other, done, unit)
    path = f"{BASE}/{enrolment['id']}/upgrade"
    assert ok(await student.http.post(path))["version_number"] == 1  # on the newest already
    await course.publish([kept, text("a"), text("b"), quiz(), assignment()])
    seen = await get(student, enrolment)
    assert (seen["progress"], seen["newer_version"], seen["newest_version_number"]) == ("50.00", True, 2)
    upgraded = ok(await student.http.post(path))
    assert (upgraded["progress"], upgraded["version_number"], upgraded["newer_version"]) == ("20.00", 2, False)
    refused(await other.http.post(f"{BASE}/{done['id']}/upgrade"), 409, "illegal-transition")
    assert (await get(other, done))["version_number"] == 1
    refused(await course.instructor.http.post(path), 404, "enrollment-not-found")
    await course.publish([kept])  # nothing is left to do
    finished = ok(await student.http.post(path))
    assert (finished["status"], finished["progress"], finished["version_number"]) == ("completed", "100.00", 3)
    assert (await events(org, enrolment["id"]))[-2:] == ["enrollment.upgraded.v1", "enrollment.completed.v1"]
