"""Taking in events: what is accepted is on the log once, what is broken is named, nobody speaks for others."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest

from stores.events import decode
from stores.ids import new_id
from tests.integration.analytics.support import BASE, fold, ok, refused
from tests.integration.enrollments.support import CourseFixture, create_course, text
from tests.platform import Account, Organisation, Platform

PATH = f"{BASE}/events"
BATCH = "application/cloudevents-batch+json"


def event(kind: str = "search.performed", data: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0", "id": new_id().hex, "source": "/apps/test", "type": f"azora.{kind}.v1",
        "data": {"results": 3} if data is None else data, **more,
    }  # fmt: skip


async def send(person: Account, body: Any, media_type: str = "application/json", **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    return await person.http.post(PATH, content=content, headers={"content-type": media_type, **headers})


async def logged(org: Organisation) -> list[dict[str, Any]]:
    async with org.platform.database.transaction(org.id) as connection:
        rows = await connection.fetch("select * from outbox where topic = 'analytics_events' order by seq")
    return [dict(row) for row in rows]


@pytest.fixture
async def org(platform: Platform) -> Organisation:
    return await platform.create_organisation()


@pytest.fixture
async def course(org: Organisation) -> CourseFixture:
    return await create_course(org, [text()])


async def test_every_type_is_taken_and_counted(org: Organisation, course: CourseFixture) -> None:
    student = await org.person("student")
    place = {"course_id": str(course.id), "unit_id": course.units[0]["id"]}
    batch = [
        event("page.viewed", {"path": "/courses"}),
        event("page.viewed", {}),
        event("unit.viewed", place),
        event("video.played", {**place, "position_seconds": 0}),
        event("video.paused", {**place, "position_seconds": 12.5, "duration_seconds": 60}),
        event("video.finished", {**place, "position_seconds": 60}),
        event("search.performed", {"results": 0}),
        event("time.spent", {"course_id": str(course.id), "seconds": 30}),
        event("custom.recorded", {"name": "poll.answered", "values": {"a": 1, "b": True, "c": "x", "d": -0.5}}),
        {**event(), "type": "search.performed.v1"},
    ]
    assert ok(await send(student, batch, BATCH), 202) == {"accepted": 10, "duplicates": 0, "errors": []}
    rows = await logged(org)
    assert len(rows) == 10
    for row in rows:
        read = decode(row["event"])
        assert read is not None
        assert read.id == row["id"]
        assert read.org_id == org.id
        assert read.key == row["key"] == str(student.id)
        assert read.source == "/clients//apps/test"
        assert row["event"]["data"]["user_id"] == str(student.id)
    view = ok(await course.instructor.http.get(f"{BASE}/courses/{course.id}"))
    assert view["totals"]["figures"]["client_events"] == 0  # nobody has folded them yet


async def test_repetitions_are_ignored(org: Organisation) -> None:
    student, other = await org.person("student"), await org.person("instructor")
    batch = [event() for _ in range(5)]
    assert ok(await send(student, [*batch, batch[0]]), 202)["duplicates"] == 1
    answers = await asyncio.gather(*(send(student, batch) for _ in range(5)))
    assert [ok(answer, 202) for answer in answers] == [{"accepted": 0, "duplicates": 5, "errors": []}] * 5
    assert ok(await send(other, batch), 202)["accepted"] == 5  # ids are each sender's own
    moved = [{**one, "source": "/apps/other"} for one in batch]
    assert ok(await send(student, moved), 202)["accepted"] == 5
    fresh = [event() for _ in range(50)]
    racing = await asyncio.gather(*(send(student, fresh) for _ in range(4)))
    assert sum(ok(answer, 202)["accepted"] for answer in racing) == 50
    assert len(await logged(org)) == 65


async def test_nobody_takes_another_tenant_s_ids(platform: Platform, org: Organisation) -> None:
    elsewhere = await platform.create_organisation()
    same = event()
    for one in (org, elsewhere):
        for role in ("org_admin", "student"):
            assert ok(await send(await one.person(role), same), 202)["accepted"] == 1
    administrators = [await org.person("org_admin", fresh=True), await org.person("org_admin", fresh=True)]
    assert [ok(await send(person, same), 202)["duplicates"] for person in administrators] == [1, 1]


async def test_the_good_ones_of_a_batch_are_kept(org: Organisation, course: CourseFixture) -> None:
    student = await org.person("student")
    batch: list[Any] = [
        event(),
        event(data={"results": "3"}),
        event("unit.viewed", {"course_id": str(new_id()), "unit_id": course.units[0]["id"]}),
        event("unit.viewed", {"course_id": str(course.id), "unit_id": str(new_id())}),
        event("page.viewed", {"unit_id": str(new_id())}),
        7,
        event(time="yesterday"),
        event(),
    ]
    receipt = ok(await send(student, batch), 202)
    assert (receipt["accepted"], receipt["duplicates"]) == (2, 0)
    told = {(one["index"], fault["pointer"], fault["code"]) for one in receipt["errors"] for fault in one["errors"]}
    assert told == {
        (1, "/data/results", "int_type"), (2, "/data/course_id", "unknown_course"),
        (3, "/data/unit_id", "unknown_unit"), (4, "/data/course_id", "missing"), (5, "", "model_type"),
        (6, "/time", "datetime_parsing"),
    }  # fmt: skip
    assert next(one["id"] for one in receipt["errors"]) == batch[1]["id"]
    problem = refused(await send(student, batch[1:3]), 422, "invalid")
    assert [one["pointer"] for one in problem["errors"]] == ["/body/0/data/results", "/body/1/data/course_id"]
    problem = refused(await send(student, batch[1]), 422, "invalid")
    assert [one["pointer"] for one in problem["errors"]] == ["/body/data/results"]


async def test_nobody_speaks_for_others_but_systems(platform: Platform, org: Organisation) -> None:
    student, admin = await org.person("student"), await org.person("org_admin")
    stranger = await (await platform.create_organisation()).person("student")
    own = event(data={"results": 1, "user_id": str(student.id)})
    assert ok(await send(student, own), 202)["accepted"] == 1
    for role in ("student", "instructor", "auditor"):
        person = await org.person(role, fresh=True)
        for user_id in (str(student.id), str(stranger.id), None):
            problem = refused(await send(person, event(data={"results": 1, "user_id": user_id})), 422, "invalid")
            assert problem["errors"][0]["code"] == "not_yours"
    for user_id in (str(student.id), None):
        assert ok(await send(admin, event(data={"results": 1, "user_id": user_id})), 202)["accepted"] == 1
    for user_id in (str(stranger.id), str(new_id())):
        problem = refused(await send(admin, event(data={"results": 1, "user_id": user_id})), 422, "invalid")
        assert problem["errors"][0]["code"] == "unknown_person"
    rows = await logged(org)
    assert [row["event"]["data"]["user_id"] for row in rows] == [str(student.id), str(student.id), None]
    assert rows[2]["key"] == str(rows[2]["id"])


async def test_other_tenants_courses_and_drafts_are_not_there(platform: Platform, org: Organisation) -> None:
    elsewhere = await platform.create_organisation()
    strange, draft = await create_course(elsewhere, [text()]), await create_course(org, [text()])
    await draft.set(status="draft")
    student, admin = await org.person("student"), await org.person("org_admin")
    for person, course, known in (
        (student, strange, False), (admin, strange, False), (student, draft, False), (admin, draft, True),
        (draft.instructor, draft, True),
    ):  # fmt: skip
        body = event("unit.viewed", {"course_id": str(course.id), "unit_id": course.units[0]["id"]})
        assert (await send(person, body)).status_code == (202 if known else 422)


async def test_times_are_near(org: Organisation) -> None:
    student, now = await org.person("student"), datetime.now(UTC)
    for moment, taken in (
        (now, True), (now - timedelta(days=399), True), (now + timedelta(minutes=4), True),
        (now - timedelta(days=401), False), (now + timedelta(minutes=6), False),
        (now.replace(year=1), False), (now.replace(year=9999), False),
    ):  # fmt: skip
        answer = await send(student, event(time=moment.isoformat()))
        assert answer.status_code == (202 if taken else 422), answer.text
    for nonsense in ("1764000000", 1764000000, "2026-11-23T09:00:00", "", "x" * 100_000, {}):
        assert (await send(student, event(time=nonsense))).status_code == 422


HOSTILE: list[tuple[bytes, str]] = [
    (b"", "json_invalid"),
    (b"{", "json_invalid"),
    (b"[" * 100_000, "json_invalid"),
    (b'{"a":' * 900 + b"1" + b"}" * 900, "too_deep"),
    (b"\xff\xfe\x00", "json_invalid"),
    (b'{"id": NaN}', "json_invalid"),
    (b"1e999", "json_invalid"),
    (b'"\\ud800"', "json_invalid"),
    (b"null", "wrong_kind"),
    (b'"text"', "wrong_kind"),
    (b"[]", "batch_size"),
    (b"[" + b",".join([b"{}"] * 1001) + b"]", "batch_size"),
    (orjson.dumps([event()] * 1001), "batch_size"),
]


@pytest.mark.parametrize(("body", "code"), HOSTILE, ids=lambda value: str(value)[:20])
async def test_what_is_no_batch_is_refused(org: Organisation, body: bytes, code: str) -> None:
    problem = refused(await send(await org.person("student"), body), 422, "invalid")
    assert problem["errors"][0]["code"] == code


BROKEN: list[dict[str, Any]] = [
    event(id=""),
    event(id="x" * 129),
    event(id="a\x00b"),
    event(id="a\nb"),
    event(id=7),
    event(source=""),
    event(source="a b"),
    event(source="x" * 201),
    event(source="\x00"),
    event(specversion="0.3"),
    event(type="azora.enrollment.created.v1"),
    event(type="search.performed.v2"),
    event(type="x" * 200),
    event(unknown=1),
    event(data=[]),
    event(traceparent="nonsense"),
    event(datacontenttype="text/plain"),
    event(data={"results": 1, "secret": 1}),
    event(data={"results": -1}),
    event(data={"results": 2**60}),
    event(data={"results": 1.5}),
    event(data={"results": True}),
    event(data={"results": None}),
    event("custom.recorded", {"name": "a", "values": {"x": "\x00"}}),
    event("custom.recorded", {"name": "a", "values": {"x\x00": 1}}),
    event("custom.recorded", {"name": "a", "values": {"x": {"y": 1}}}),
    event("custom.recorded", {"name": "a", "values": {"x": "y" * 201}}),
    event("custom.recorded", {"name": "a", "values": {"x": 1e301}}),
    event("custom.recorded", {"name": "A b", "values": {}}),
    event("custom.recorded", {"name": "a", "values": {f"k{n}": 1 for n in range(33)}}),
    event("page.viewed", {"path": "/a?b"}),
    event("page.viewed", {"path": "/\x00"}),
    event("page.viewed", {"path": "x"}),
    event("page.viewed", {"course_id": "x"}),
    event("page.viewed", {"user_id": 7}),
    event("page.viewed", {"user_id": ""}),
    event("time.spent", {"course_id": str(UUID(int=0)), "seconds": 0}),
    event("time.spent", {"course_id": str(UUID(int=0)), "seconds": 3601}),
]


async def test_broken_events_are_refused_one_by_one_and_together(org: Organisation) -> None:
    student = await org.person("student")
    for body in BROKEN:
        refused(await send(student, body), 422, "invalid")
    receipt = ok(await send(student, [*BROKEN, event()]), 202)
    assert (receipt["accepted"], len(receipt["errors"])) == (1, len(BROKEN))
    assert len(await logged(org)) == 1


async def test_media_types_and_sizes(org: Organisation) -> None:
    student = await org.person("student")
    assert ok(await send(student, event(), "application/cloudevents+json; charset=utf-8"), 202)["accepted"] == 1
    refused(await send(student, [event()], "application/cloudevents+json"), 422, "invalid")
    refused(await send(student, event(), BATCH), 422, "invalid")
    for wrong in ("text/plain", "application/xml", "multipart/form-data", ""):
        refused(await send(student, event(), wrong), 415, "unsupported-media-type")
    refused(await send(student, b'"' + b"x" * 5_000_000 + b'"'), 413, "payload-too-large")


async def test_an_idempotency_key_works_as_everywhere(org: Organisation) -> None:
    student, body = await org.person("student"), [event()]
    first = await send(student, body, **{"idempotency-key": "k1"})
    again = await send(student, body, **{"idempotency-key": "k1"})
    assert first.json() == again.json() == {"accepted": 1, "duplicates": 0, "errors": []}
    assert again.headers["idempotent-replayed"] == "true"


async def test_what_is_reported_is_counted_once(platform: Platform, org: Organisation, course: CourseFixture) -> None:
    student = await org.person("student")
    batch = [event("time.spent", {"course_id": str(course.id), "seconds": 60}) for _ in range(10)]
    for _ in range(2):
        ok(await send(student, batch), 202)
    recorded = [decode(row["event"]) for row in await logged(org)]
    assert len(recorded) == 10

    class Told:
        def __init__(self, envelope: Any) -> None:
            self._envelope, self.key = envelope, envelope["partitionkey"]

        def envelope(self) -> Any:
            return self._envelope

    await fold(platform, [Told(row["event"]) for row in await logged(org)])  # type: ignore[misc]
    figures = ok(await course.instructor.http.get(f"{BASE}/courses/{course.id}"))["totals"]["figures"]
    assert (figures["client_events"], figures["seconds_spent"], figures["active_learners"]) == (10, 600, None)
