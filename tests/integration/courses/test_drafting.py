"""Modules, units and their order."""

from __future__ import annotations

import asyncio

from stores.ids import new_id
from tests.integration.courses.support import MODULES, QUIZ, create, ok, problem
from tests.platform import Platform


async def test_modules_and_units_are_added_changed_and_deleted(platform: Platform) -> None:
    org = await platform.create_organisation()
    author = await org.person("instructor")
    course_id = await create(author)
    path = f"/api/courses/{course_id}"
    added = await author.http.post(f"{path}/modules", json=MODULES[1])
    module = ok(added, 201)
    assert [unit["kind"] for unit in module["units"]] == ["quiz", "assignment"]
    renamed = await author.http.patch(
        f"{path}/modules/{module['id']}", json={"title": "New"}, headers={"if-match": added.headers["etag"]}
    )
    assert ok(renamed) == {"id": module["id"], "title": "New", "revision": 2}
    problem(
        await author.http.patch(f"{path}/modules/{module['id']}", json={"title": "x"}, headers={"if-match": '"1"'}),
        412,
        "precondition-failed",
    )
    unit_answer = await author.http.post(
        f"{path}/modules/{module['id']}/units", json={"kind": "text", "title": "t", "body": "b"}
    )
    unit = ok(unit_answer, 201)
    location = unit_answer.headers["location"]
    assert ok(await author.http.get(location)) == unit
    changed = await author.http.patch(location, json={"body": "c"}, headers={"if-match": unit_answer.headers["etag"]})
    assert ok(changed) == {**unit, "body": "c", "revision": 2}
    problem(
        await author.http.delete(location, headers={"if-match": unit_answer.headers["etag"]}),
        412,
        "precondition-failed",
    )
    ok(await author.http.delete(location, headers={"if-match": changed.headers["etag"]}), 204)
    problem(await author.http.get(location), 404, "unit-not-found")
    ok(await author.http.delete(f"{path}/modules/{module['id']}"), 204)
    assert ok(await author.http.get(f"{path}/draft"))["modules"] == []


async def test_a_change_must_fit_the_units_kind(platform: Platform) -> None:
    org = await platform.create_organisation()
    author = await org.person("instructor")
    course_id = await create(author, modules=MODULES)
    draft = ok(await author.http.get(f"/api/courses/{course_id}/draft"))
    units = {unit["kind"]: unit for module in draft["modules"] for unit in module["units"]}

    async def patch(of: str, **body: object) -> list[dict[str, str]]:
        answer = await author.http.patch(f"/api/courses/{course_id}/units/{units[of]['id']}", json=body)
        errors: list[dict[str, str]] = problem(answer, 422, "invalid")["errors"]
        return errors

    assert (await patch("text", quiz=QUIZ))[0]["pointer"] == "/body/quiz"
    assert (await patch("video", video_url=None))[0]["pointer"] == "/body/video_url"
    assert (await patch("quiz", quiz=None))[0]["pointer"] == "/body/quiz"
    assert (await patch("quiz", kind="text"))[0]["code"] == "kind_fixed"
    assert (await patch("assignment", title=None))[0]["pointer"] == "/body/title"
    await patch("video", video_url="javascript:alert(1)")


async def test_question_ids_are_kept_over_edits(platform: Platform) -> None:
    org = await platform.create_organisation()
    author = await org.person("instructor")
    course_id = await create(author, modules=MODULES)
    draft = ok(await author.http.get(f"/api/courses/{course_id}/draft"))
    unit = draft["modules"][1]["units"][0]
    quiz = unit["quiz"]
    assert "options" not in quiz["questions"][2]
    quiz["questions"][0]["prompt"] = "What is `1 + 1` again?"
    quiz["questions"].append({"kind": "true_false", "prompt": "New?", "points": 1, "correct": False})
    kept = ok(await author.http.patch(f"/api/courses/{course_id}/units/{unit['id']}", json={"quiz": quiz}))["quiz"]
    assert [q["id"] for q in kept["questions"][:-1]] == [q["id"] for q in quiz["questions"][:-1]]
    assert kept["questions"][0]["correct"] == quiz["questions"][0]["options"][1]["id"]


async def test_the_order_names_everything_exactly_once(platform: Platform) -> None:
    org = await platform.create_organisation()
    author = await org.person("instructor")
    course_id = await create(author, modules=[*MODULES, {"title": "Empty"}])
    path = f"/api/courses/{course_id}/order"
    first, second, empty = ok(await author.http.get(f"/api/courses/{course_id}/draft"))["modules"]
    (a, b), (c, d) = ([unit["id"] for unit in module["units"]] for module in (first, second))
    wanted = [
        {"id": empty["id"], "units": [d, a]},
        {"id": first["id"], "units": [c, b]},
        {"id": second["id"], "units": []},
    ]
    moved = ok(await author.http.put(path, json={"modules": wanted}))
    assert [{"id": m["id"], "units": [u["id"] for u in m["units"]]} for m in moved["modules"]] == wanted
    assert moved == ok(await author.http.get(f"/api/courses/{course_id}/draft"))

    incomplete = [wanted[:2], [*wanted[:2], {"id": str(new_id()), "units": []}]]
    incomplete += [
        [{**wanted[0], "units": [d]}, *wanted[1:]],
        [{**wanted[0], "units": [d, a, str(new_id())]}, *wanted[1:]],
    ]
    for modules in incomplete:
        problem(await author.http.put(path, json={"modules": modules}), 409, "outline-changed")
    twice = [[*wanted, wanted[0]], [{**wanted[0], "units": [d, a, a]}, *wanted[1:]]]
    for modules in twice:
        problem(await author.http.put(path, json={"modules": modules}), 422, "invalid")
    assert moved == ok(await author.http.get(f"/api/courses/{course_id}/draft"))


async def test_authors_of_one_course_take_turns(platform: Platform) -> None:
    org = await platform.create_organisation()
    author, admin = await org.person("instructor"), await org.person("org_admin")
    course_id = await create(author, modules=[{"title": "m"}])
    module_id = ok(await author.http.get(f"/api/courses/{course_id}/draft"))["modules"][0]["id"]
    unit = {"kind": "text", "title": "u"}
    answers = await asyncio.gather(
        *(
            person.http.post(path, json=body)
            for person in (author, admin)
            for _ in range(8)
            for path, body in (
                (f"/api/courses/{course_id}/modules", {"title": "n", "units": [unit]}),
                (f"/api/courses/{course_id}/modules/{module_id}/units", unit),
            )
        )
    )
    assert {answer.status_code for answer in answers} == {201}
    modules = ok(await author.http.get(f"/api/courses/{course_id}/draft"))["modules"]
    assert len(modules) == 17
    assert len(modules[0]["units"]) == 16
