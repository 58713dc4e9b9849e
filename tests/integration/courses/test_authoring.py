"""Making and changing courses: who may, what is kept, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deployments.courses.views import CourseView
from stores.ids import new_id
from tests.integration.courses.support import MODULES, create, demo, ok, problem, publish
from tests.platform import Platform

COURSE = {
    "title": "Logic",
    "description": "Think *straight*.",
    "category": "philosophy",
    "difficulty": "advanced",
    "duration_minutes": 90,
    "price": "19.90",
    "currency": "USD",
    "language": "pt-br",
    "tags": ["Logic", " logic ", "Proof"],
    "capacity": 30,
    "access_days": 365,
}


async def test_a_course_is_made_read_changed_and_deleted(platform: Platform) -> None:
    org = await platform.create_organisation()
    author = await org.person("instructor")
    answer = await author.http.post("/api/courses", json=COURSE)
    made = ok(answer, 201)
    assert answer.headers["location"] == f"/api/courses/{made['id']}"
    expected = {**COURSE, "language": "pt-BR", "tags": ["logic", "proof"], "status": "draft", "version": None}
    assert {name: made[name] for name in expected} == expected
    assert made["description_html"] == "<p>Think <em>straight</em>.</p>\n"
    assert made["instructor"] == {"id": str(author.id), "name": "Test instructor"}
    assert made["rating"] == {"average": None, "count": 0, "fair": None}
    assert CourseView.model_validate(made).model_dump(mode="json") == made

    path = f"/api/courses/{made['id']}"
    changed = await author.http.patch(
        path, json={"price": "0", "capacity": None}, headers={"if-match": answer.headers["etag"]}
    )
    assert ok(changed)["price"] == "0.00"
    assert changed.json()["capacity"] is None
    assert changed.json()["title"] == "Logic"
    problem(
        await author.http.patch(path, json={"title": "x"}, headers={"if-match": answer.headers["etag"]}),
        412,
        "precondition-failed",
    )
    same = await author.http.patch(path, json={"price": 0, "title": " Logic "})
    assert same.headers["etag"] == changed.headers["etag"]
    ok(await author.http.delete(path, headers={"if-match": same.headers["etag"]}), 204)
    problem(await author.http.get(path), 404, "course-not-found")


async def test_an_idempotency_key_makes_one_course(platform: Platform) -> None:
    org = await platform.create_organisation()
    author = await org.person("instructor")
    request = {"json": {"title": "Once", "modules": MODULES}, "headers": {"idempotency-key": "k"}}
    first = await author.http.post("/api/courses", **request)  # type: ignore[arg-type]
    again = await author.http.post("/api/courses", **request)  # type: ignore[arg-type]
    assert ok(first, 201) == ok(again, 201)
    assert len(ok(await author.http.get("/api/courses?mine=true"))["items"]) == 1


@pytest.mark.parametrize("name", ["learning-science", "data-literacy", "python-for-data"])
async def test_demo_courses_are_made_in_one_request_and_come_back(platform: Platform, name: str) -> None:
    org = await platform.create_organisation()
    author = await org.person("instructor")
    sent = demo(name)
    course_id = await create(author, **sent)
    draft = ok(await author.http.get(f"/api/courses/{course_id}/draft"))
    assert [module["title"] for module in draft["modules"]] == [module["title"] for module in sent["modules"]]
    for module, original in zip(draft["modules"], sent["modules"], strict=True):
        for unit, source in zip(module["units"], original["units"], strict=True):
            assert (unit["kind"], unit["title"], unit["body"]) == (
                source["kind"],
                source["title"].strip(),
                source.get("body", ""),
            )
            editable = {key: unit[key] for key in ("kind", "title", "body", "video_url", "quiz", "assignment")}
            patched = await author.http.patch(f"/api/courses/{course_id}/units/{unit['id']}", json=editable)
            assert ok(patched) == unit, "what was read and sent back unchanged is unchanged"


async def test_a_failing_part_makes_no_course(platform: Platform) -> None:
    org = await platform.create_organisation()
    author = await org.person("instructor")
    modules = json.loads(json.dumps(MODULES))
    modules[1]["units"][0]["quiz"]["questions"][0]["correct"] = 9
    body = problem(await author.http.post("/api/courses", json={"title": "x", "modules": modules}), 422, "invalid")
    assert body["errors"][0]["pointer"].startswith("/body/modules/1/units/0/quiz/questions/0")
    assert ok(await author.http.get("/api/courses?mine=true"))["items"] == []


async def test_large_courses_fit_and_larger_ones_are_refused(platform: Platform) -> None:
    org = await platform.create_organisation()
    author = await org.person("instructor")
    unit = {"kind": "text", "title": "u", "body": "ä" * 3_000}
    modules = [{"title": f"m{n}", "units": [unit] * 5} for n in range(200)]
    course_id = await create(author, modules=modules)
    draft = ok(await author.http.get(f"/api/courses/{course_id}/draft"))
    assert sum(len(module["units"]) for module in draft["modules"]) == 1_000
    ok(await author.http.post(f"/api/courses/{course_id}/publish"))
    path = f"/api/courses/{course_id}/modules"
    problem(await author.http.post(path, json={"title": "one more"}), 409, "draft-full")
    module_id = draft["modules"][0]["id"]
    problem(await author.http.post(f"{path}/{module_id}/units", json=unit), 409, "draft-full")
    too_large = {"title": "x", "modules": [{"title": "m", "units": [{**unit, "body": "x" * 199_000}] * 50}]}
    assert (await author.http.post("/api/courses", json=too_large)).status_code == 413
    escaped = {**unit, "body": "語" * 200_000}
    other = await create(author, modules=[{"title": "m"}])
    other_module = ok(await author.http.get(f"/api/courses/{other}/draft"))["modules"][0]["id"]
    ok(await author.http.post(f"/api/courses/{other}/modules/{other_module}/units", json=escaped), 201)
    problem(
        await author.http.post(
            f"/api/courses/{other}/modules/{other_module}/units", json={**unit, "body": "x" * 200_001}
        ),
        422,
        "invalid",
    )


async def test_a_draft_takes_no_more_bytes_than_a_version_may_have(platform: Platform) -> None:
    org = await platform.create_organisation()
    author = await org.person("instructor")
    unit = {"kind": "text", "title": "u", "body": "x" * 200_000}
    course_id = await create(author)
    path = f"/api/courses/{course_id}/modules"
    for _ in range(4):
        ok(await author.http.post(path, json={"title": "m", "units": [unit] * 20}), 201)
    problem(await author.http.post(path, json={"title": "m", "units": [unit] * 20}), 409, "draft-full")
    assert len(ok(await author.http.get(f"/api/courses/{course_id}/draft"))["modules"]) == 4


async def test_only_drafts_never_published_are_deleted(platform: Platform) -> None:
    org = await platform.create_organisation()
    author = await org.person("instructor")
    course_id = await publish(author)
    problem(await author.http.delete(f"/api/courses/{course_id}"), 409, "published-before")
    ok(await author.http.post(f"/api/courses/{course_id}/archive"))
    problem(await author.http.delete(f"/api/courses/{course_id}"), 409, "published-before")


async def test_administrators_make_courses_for_others_and_hand_them_over(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin, ines = await org.person("org_admin"), await org.person("instructor")
    tomasz, noor = await org.person("instructor", fresh=True), await org.person("student")
    elsewhere = await (await platform.create_organisation()).person("instructor")
    made = ok(await admin.http.post("/api/courses", json={"title": "x", "instructor_id": str(ines.id)}), 201)
    assert made["instructor"]["id"] == str(ines.id)
    path = f"/api/courses/{made['id']}"
    problem(await tomasz.http.patch(path, json={"title": "y"}), 403, "not-your-course")
    problem(await ines.http.put(f"{path}/instructor", json={"instructor_id": str(tomasz.id)}), 403, "forbidden")
    for nobody in (noor.id, elsewhere.id, new_id()):
        answer = await admin.http.put(f"{path}/instructor", json={"instructor_id": str(nobody)})
        assert problem(answer, 422, "invalid")["errors"][0]["pointer"] == "/body/instructor_id"
        problem(
            await admin.http.post("/api/courses", json={"title": "x", "instructor_id": str(nobody)}), 422, "invalid"
        )
    handed = ok(await admin.http.put(f"{path}/instructor", json={"instructor_id": str(tomasz.id)}))
    assert handed["instructor"]["id"] == str(tomasz.id)
    problem(await ines.http.patch(path, json={"title": "y"}), 403, "not-your-course")
    ok(await tomasz.http.patch(path, json={"title": "y"}))
    problem(
        await ines.http.post("/api/courses", json={"title": "x", "instructor_id": str(tomasz.id)}), 403, "forbidden"
    )
    ok(await ines.http.post("/api/courses", json={"title": "x", "instructor_id": str(ines.id)}), 201)


ROLES = ("student", "instructor", "org_admin", "platform_admin", "auditor")


async def test_who_sees_which_course(platform: Platform) -> None:
    org = await platform.create_organisation()
    author = await org.person("instructor", fresh=True)
    drafted, offered, archived = await create(author, modules=MODULES), await publish(author), await publish(author)
    ok(await author.http.post(f"/api/courses/{archived}/archive"))
    for role in ROLES:
        person = await org.person(role)
        sees_all = role in {"org_admin", "platform_admin", "auditor"}
        assert (await person.http.get(f"/api/courses/{drafted}")).status_code == (200 if sees_all else 404)
        assert (await person.http.get(f"/api/courses/{drafted}/reviews")).status_code == (200 if sees_all else 404)
        assert (await person.http.get(f"/api/courses/{drafted}/prerequisites")).status_code == (
            200 if sees_all else 404
        )
        assert ok(await person.http.get(f"/api/courses/{offered}"))["status"] == "published"
        assert ok(await person.http.get(f"/api/courses/{archived}"))["status"] == "archived"
        listed = ok(await person.http.get("/api/courses"))["items"]
        assert [course["id"] for course in listed] == [offered]


def writes(course_id: str, module_id: str, unit_id: str) -> list[tuple[str, str, Any]]:
    """Every request that changes a course or shows its keys, each valid by itself."""
    course = f"/api/courses/{course_id}"
    return [
        ("PATCH", course, {"title": "y"}),
        ("PUT", f"{course}/prerequisites", {"prerequisites": []}),
        ("GET", f"{course}/draft", None),
        ("POST", f"{course}/modules", {"title": "m"}),
        ("PATCH", f"{course}/modules/{module_id}", {"title": "m"}),
        ("POST", f"{course}/modules/{module_id}/units", {"kind": "text", "title": "u"}),
        ("GET", f"{course}/units/{unit_id}", None),
        ("PATCH", f"{course}/units/{unit_id}", {"title": "u"}),
        ("PUT", f"{course}/order", {"modules": []}),
        ("POST", f"{course}/publish", None),
        ("GET", f"{course}/versions", None),
        ("GET", f"{course}/versions/1", None),
        ("POST", f"{course}/archive", None),
        ("DELETE", f"{course}/units/{unit_id}", None),
        ("DELETE", f"{course}/modules/{module_id}", None),
        ("DELETE", course, None),
    ]


async def test_nobody_else_writes(platform: Platform) -> None:
    org = await platform.create_organisation()
    author = await org.person("instructor", fresh=True)
    course_id = await publish(author)
    module = ok(await author.http.get(f"/api/courses/{course_id}/draft"))["modules"][0]
    requests = writes(course_id, module["id"], module["units"][0]["id"])
    stranger = await (await platform.create_organisation()).person("org_admin")
    for method, path, body in requests:
        for role in ("student", "auditor"):
            refused = await (await org.person(role)).http.request(method, path, json=body)
            problem(refused, 403, "forbidden")
        problem(await (await org.person("instructor")).http.request(method, path, json=body), 403, "not-your-course")
        problem(await stranger.http.request(method, path, json=body), 404, "course-not-found")
    assert len(ok(await author.http.get(f"/api/courses/{course_id}/versions"))["items"]) == 1
    for role in ("org_admin", "platform_admin"):
        admin = await org.person(role)
        ok(await admin.http.patch(f"/api/courses/{course_id}", json={"title": role}))
