"""What learners read, and who reads it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from deployments.courses.content_views import LearnersContent, LearnersUnit
from stores.ids import new_id
from tests.integration.courses.support import MODULES, create, enrol, ok, problem, publish
from tests.platform import Platform
from tests.unit.courses.test_rendering import PAYLOADS, inspect


async def test_learners_keep_the_version_they_began(platform: Platform) -> None:
    org = await platform.create_organisation()
    author, noor, felix = (
        await org.person("instructor"),
        await org.person("student"),
        await org.person("student", fresh=True),
    )
    course_id = await publish(author)
    path = f"/api/courses/{course_id}"
    await enrol(platform, org, course_id, noor.id)
    draft = ok(await author.http.get(f"{path}/draft"))
    unit_id = draft["modules"][0]["units"][0]["id"]
    ok(await author.http.patch(f"{path}/units/{unit_id}", json={"body": "New words."}))
    ok(await author.http.delete(f"{path}/modules/{draft['modules'][1]['id']}"), 204)
    ok(await author.http.post(f"{path}/publish"))
    await enrol(platform, org, course_id, felix.id)

    for _ in range(2):  # the second time from memory
        old, new = ok(await noor.http.get(f"{path}/content")), ok(await felix.http.get(f"{path}/content"))
        assert (old["version"], len(old["modules"])) == (1, 2)
        assert (new["version"], len(new["modules"])) == (2, 1)
        assert "<strong>bold</strong>" in old["modules"][0]["units"][0]["html"]
        assert new["modules"][0]["units"][0]["html"] == "<p>New words.</p>\n"
        assert ok(await noor.http.get(f"{path}/content/{unit_id}")) == old["modules"][0]["units"][0]
        assert ok(await felix.http.get(f"{path}/content/{unit_id}")) == new["modules"][0]["units"][0]
    gone = draft["modules"][1]["units"][0]["id"]
    ok(await noor.http.get(f"{path}/content/{gone}"))
    problem(await felix.http.get(f"{path}/content/{gone}"), 404, "unit-not-found")
    problem(await felix.http.get(f"{path}/content/{new_id()}"), 404, "unit-not-found")


async def test_the_content_is_as_documented_and_holds_no_key(platform: Platform) -> None:
    org = await platform.create_organisation()
    author, noor = await org.person("instructor"), await org.person("student")
    course_id = await publish(author)
    await enrol(platform, org, course_id, noor.id)
    content = ok(await noor.http.get(f"/api/courses/{course_id}/content"))
    assert LearnersContent.model_validate(content).model_dump(mode="json", exclude_unset=True) == content
    text = json.dumps(content)
    for word in ("KEY", "correct", "accepted", "tolerance", "explanation"):
        assert word not in text
    quiz, assignment = content["modules"][1]["units"]
    assert quiz["quiz"]["questions"][0]["prompt_html"] == "<p>What is <code>1 + 1</code>?</p>\n"
    assert assignment["assignment"]["instructions_html"] == "<p>Write <em>it</em>.</p>\n"
    for module in content["modules"]:
        for unit in module["units"]:
            alone = ok(await noor.http.get(f"/api/courses/{course_id}/content/{unit['id']}"))
            assert alone == unit
            assert LearnersUnit.model_validate(alone).model_dump(mode="json", exclude_unset=True) == alone


async def test_who_reads(platform: Platform) -> None:
    org = await platform.create_organisation()
    author, noor = await org.person("instructor", fresh=True), await org.person("student")
    course_id, drafted = await publish(author), await create(author, modules=MODULES)
    path = f"/api/courses/{course_id}"
    past, future = (datetime.now(UTC) + timedelta(days=days) for days in (-1, 1))
    for person in (noor, await org.person("instructor")):
        problem(await person.http.get(f"{path}/content"), 403, "not-enrolled")
        problem(await person.http.get(f"/api/courses/{drafted}/content"), 404, "course-not-found")
    for person in (author, await org.person("org_admin"), await org.person("auditor")):
        assert ok(await person.http.get(f"{path}/content"))["version"] == 1
        problem(await person.http.get(f"/api/courses/{drafted}/content"), 404, "version-not-found")
    unit_id = ok(await author.http.get(f"{path}/content"))["modules"][0]["units"][0]["id"]
    for status, expires_at, expected in (
        ("active", None, 200),
        ("active", future, 200),
        ("active", past, 403),
        ("completed", past, 200),
        ("waitlisted", None, 403),
        ("dropped", None, 403),
        ("expired", past, 403),
    ):
        await enrol(platform, org, course_id, noor.id, status, expires_at=expires_at)
        assert (await noor.http.get(f"{path}/content")).status_code == expected, status
        assert (await noor.http.get(f"{path}/content/{unit_id}")).status_code == expected, status
    stranger = await (await platform.create_organisation()).person("org_admin")
    problem(await stranger.http.get(f"{path}/content"), 404, "course-not-found")
    problem(await stranger.http.get(f"{path}/content/{unit_id}"), 404, "course-not-found")


async def test_no_payload_reaches_a_learner(platform: Platform) -> None:
    org = await platform.create_organisation()
    author, noor = await org.person("instructor"), await org.person("student")
    payloads = [payload.replace("\x00", "") for payload in PAYLOADS]
    body = "\n\n".join(payloads)
    questions = [
        {"kind": "single_choice", "prompt": payload, "points": 1, "options": [payload, "b"], "correct": 0}
        for payload in payloads
    ]
    units = [
        {"kind": "text", "title": "<script>alert(1)</script>", "body": body},
        {"kind": "quiz", "title": "q", "quiz": {"pass_mark_percent": 0, "questions": questions}},
        {"kind": "assignment", "title": "a", "assignment": {"instructions": body, "maximum_points": 1}},
    ]
    course_id = await publish(author, description=body, modules=[{"title": "m", "units": units}])
    await enrol(platform, org, course_id, noor.id)
    text, quiz, assignment = ok(await noor.http.get(f"/api/courses/{course_id}/content"))["modules"][0]["units"]
    inspect(ok(await noor.http.get(f"/api/courses/{course_id}"))["description_html"])
    inspect(text["html"])
    inspect(assignment["assignment"]["instructions_html"])
    for question in quiz["quiz"]["questions"]:
        inspect(question["prompt_html"])
        inspect(question["options"][0]["html"])
