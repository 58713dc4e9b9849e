"""Handing out all that is held on a person."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import httpx

from deployments.users.archive import CONTENTS
from tests.integration.users.learning import WORDS, learn
from tests.platform import Platform


def _read(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        return {
            name: json.loads(archive.read(name)) if name.endswith(".json") else archive.read(name).decode()
            for name in archive.namelist()
        }


async def test_everything_is_in_it(platform: Platform) -> None:
    org = await platform.create_organisation()
    learner, teacher = await org.person(fresh=True), await org.person("instructor", fresh=True)
    learning = await learn(platform, org, learner, teacher)
    await learner.http.put("/api/users/me/sensitive", json={"phone": "+1 555", "date_of_birth": "2001-01-01"})
    await learner.http.patch("/api/users/me", json={"bio": "About me"})
    found = _read(await learner.http.get("/api/users/me/export"))
    assert set(found) == {"README.txt", "manifest.json", *(f"{name}.json" for name in CONTENTS)}
    assert found["profile.json"]["email"] == learner.email
    assert found["profile.json"]["bio"] == "About me"
    assert found["profile.json"]["sensitive"] == {"phone": "+1 555", "date_of_birth": "2001-01-01"}
    assert "password_hash" not in found["profile.json"]
    assert [session["id"] for session in found["sessions.json"]] == [str(learner.session_id)]
    assert {row["id"] for row in found["enrollments.json"]} == {str(learning.enrollment_id), str(learning.running_id)}
    assert found["attempts.json"][0]["answers"] == {"q1": WORDS}
    assert found["submissions.json"][0]["body"] == WORDS
    assert found["reviews.json"][0]["body"] == WORDS
    assert found["certificates.json"][0]["token"] == f"signed over {WORDS}"
    assert {event["type"] for event in found["events.json"]} >= {"azora.session.started.v1", "azora.user.updated.v1"}
    counts = {file["file"]: file["records"] for file in found["manifest.json"]["files"]}
    assert counts["progress.json"] == 1
    for name in counts:
        assert name in found["README.txt"]
        assert counts[name] == (1 if name == "profile.json" else len(found[name]))
    taught = _read(await teacher.http.get("/api/users/me/export"))
    assert len(taught["courses_taught.json"]) == 2
    assert taught["gradings.json"][0]["feedback"] == WORDS
    assert taught["enrollments.json"] == []


async def test_others_are_not_in_it(platform: Platform) -> None:
    org = await platform.create_organisation()
    teacher, learner, other = await org.person("instructor"), await org.person(fresh=True), await org.person(fresh=True)
    await learn(platform, org, other, teacher)
    found = _read(await learner.http.get("/api/users/me/export"))
    assert str(other.id) not in json.dumps(found)
    assert WORDS not in json.dumps(found)


async def test_links_that_open_the_account_are_not_in_it(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin = await org.person("org_admin")
    body = {"email": "new@x.org", "first_name": "New", "last_name": "One", "role": "student"}
    created = (await admin.http.post("/api/users", json=body)).json()
    found = _read(await admin.http.get(f"/api/users/{created['id']}/export"))
    assert len(found["mails.json"]) == 1
    assert "token=" not in json.dumps(found)


async def test_who_may_export_whom(platform: Platform) -> None:
    org = await platform.create_organisation()
    learner, colleague = await org.person(fresh=True), await org.person(fresh=True)
    teacher = await org.person("instructor")
    for role in ("org_admin", "auditor", "platform_admin"):
        person = await org.person(role)
        found = _read(await person.http.get(f"/api/users/{learner.id}/export"))
        assert found["profile.json"]["id"] == str(learner.id)
    for stranger in (colleague, teacher):
        assert (await stranger.http.get(f"/api/users/{learner.id}/export")).status_code == 403
