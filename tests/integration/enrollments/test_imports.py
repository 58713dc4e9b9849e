"""Enrolments by CSV: wholly or not at all."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from stores.ids import new_id
from tests.integration.enrollments.support import (
    BASE,
    CourseFixture,
    create_course,
    enrol,
    events,
    get,
    ok,
    refused,
    require,
    text,
    tick,
)
from tests.platform import Account, Organisation, Platform

PATH = f"{BASE}/imports"


async def send(person: Account, body: str | bytes, query: str = "", media: str = "text/csv") -> httpx.Response:
    content = body.encode() if isinstance(body, str) else body
    return await person.http.post(f"{PATH}{query}", content=content, headers={"content-type": media})


async def populate(org: Organisation, count: int) -> list[str]:
    """People with an address and an external id each."""
    rows = []
    for n in range(count):
        user_id = new_id()
        rows.append((user_id, org.id, f"p{n}-{user_id.hex}@example.org", f"ext-{n}"))
    async with org.platform.database.transaction(org.id) as connection:
        await connection.executemany(
            "insert into users (id, org_id, email, external_id, first_name, last_name, role)"
            " values ($1, $2, $3, $4, 'P', 'Q', 'student')",
            rows,
        )
    return [email for _, _, email, _ in rows]


def faults(answer: dict[str, Any]) -> set[tuple[str, str]]:
    return {(error["pointer"], error["code"]) for error in answer["errors"]}


async def test_by_address_and_by_external_id(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin = await org.person("org_admin")
    emails = await populate(org, 4)
    course = await create_course(org, access_days=10)
    body = (
        "course_id;email;external_id;status;enrolled_at\r\n"
        f"{course.id};{emails[0].upper()};;;2026-01-05\r\n"
        "\r\n"
        f"{course.id};;ext-1;waitlisted;\r\n"
        f"{course.id};{emails[2]};ext-2;active;2026-11-20T10:00:00+02:00\r\n"
    )
    dry = ok(await send(admin, "\ufeff" + body, "?dry_run=true"))
    assert (dry["applied"], dry["rows"], dry["counts"]) == (False, 3, {"created": 3})
    assert await course.statuses() == {}
    report = ok(await send(admin, body), 201)
    assert (report["applied"], report["counts"], report["faults"]) == (True, {"created": 3}, [])
    assert [item["row"] for item in report["items"]] == [2, 4, 5]
    listed = ok(await admin.http.get(f"{BASE}/courses/{course.id}"))["items"]
    assert {one["id"] for one in listed} == {item["id"] for item in report["items"]}
    by_email = {one["learner"]["email"]: one for one in listed}
    assert by_email[emails[0]]["enrolled_at"] == "2026-01-05T00:00:00Z"
    assert by_email[emails[0]]["status"] == "expired"  # access began long ago
    assert by_email[emails[1]]["status"] == "active"  # asked to wait, but seats are free
    assert by_email[emails[2]]["enrolled_at"] == "2026-11-20T08:00:00Z"
    again = ok(await send(admin, f"email\n{emails[1]}\n{emails[3]}\n", f"?course_id={course.id}"), 201)
    assert again["counts"] == {"created": 1, "unchanged": 1}


async def test_every_fault_of_every_row_and_nothing_written(platform: Platform) -> None:
    org, elsewhere = await platform.create_organisation(), await platform.create_organisation()
    admin = await org.person("org_admin")
    emails = await populate(org, 3)
    strangers = await populate(elsewhere, 1)
    course, foreign = await create_course(org), await create_course(elsewhere)
    draft = await create_course(org, status="draft")
    async with platform.database.transaction(org.id) as connection:
        await connection.execute("update users set status = 'deactivated' where email = $1", emails[2])
    rows = [
        f"{course.id},{emails[0]},,,",  # 2: good
        f"{course.id},nobody@example.org,,,",
        f"{course.id},{strangers[0]},,,",
        f"{draft.id},{emails[0]},,,",
        f"{foreign.id},{emails[0]},,,",
        f"{course.id},{emails[1]},ext-0,,",
        f"{course.id},{emails[0]},,,",  # 8: the same as row 2
        f"{course.id},{emails[2]},,,",
        f"x,{emails[1]},,sometimes,3000-01-01",
        f"{course.id},,,,",
        f",{emails[1]},,,",
        f"{course.id},{emails[1]},,,0001-01-01T00:00:00+14:00",
    ]
    body = "course_id,email,external_id,status,enrolled_at\n" + "\n".join(rows)
    answer = refused(await send(admin, body), 422, "import-refused")
    assert faults(answer) == {
        ("/body/rows/3/email", "unknown_person"),
        ("/body/rows/4/email", "unknown_person"),
        ("/body/rows/5/course_id", "course_not_open"),
        ("/body/rows/6/course_id", "unknown_course"),
        ("/body/rows/7/email", "different_person"),
        ("/body/rows/8", "doubled"),
        ("/body/rows/9/email", "person_inactive"),
        ("/body/rows/10/course_id", "uuid_parsing"),
        ("/body/rows/10/status", "literal_error"),
        ("/body/rows/10/enrolled_at", "value_error"),
        ("/body/rows/11", "missing"),
        ("/body/rows/12/course_id", "missing"),
        ("/body/rows/13/enrolled_at", "value_error"),
    }
    assert await course.statuses() == {}
    dry = ok(await send(admin, body, "?dry_run=1"))
    assert dry["counts"] == {"created": 1, "invalid": 11}
    assert len(dry["faults"]) == len(answer["errors"])


async def test_capacity_and_prerequisites_unless_forced(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin, student = await org.person("org_admin"), await org.person()
    emails = await populate(org, 3)
    first = await create_course(org)
    course = await create_course(org, capacity=2)
    await require(course, first)
    await tick(student, await enrol(student, first), first.units[0])
    body = f"email\n{student.email}\n" + "\n".join(emails)
    query = f"?course_id={course.id}"
    answer = refused(await send(admin, body, query), 422, "import-refused")
    assert faults(answer) == {
        ("/body/rows/3", "prerequisites_missing"),
        ("/body/rows/4", "prerequisites_missing"), ("/body/rows/4", "course_full"),
        ("/body/rows/5", "prerequisites_missing"), ("/body/rows/5", "course_full"),
    }  # fmt: skip
    assert ok(await send(admin, body, f"{query}&force=true"), 201)["counts"] == {"created": 4}
    assert list((await course.statuses()).values()) == ["active"] * 4


async def test_those_who_wait_go_before_those_of_the_file(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin = await org.person("org_admin")
    emails = await populate(org, 2)
    course = await create_course(org, capacity=1)
    people = [await org.person(fresh=True) for _ in range(2)]
    enrolments = [await enrol(person, course) for person in people]
    await course.set(capacity=2)
    body = f"email,status\n{emails[0]},active"
    refused(await send(admin, body, f"?course_id={course.id}"), 422, "import-refused")
    body = "email,status\n" + "\n".join(f"{email},waitlisted" for email in emails)
    ok(await send(admin, body, f"?course_id={course.id}"), 201)
    assert (await get(people[1], enrolments[1]))["status"] == "active"
    listed = ok(await admin.http.get(f"{BASE}/courses/{course.id}?status=waitlisted"))["items"]
    assert {one["learner"]["email"]: one["waitlist_position"] for one in listed} == {emails[0]: 1, emails[1]: 2}


async def test_former_learners_come_back_with_what_they_did(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin = await org.person("org_admin")
    kept, gone = text(), text()
    course = await create_course(org, [kept, gone, text()])
    people = [await org.person(fresh=True) for _ in range(3)]
    enrolments = [await enrol(person, course) for person in people]
    for person, enrolment in zip(people, enrolments, strict=True):
        await tick(person, enrolment, kept)
        ok(await person.http.post(f"{BASE}/{enrolment['id']}/drop"))
    await course.publish([kept, text()])
    body = f"email,status\n{people[0].email},active\n{people[1].email},waitlisted\n"
    report = ok(await send(admin, body, f"?course_id={course.id}"), 201)
    assert report["counts"] == {"readmitted": 2}
    assert [item["id"] for item in report["items"]] == [one["id"] for one in enrolments[:2]]
    for person, enrolment in zip(people[:2], enrolments, strict=False):
        seen = await get(person, enrolment)
        assert (seen["status"], seen["progress"], seen["version_number"]) == ("active", "50.00", 2)
    await course.publish([kept])
    ok(await send(admin, f"email\n{people[2].email}\n", f"?course_id={course.id}"), 201)
    assert (await get(people[2], enrolments[2]))["status"] == "completed"


async def test_only_administrators_import(platform: Platform) -> None:
    org = await platform.create_organisation()
    for role in ("student", "instructor", "auditor"):
        refused(await send(await org.person(role), "email\nx\n"), 403, "forbidden")


@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        (b"email\nx", "application/json", 415),
        (b"", "text/csv", 422),
        (b"email\n", "text/csv", 422),
        (b"mail\nx\n", "text/csv", 422),
        (b"email,email\nx,y\n", "text/csv", 422),
        (b"email\n\xff\n", "text/csv", 422),
        (b"email\nx\x00\n", "text/csv", 422),
        (b'email\n"x\n', "text/csv", 422),
        (b"email\nx,y\n", "text/csv", 422),
    ],
)
async def test_files_that_are_none(platform: Platform, body: bytes, media: str, status: int) -> None:
    org = await platform.create_organisation()
    answer = await send(await org.person("org_admin"), body, media=media)
    assert answer.status_code == status, answer.text


async def test_a_file_may_be_larger_than_other_bodies_but_not_without_end(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin = await org.person("org_admin")
    large = b"email\n" + b"\n" * (platform.settings.max_body_bytes + 1)
    refused(await send(admin, large), 422, "invalid")
    huge = b"email\n" + b"\n" * platform.settings.max_import_bytes
    refused(await send(admin, huge), 413, "payload-too-large")


async def test_one_key_one_import(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin = await org.person("org_admin")
    (email,) = await populate(org, 1)
    course = await create_course(org)
    headers = {"content-type": "text/csv", "idempotency-key": "import-once"}
    sent = [
        await admin.http.post(f"{PATH}?course_id={course.id}", content=f"email\n{email}\n".encode(), headers=headers)
        for _ in range(2)
    ]
    assert ok(sent[0], 201) == ok(sent[1], 201)
    assert sent[0].json()["counts"] == {"created": 1}


async def test_twenty_thousand_rows_in_seconds(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin = await org.person("org_admin")
    emails = await populate(org, 20_000)
    course: CourseFixture = await create_course(org, capacity=20_000)
    body = "course_id,email\n" + "".join(f"{course.id},{email}\n" for email in emails)
    started = time.perf_counter()
    report = ok(await send(admin, body), 201)
    seconds = time.perf_counter() - started
    print(f"20,000 enrolments imported in {seconds:.2f} s")
    assert report["counts"] == {"created": 20_000}
    assert len(await events(org)) == 20_000
    started = time.perf_counter()
    assert ok(await send(admin, body), 201)["counts"] == {"unchanged": 20_000}
    print(f"and again, all known, in {time.perf_counter() - started:.2f} s")
