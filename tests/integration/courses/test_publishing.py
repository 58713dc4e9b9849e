"""Versions: what is published stays as it was."""

from __future__ import annotations

import asyncio

from tests.integration.courses.support import MODULES, create, enrol, ok, problem, publish
from tests.platform import Platform


async def test_versions_are_numbered_and_never_change(platform: Platform) -> None:
    org = await platform.create_organisation()
    author = await org.person("instructor")
    course_id = await create(author, modules=MODULES)
    path = f"/api/courses/{course_id}"
    draft = ok(await author.http.get(f"{path}/draft"))
    first = ok(await author.http.post(f"{path}/publish"))
    assert (first["number"], first["units"], first["published_by"]) == (1, 4, str(author.id))
    problem(await author.http.post(f"{path}/publish"), 409, "nothing-changed")

    unit = draft["modules"][0]["units"][0]
    ok(await author.http.patch(f"{path}/units/{unit['id']}", json={"body": "New words."}))
    assert ok(await author.http.get(path))["version"] == 1
    second = ok(await author.http.post(f"{path}/publish"))
    assert second["number"] == 2
    ok(await author.http.delete(f"{path}/modules/{draft['modules'][1]['id']}"), 204)
    assert ok(await author.http.post(f"{path}/publish"))["units"] == 2

    listed = ok(await author.http.get(f"{path}/versions?limit=2"))
    assert [version["number"] for version in listed["items"]] == [3, 2]
    rest = ok(await author.http.get(f"{path}/versions", params={"cursor": listed["next_cursor"]}))
    assert [version["number"] for version in rest["items"]] == [1]
    assert rest["next_cursor"] is None
    old = ok(await author.http.get(f"{path}/versions/1"))
    assert [u["id"] for m in old["modules"] for u in m["units"]] == [
        u["id"] for m in draft["modules"] for u in m["units"]
    ]
    assert old["modules"][0]["units"][0]["body"] == unit["body"]
    assert old["modules"][1]["units"][0]["quiz"] == draft["modules"][1]["units"][0]["quiz"]
    problem(await author.http.get(f"{path}/versions/4"), 404, "version-not-found")
    ok(await author.http.get(f"{path}/versions/0"), 422)
    problem(await author.http.get(f"{path}/versions?cursor=WyJ4Il0"), 422, "invalid")


async def test_what_cannot_be_published(platform: Platform) -> None:
    org = await platform.create_organisation()
    author = await org.person("instructor")
    course_id = await create(author, modules=[{"title": "Empty"}])
    problem(await author.http.post(f"/api/courses/{course_id}/publish"), 409, "nothing-to-publish")
    problem(await author.http.post(f"/api/courses/{course_id}/archive"), 409, "not-published")
    problem(
        await author.http.post(f"/api/courses/{course_id}/publish", headers={"if-match": '"9"'}),
        412,
        "precondition-failed",
    )


async def test_publishing_twice_at_once_makes_one_version(platform: Platform) -> None:
    org = await platform.create_organisation()
    author = await org.person("instructor")
    course_id = await create(author, modules=MODULES)
    answers = await asyncio.gather(*(author.http.post(f"/api/courses/{course_id}/publish") for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 5]
    assert len(ok(await author.http.get(f"/api/courses/{course_id}/versions"))["items"]) == 1


async def test_an_archived_course_leaves_the_catalogue_and_may_come_back(platform: Platform) -> None:
    org = await platform.create_organisation()
    author, noor = await org.person("instructor"), await org.person("student")
    course_id = await publish(author)
    await enrol(platform, org, course_id, noor.id)
    path = f"/api/courses/{course_id}"
    assert ok(await author.http.post(f"{path}/archive"))["status"] == "archived"
    problem(await author.http.post(f"{path}/archive"), 409, "not-published")
    assert ok(await noor.http.get("/api/courses"))["items"] == []
    assert ok(await noor.http.get(path))["status"] == "archived"
    assert ok(await noor.http.get(f"{path}/content"))["version"] == 1
    published_at = ok(await noor.http.get(path))["published_at"]
    assert ok(await author.http.post(f"{path}/publish"))["number"] == 1
    back = ok(await noor.http.get(path))
    assert (back["status"], back["version"], back["published_at"]) == ("published", 1, published_at)
    ok(await author.http.post(f"{path}/archive"))
    ok(await author.http.post(f"{path}/modules", json=MODULES[0]), 201)
    assert ok(await author.http.post(f"{path}/publish"))["number"] == 2
    assert [c["id"] for c in ok(await noor.http.get("/api/courses"))["items"]] == [course_id]


async def test_events_tell_what_happened_in_ids_and_figures(platform: Platform) -> None:
    org = await platform.create_organisation()
    author, noor = await org.person("instructor"), await org.person("student")
    course_id = await create(author, title="SECRET", modules=MODULES)
    path = f"/api/courses/{course_id}"
    ok(await author.http.patch(path, json={"description": "SECRET"}))
    ok(await author.http.post(f"{path}/modules", json={"title": "SECRET"}), 201)
    ok(await author.http.post(f"{path}/publish"))
    await enrol(platform, org, course_id, noor.id)
    ok(await noor.http.put(f"{path}/reviews/mine", json={"rating": 4, "body": "SECRET"}))
    ok(await noor.http.delete(f"{path}/reviews/mine"), 204)
    ok(await author.http.post(f"{path}/archive"))
    deleted = await create(author, title="SECRET")
    ok(await author.http.delete(f"/api/courses/{deleted}"), 204)
    async with platform.database.transaction(org.id) as connection:
        rows = await connection.fetch("select topic, key, event from outbox where topic = 'course_events' order by seq")
    events = [row["event"] for row in rows]
    assert [event["type"] for event in events] == [
        f"azora.{type}.v1"
        for type in (
            "course.created", "course.updated", "course.updated", "course.published", "review.written",
            "review.deleted", "course.archived", "course.created", "course.deleted",
        )
    ]  # fmt: skip
    assert {row["key"] for row in rows} == {course_id, deleted, str(noor.id)}
    assert events[1]["data"] == {"course_id": course_id, "changed": ["description"]}
    assert events[4]["data"] == {"course_id": course_id, "user_id": str(noor.id), "rating": 4, "previous_rating": None}
    assert events[4]["partitionkey"] == str(noor.id)
    assert "SECRET" not in str(events)
