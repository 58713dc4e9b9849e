"""Requests that mean harm to tasks and approvals: refused by name, with nothing done and nothing lost."""

from __future__ import annotations

from typing import Any

import pytest

from stores.ids import new_id
from tests.integration.agents.support import ask, look, pending
from tests.platform import Platform

pytestmark = pytest.mark.usefixtures("agent")
APPROVALS, TASKS = "/api/agents/approvals", "/api/agents/tasks"
SOMEBODY = "01a22939-61b2-76a8-81a6-cadd08719cb8"
MESSAGE = {"subject": "Hello", "body": "How are you?"}


@pytest.mark.parametrize(
    "said",
    [
        *({"body": body} for body in ("a\x00b", "x" * 5_001)),
        *({"subject": subject} for subject in ("a\x00b", "a\r\nBcc: x@example.org")),
        *({"a\x00": 1}, {"approved": True}, {"approved_by": SOMEBODY}, {"plan_hash": "0" * 64}),
    ],
)
async def test_inputs_that_are_none(platform: Platform, said: dict[str, Any]) -> None:
    org = await platform.create_organisation()
    admin, learner = await org.person("org_admin"), await org.person("student")
    wanted = {"recipients": [str(learner.id)], **MESSAGE, **said}
    answer = await admin.http.post(TASKS, json={"kind": "message_people", "input": wanted})
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"].startswith("/body/input")
    assert (await admin.http.get(TASKS)).json()["items"] == []


async def test_texts_that_no_database_keeps(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin = await org.person("org_admin")
    course = str(new_id())
    for kind, field in (("own_words", "goal"), ("revision_notes", "topic"), ("study_overview", "question")):
        answer = await admin.http.post(TASKS, json={"kind": kind, "input": {"course_id": course, field: "a\x00b"}})
        assert answer.status_code == 422, (kind, answer.text)
    deep = b'{"kind": "own_words", "input": {"goal": ' + b"[" * 50_000 + b"]" * 50_000 + b"}}"
    answer = await admin.http.post(TASKS, content=deep, headers={"content-type": "application/json"})
    assert answer.status_code == 400, answer.text


@pytest.mark.parametrize(
    "more",
    [{"budget": {"steps": steps}} for steps in (10_000, 0, -1)]
    + [{"budget": {"tokens": tokens}} for tokens in (-1, 10**30)]
    + [{"budget": {"dollars": dollars}} for dollars in ("-1", "NaN", "1e400", "0.0000001")]
    + [{"deadline": at} for at in ("2020-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+14:00")]
    + [{"approval": {"status": "approved"}}, {"plan": {"steps": []}}, {"user_id": SOMEBODY}],
)
async def test_limits_that_are_none(platform: Platform, more: dict[str, Any]) -> None:
    org = await platform.create_organisation()
    admin, learner = await org.person("org_admin"), await org.person("student")
    wanted = {"recipients": [str(learner.id)], **MESSAGE}
    answer = await admin.http.post(TASKS, json={"kind": "message_people", "input": wanted, **more})
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"].startswith(f"/body/{next(iter(more))}")


async def test_answers_that_are_none(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin, other, learner = await org.person("org_admin"), await org.person("org_admin", fresh=True), new_id()
    task = await ask(admin, "message_people", {"recipients": [str(learner)], **MESSAGE})
    approval = await pending(other, task["id"])
    path, seen = f"{APPROVALS}/{approval['id']}", {"plan_hash": approval["plan_hash"]}
    bad: list[tuple[str, dict[str, Any]]] = [
        ("approve", {}),
        ("approve", {"plan_hash": "A" * 64}),
        ("approve", {"plan_hash": "\x00" * 64}),
        ("approve", {**seen, "decided_by": str(admin.id)}),
        ("refuse", {**seen, "reason": "a\x00b"}),
        ("edit", {**seen, "changes": {}}),
        ("edit", {**seen, "changes": {"message_1": {}}}),
        *(
            ("edit", {**seen, "changes": {"message_1": {"body": value}}})
            for value in ("a\x00b", "", "x" * 5_001, ["x"], {"step": "message_1", "path": "message_id"})
        ),
        ("edit", {**seen, "changes": {"message_1": {"subject": "a\nb"}}}),
    ]
    for word, body in bad:
        answer = await other.http.post(f"{path}/{word}", json=body)
        assert answer.status_code == 422, (word, body, answer.text)
    for forged in (new_id(), task["id"]):
        assert (await other.http.post(f"{APPROVALS}/{forged}/approve", json=seen)).status_code == 404
    for retried in ({"input": {"recipients": [str(other.id)]}}, {"deadline": "2020-01-01T00:00:00Z"}):
        assert (await admin.http.post(f"{TASKS}/{task['id']}/retry", json=retried)).status_code in (409, 422)
    shown = await look(admin, task["id"])
    assert (shown["status"], shown["plan_hash"]) == ("waiting_approval", approval["plan_hash"])
    assert [one["status"] for one in shown["approvals"]] == ["pending"]


async def test_a_key_for_models_answers_for_nobody(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin, other, learner = await org.person("org_admin"), await org.person("org_admin", fresh=True), new_id()
    made = await admin.http.post("/api/llm/keys", json={"name": "Key", "scopes": ["chat"]})
    assert made.status_code == 201, made.text
    task = await ask(admin, "message_people", {"recipients": [str(learner)], **MESSAGE})
    approval = await pending(other, task["id"])
    headers = {"authorization": f"Bearer {made.json()['key']}"}
    body = {"plan_hash": approval["plan_hash"]}
    answer = await platform.http.post(f"{APPROVALS}/{approval['id']}/approve", json=body, headers=headers)
    assert answer.status_code == 401, answer.text
    assert (await look(admin, task["id"]))["status"] == "waiting_approval"


@pytest.mark.parametrize("foreign", ["-1", "9" * 64, "abc", SOMEBODY, "1; drop table agent_tasks", "٣"])
async def test_a_stream_takes_no_foreign_place(platform: Platform, foreign: str) -> None:
    """A number beyond the journal has nothing after it; what is no number begins at the beginning."""
    org = await platform.create_organisation()
    admin, stranger = await org.person("org_admin"), await (await platform.create_organisation()).person("org_admin")
    task = await ask(admin, "message_people", {"recipients": [str(new_id())], **MESSAGE})
    assert (await admin.http.post(f"{TASKS}/{task['id']}/cancel")).status_code == 200
    headers = {"last-event-id": foreign.encode()}
    path = f"{TASKS}/{task['id']}/stream"
    answer = await admin.http.get(path, headers=headers)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    events = [line.removeprefix("event: ") for line in answer.text.splitlines() if line.startswith("event: ")]
    assert events[-1] == "end"
    assert ("task.created" in events) is (foreign != "9" * 64)
    assert (await stranger.http.get(path, headers=headers)).status_code == 404  # type: ignore[arg-type]
