"""Cancelling, trying again, waiting, following, rights and limits."""

from __future__ import annotations

import io
import zipfile

import orjson
import pytest

from tests.integration.agents.support import ask, look, pending, taught_course, until
from tests.platform import Platform

pytestmark = pytest.mark.usefixtures("agent")


async def test_a_waiting_task_is_cancelled_at_once(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin, other, learner = await org.person("org_admin"), await org.person("org_admin", fresh=True), await org.person()
    task = await ask(admin, "message_people", {"recipients": [str(learner.id)], "subject": "s", "body": "b"})
    approval = await pending(other, task["id"])
    cancelled = await admin.http.post(f"/api/agents/tasks/{task['id']}/cancel")
    assert cancelled.json()["status"] == "cancelled"
    assert (await admin.http.post(f"/api/agents/tasks/{task['id']}/cancel")).status_code == 409
    late = await other.http.post(
        f"/api/agents/approvals/{approval['id']}/approve", json={"plan_hash": approval["plan_hash"]}
    )
    assert late.status_code == 409
    retried = await admin.http.post(f"/api/agents/tasks/{task['id']}/retry")
    assert retried.status_code == 200
    anew = await pending(other, task["id"])
    assert anew["id"] != approval["id"], "a withdrawn question is asked again"


async def test_a_task_that_fails_says_why_and_can_be_tried_again(platform: Platform) -> None:
    org = await platform.create_organisation()
    teacher, admin = await org.person("instructor"), await org.person("org_admin")
    learner = await org.person("student")
    course_id = await taught_course(teacher)
    task = await ask(teacher, "learner_review", {"course_id": course_id, "user_id": str(learner.id)})
    approval = await pending(admin, task["id"])
    done = {"plan_hash": approval["plan_hash"]}
    assert (await admin.http.post(f"/api/agents/approvals/{approval['id']}/approve", json=done)).status_code == 200
    task = await until(teacher, task["id"])
    assert (task["status"], task["error"]["type"]) == ("failed", "tool-failed")
    assert task["error"]["problem"] == "not-enrolled"
    assert task["steps"][1]["status"] == "failed"
    assert (await learner.http.post("/api/enrollments", json={"course_id": course_id})).status_code == 201
    assert (await teacher.http.post(f"/api/agents/tasks/{task['id']}/retry")).status_code == 200
    task = await until(teacher, task["id"])
    assert task["status"] == "succeeded", task
    assert task["attempt"] == 2
    assert task["result"]["progress"] == "0.00"
    assert len(task["approvals"]) == 1, "the same plan with the same arguments was approved"


async def test_others_see_nothing_and_auditors_everything(platform: Platform) -> None:
    org = await platform.create_organisation()
    teacher, learner, classmate = (
        await org.person("instructor"), await org.person("student"), await org.person("student", fresh=True)
    )  # fmt: skip
    auditor = await org.person("auditor")
    task = await ask(learner, "study_overview", {"course_id": await taught_course(teacher), "question": "Why?"})
    await until(learner, task["id"])
    for person, status in ((classmate, 404), (teacher, 404), (auditor, 200)):
        assert (await person.http.get(f"/api/agents/tasks/{task['id']}")).status_code == status
        assert (await person.http.get(f"/api/agents/tasks/{task['id']}/stream")).status_code == status
    assert (await classmate.http.post(f"/api/agents/tasks/{task['id']}/cancel")).status_code == 404
    assert (await classmate.http.get("/api/agents/tasks")).json()["items"] == []
    assert (await classmate.http.get("/api/agents/tasks?everybody=true")).status_code == 403
    assert [one["id"] for one in (await auditor.http.get("/api/agents/tasks?everybody=true")).json()["items"]] == [
        task["id"]
    ]
    assert (await auditor.http.post("/api/agents/tasks", json={})).status_code == 403


async def test_the_stream_tells_everything_once_and_goes_on_where_one_was(platform: Platform) -> None:
    org = await platform.create_organisation()
    teacher, learner = await org.person("instructor"), await org.person("student")
    task = await ask(learner, "study_overview", {"course_id": await taught_course(teacher), "question": "Why?"})
    await until(learner, task["id"])
    whole = _events((await learner.http.get(f"/api/agents/tasks/{task['id']}/stream")).text)
    assert [name for _, name, _ in whole] == [
        "task.created", "task.planned", "step.begun", "step.done", "step.begun", "step.done", "task.ended", "end",
    ]  # fmt: skip
    assert [number for number, *_ in whole[:-1]] == [str(n) for n in range(1, 8)]
    assert whole[-1][2] == {"reason": "ended"}
    rest = await learner.http.get(f"/api/agents/tasks/{task['id']}/stream", headers={"last-event-id": "5"})
    assert _events(rest.text) == whole[5:]


def _events(text: str) -> list[tuple[str | None, str, dict[str, object]]]:
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "event" in lines:
            found.append((lines.get("id"), lines["event"], orjson.loads(lines["data"])))
    return found


async def test_bad_requests_are_refused_by_name(platform: Platform) -> None:
    org = await platform.create_organisation()
    learner = await org.person("student")
    for body, status, pointer in (
        ({"kind": "no_such_kind", "input": {}}, 422, "/body/kind"),
        ({"kind": "study_overview", "input": {}}, 422, "/body/input/course_id"),
        (
            {"kind": "study_overview", "input": {"course_id": str(org.id), "question": "x" * 1001}},
            422,
            "/body/input/question",
        ),
        (
            {"kind": "study_overview", "input": {"course_id": str(org.id), "question": "x"}, "budget": {"steps": 1}},
            422,
            "/body/input",
        ),
        (
            {
                "kind": "study_overview",
                "input": {"course_id": str(org.id), "question": "x"},
                "deadline": "2020-01-01T00:00:00Z",
            },
            422,
            "/body/deadline",
        ),
        ({"kind": "message_people", "input": {"recipients": [str(org.id)], "subject": "s", "body": "b"}}, 403, None),
    ):
        answer = await learner.http.post("/api/agents/tasks", json=body)
        assert answer.status_code == status, answer.text
        if pointer:
            assert pointer in [error["pointer"] for error in answer.json()["errors"]], answer.text


async def test_a_deadline_ends_what_waits(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin, learner = await org.person("org_admin"), await org.person("student")
    task = await ask(admin, "message_people", {"recipients": [str(learner.id)], "subject": "s", "body": "b"})
    await until(admin, task["id"], "waiting_approval")
    async with platform.database.transaction(org.id) as connection:
        await connection.execute("update agent_tasks set deadline = now(), due_at = now() where id = $1", task["id"])
    task = await until(admin, task["id"])
    assert (task["status"], task["error"]["type"]) == ("failed", "past-deadline")


async def test_ended_sessions_stop_a_task(platform: Platform) -> None:
    org = await platform.create_organisation()
    teacher, admin = await org.person("instructor"), await org.person("org_admin")
    other = await org.person("org_admin", fresh=True)
    learner = await org.person("student")
    task = await ask(admin, "message_people", {"recipients": [str(learner.id)], "subject": "s", "body": "b"})
    approval = await pending(other, task["id"])
    assert (await other.http.delete(f"/api/sessions/users/{admin.id}")).status_code == 200
    done = {"plan_hash": approval["plan_hash"]}
    assert (await other.http.post(f"/api/agents/approvals/{approval['id']}/approve", json=done)).status_code == 200
    task = await until(other, task["id"])
    assert (task["status"], task["error"]["type"]) == ("failed", "delegation-ended")
    admin = await platform.sign_in(org, admin.email)
    assert (await admin.http.post(f"/api/agents/tasks/{task['id']}/retry")).status_code == 200
    assert (await until(admin, task["id"]))["status"] == "succeeded"
    assert teacher.role == "instructor"


async def test_ten_thousand_wait_and_none_of_them_is_looked_at(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin, learner = await org.person("org_admin"), await org.person("student")
    task = await ask(admin, "message_people", {"recipients": [str(learner.id)], "subject": "s", "body": "b"})
    await until(admin, task["id"], "waiting_approval")
    async with platform.database.transaction(org.id) as connection:
        await connection.execute(
            "insert into agent_tasks (id, org_id, user_id, delegation_id, kind, input, status, stage, plan, plan_hash,"
            " maximum_steps, maximum_tokens, maximum_cost_microdollars, deadline, due_at)"
            " select gen_random_uuid(), org_id, user_id, delegation_id, kind, input, status, stage, plan, plan_hash,"
            " maximum_steps, maximum_tokens, maximum_cost_microdollars, deadline, due_at"
            " from agent_tasks, generate_series(1, 10000) where id = $1",
            task["id"],
        )
    teacher = await org.person("instructor")
    quick = await ask(learner, "study_overview", {"course_id": await taught_course(teacher), "question": "Why?"})
    assert (await until(learner, quick["id"]))["status"] == "succeeded"
    async with platform.database.transaction(org.id) as connection:
        still = await connection.fetchval(
            "select count(*) from agent_tasks where status = 'waiting_approval' and claims = 0"
        )
        assert still >= 10_000
        await connection.execute("update agent_tasks set status = 'cancelled', due_at = null where due_at is not null")


async def test_an_export_holds_tasks_and_an_erasure_empties_them(platform: Platform) -> None:
    org = await platform.create_organisation()
    teacher, admin = await org.person("instructor"), await org.person("org_admin")
    learner = await org.person("student", fresh=True)
    own = await ask(learner, "study_overview", {"course_id": await taught_course(teacher), "question": "Unmistakable?"})
    await until(learner, own["id"])
    about = await ask(
        admin, "message_people", {"recipients": [str(learner.id)], "subject": "s", "body": "Unmistakable"}
    )
    other = await org.person("org_admin", fresh=True)
    approval = await pending(other, about["id"])
    done = {"plan_hash": approval["plan_hash"]}
    assert (await other.http.post(f"/api/agents/approvals/{approval['id']}/approve", json=done)).status_code == 200
    assert (await until(admin, about["id"]))["status"] == "succeeded"
    waiting = await ask(
        admin, "message_people", {"recipients": [str(learner.id)], "subject": "s", "body": "Unmistakable too"}
    )
    await pending(other, waiting["id"])
    archive = zipfile.ZipFile(io.BytesIO((await learner.http.get("/api/users/me/export")).content))
    assert [one["id"] for one in orjson.loads(archive.read("agent_tasks.json"))] == [own["id"]]
    told = [one["id"] for one in orjson.loads(archive.read("agent_tasks_about.json"))]
    assert told == [about["id"], waiting["id"]]  # also what has not been done yet
    assert (await admin.http.post(f"/api/users/{learner.id}/erase")).status_code == 200
    assert (await look(admin, waiting["id"]))["status"] == "cancelled"
    async with platform.database.transaction(org.id) as connection:
        for table in ("agent_tasks", "agent_steps", "agent_approvals", "agent_journal"):
            rows = await connection.fetch(f"select t::text as row from {table} t")
            assert not [row for row in rows if "Unmistakable" in row["row"]], table
