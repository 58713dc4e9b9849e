"""Approvals, and everything that is none: forged, replayed, self-granted, reused for another plan."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from actors.agent.mailing import SUBJECT
from actors.agent.store import mail_owed
from stores.postgres import Database
from tests.integration.agents.support import Interposer, ask, eventually, look, pending, taught_course, until
from tests.platform import Account, Organisation, Platform

pytestmark = pytest.mark.usefixtures("agent")


async def school(platform: Platform) -> tuple[Organisation, Account, Account, Account]:
    org = await platform.create_organisation()
    return org, await org.person("instructor"), await org.person("org_admin"), await org.person("student")


async def message(platform: Platform, asker: Account, *people: Account) -> dict[str, Any]:
    recipients = [str(person.id) for person in people]
    return await ask(asker, "message_people", {"recipients": recipients, "subject": "Hello", "body": "How are you?"})


async def mails(platform: Platform, org: Organisation, *, asking: bool = False) -> list[tuple[str, str]]:
    async with platform.database.transaction(org.id, readonly=True) as connection:
        rows = await connection.fetch(
            "select recipient, body from mails where (subject = $1) = $2 order by created_at, id", SUBJECT, asking
        )
    return [(row["recipient"], row["body"]) for row in rows]


async def audited(platform: Platform, org: Organisation, action: str) -> list[dict[str, Any]]:
    """The entries of this action."""
    async with platform.database.transaction(org.id, readonly=True) as connection:
        rows = await connection.fetch("select body from audit_log union all select body from audit_pending")
    return [entry for row in rows if (entry := json.loads(row["body"]))["action"] == action]


async def answer(person: Account, approval: dict[str, Any], word: str, **more: Any) -> int:
    body = {"plan_hash": approval["plan_hash"], **more}
    return (await person.http.post(f"/api/agents/approvals/{approval['id']}/{word}", json=body)).status_code


async def test_nothing_is_sent_before_somebody_else_approves(platform: Platform) -> None:
    org, _, admin, learner = await school(platform)
    other = await org.person("org_admin", fresh=True)
    task = await message(platform, admin, learner)
    waiting = await until(admin, task["id"], "waiting_approval")
    assert await mails(platform, org) == []
    approval = await pending(other, task["id"])
    assert approval["kinds"] == ["personal_data_analysis"]
    assert approval["draft"][0]["arguments"]["body"] == "How are you?"
    assert approval["draft"][0]["origins"]["recipient_id"] == ["asker"]
    assert approval["plan_hash"] == waiting["plan_hash"]
    assert approval["subjects"] == [str(learner.id)]
    asked = await mails(platform, org, asking=True)
    assert [recipient for recipient, _ in asked] == [other.email]  # neither the requester nor the recipient
    assert approval["id"] in asked[0][1]
    assert "How are you?" not in asked[0][1]
    assert learner.email not in asked[0][1]
    assert await answer(other, approval, "approve") == 200
    task = await until(admin, task["id"])
    assert task["status"] == "succeeded", task
    assert [recipient for recipient, _ in await mails(platform, org)] == [learner.email]
    assert task["approvals"][0]["decided_by"] == str(other.id)
    assert task["subjects"] == [str(learner.id)]


async def test_nobody_approves_what_they_asked_for(platform: Platform) -> None:
    org, teacher, admin, learner = await school(platform)
    other = await org.person("org_admin", fresh=True)
    task = await message(platform, admin, learner)
    approval = await pending(other, task["id"])
    assert await answer(admin, approval, "approve") == 403  # the requester
    assert await answer(teacher, approval, "approve") == 403  # of a role that is not asked
    assert await answer(learner, approval, "approve") == 403  # of one that answers nothing at all
    stranger = await (await platform.create_organisation()).person("org_admin")
    assert await answer(stranger, approval, "approve") == 404
    assert (await admin.http.get("/api/agents/approvals")).json()["items"] == []
    assert (await look(admin, task["id"]))["status"] == "waiting_approval"
    assert await mails(platform, org) == []
    denied = await audited(platform, org, "approval.denied")
    assert sorted((one["actor"], one["outcome"], one["details"]["own"]) for one in denied) == sorted(
        (str(person.id), "refused", person is admin) for person in (admin, teacher)
    )
    assert {(one["subject"], one["details"]["approval_id"]) for one in denied} == {(task["id"], approval["id"])}


async def test_however_many_are_refused_at_once_each_is_told_so_and_audited(platform: Platform) -> None:
    org, _, admin, learner = await school(platform)
    other = await org.person("org_admin", fresh=True)
    approval = await pending(other, (await message(platform, admin, learner))["id"])
    attempts = 30  # more than there are connections
    refused = await asyncio.gather(*(answer(admin, approval, "approve") for _ in range(attempts)))
    assert set(refused) == {403}
    assert len(await audited(platform, org, "approval.denied")) == attempts
    assert await answer(other, approval, "approve") == 200


async def test_another_role_makes_nobody_an_approver_of_their_own(platform: Platform) -> None:
    org, teacher, admin, _ = await school(platform)
    asker = await org.person("instructor", fresh=True)
    task = await ask(asker, "revision_notes", {"course_id": await taught_course(asker), "topic": "steep"})
    approval = await pending(admin, task["id"])
    promoted = await admin.http.put(f"/api/users/{asker.id}/role", json={"role": "org_admin"})
    assert promoted.status_code == 200, promoted.text
    promoted_asker = await platform.sign_in(org, asker.email)
    assert await answer(promoted_asker, approval, "approve") == 403
    assert await answer(teacher, approval, "approve") == 403  # who does not teach the course
    assert (await look(admin, task["id"]))["approvals"][0]["status"] == "pending"


async def test_what_somebody_stopped_asks_anew_when_it_is_tried_again(
    platform: Platform, interposer: Interposer
) -> None:
    org, _, admin, learner = await school(platform)
    other = await org.person("org_admin", fresh=True)
    people = [learner, await org.person("student", fresh=True), await org.person("student", fresh=True)]
    task = await message(platform, admin, *people)
    approval = await pending(other, task["id"])

    async def stop(key: str) -> None:
        if key.endswith(":message_2"):
            interposer.before = None
            assert (await other.http.post(f"/api/agents/tasks/{task['id']}/cancel")).status_code == 200

    interposer.before = stop
    assert await answer(other, approval, "approve") == 200
    await until(admin, task["id"], "cancelled")
    assert (await admin.http.post(f"/api/agents/tasks/{task['id']}/retry")).status_code == 200
    anew = await pending(other, task["id"])
    assert (anew["plan_hash"], anew["id"] == approval["id"]) == (approval["plan_hash"], False)
    assert "message_3" in {one["step"] for one in anew["draft"]}
    assert people[2].email not in [recipient for recipient, _ in await mails(platform, org)]
    assert await answer(other, approval, "approve") == 409
    assert await answer(other, anew, "approve") == 200
    assert (await until(admin, task["id"]))["status"] == "succeeded"
    assert sorted(to for to, _ in await mails(platform, org)) == sorted(person.email for person in people)


async def test_whoever_answers_sees_what_may_have_happened_already(platform: Platform) -> None:
    org, _, admin, learner = await school(platform)
    other = await org.person("org_admin", fresh=True)
    task = await message(platform, admin, learner)
    assert [one["begun"] for one in (await pending(other, task["id"]))["draft"]] == [False]
    assert (await admin.http.post(f"/api/agents/tasks/{task['id']}/cancel")).status_code == 200
    async with platform.database.transaction(org.id) as connection:  # as if it had been, before
        begun = "update agent_steps set status = 'begun', first_begun_at = now() where task_id = $1"
        await connection.execute(begun, task["id"])
    assert (await admin.http.post(f"/api/agents/tasks/{task['id']}/retry")).status_code == 200
    anew = await pending(other, task["id"])
    assert [one["begun"] for one in anew["draft"]] == [True]
    assert await answer(other, anew, "refuse", reason="No") == 200
    task = await until(admin, task["id"])
    assert (task["status"], task["error"]["type"]) == ("refused", "refused-by-approver")
    assert "may have happened" in task["error"]["detail"]


async def test_a_client_cannot_say_that_something_was_approved(platform: Platform) -> None:
    _, _, admin, learner = await school(platform)
    input = {"recipients": [str(learner.id)], "subject": "s", "body": "b"}
    for forged in (
        {"kind": "message_people", "input": {**input, "approved": True}},
        {"kind": "message_people", "input": input, "approval": {"status": "approved"}},
        {"kind": "message_people", "input": input, "plan": {"steps": []}},
        {"kind": "message_people", "input": input, "status": "running"},
    ):
        assert (await admin.http.post("/api/agents/tasks", json=forged)).status_code == 422
    headers = {"x-approved-by": "somebody", "x-act": "task:1"}
    made = await admin.http.post("/api/agents/tasks", json={"kind": "message_people", "input": input}, headers=headers)
    assert (await until(admin, made.json()["id"], "waiting_approval"))["result"] is None


async def test_an_answer_is_given_once_and_for_the_plan_that_was_seen(platform: Platform) -> None:
    org, _, admin, learner = await school(platform)
    other = await org.person("org_admin", fresh=True)
    first, second = await message(platform, admin, learner), await message(platform, admin, learner)
    one, two = await pending(other, first["id"]), await pending(other, second["id"])
    assert one["plan_hash"] != two["plan_hash"], "two tasks have two plans, whatever they do"
    assert await answer(other, {**two, "plan_hash": one["plan_hash"]}, "approve") == 409
    assert await answer(other, {**two, "plan_hash": "0" * 64}, "approve") == 409
    third = await org.person("org_admin", fresh=True)
    at_once = await asyncio.gather(*(answer(person, one, "approve") for person in (other, third) * 3))
    assert sorted(at_once) == [200, *[409] * 5]
    assert await answer(other, one, "approve") == 409  # replayed
    assert await answer(other, one, "refuse", reason="too late") == 409
    assert (await until(admin, first["id"]))["status"] == "succeeded"
    assert (await look(admin, second["id"]))["status"] == "waiting_approval"
    assert len(await mails(platform, org)) == 1


async def test_an_edit_asks_anew_and_what_was_edited_is_done(platform: Platform) -> None:
    org, _, admin, learner = await school(platform)
    other, third = await org.person("org_admin", fresh=True), await org.person("org_admin", fresh=True)
    task = await message(platform, admin, learner)
    approval = await pending(other, task["id"])
    changes = {"message_1": {"body": "How are you, really?"}}
    assert await answer(other, approval, "edit", changes={"message_1": {"recipient_id": str(third.id)}}) == 422
    assert await answer(other, approval, "edit", changes={"message_9": {"body": "x"}}) == 422
    assert await answer(other, approval, "edit", changes={"message_1": {"body": ""}}) == 422
    assert await answer(admin, approval, "edit", changes=changes) == 403
    assert await answer(other, approval, "edit", changes=changes) == 200
    anew = await pending(third, task["id"])
    assert anew["id"] != approval["id"]
    assert anew["plan_hash"] != approval["plan_hash"]
    assert anew["draft"][0]["origins"]["body"] == ["organisation"]
    assert await answer(other, {**anew, "plan_hash": approval["plan_hash"]}, "approve") == 409
    assert await answer(third, anew, "approve") == 200
    assert (await until(admin, task["id"]))["status"] == "succeeded"
    [(_, body)] = await mails(platform, org)
    assert "How are you, really?" in body


async def test_a_plan_that_changes_behind_everybody_s_back_is_not_carried_out(platform: Platform) -> None:
    org, _, admin, learner = await school(platform)
    other = await org.person("org_admin", fresh=True)
    task = await message(platform, admin, learner)
    approval = await pending(other, task["id"])
    async with platform.database.transaction(org.id) as connection:
        await connection.execute(
            "update agent_tasks set plan = jsonb_set(plan, '{steps,0,arguments,body,given}', '\"forged\"')"
            " where id = $1",
            task["id"],
        )
    assert await answer(other, approval, "approve") == 200
    task = await until(admin, task["id"])
    assert (task["status"], task["error"]["type"]) == ("failed", "plan-invalid")
    assert await mails(platform, org) == []


async def test_a_refusal_ends_the_task(platform: Platform) -> None:
    org, _, admin, learner = await school(platform)
    other = await org.person("org_admin", fresh=True)
    task = await message(platform, admin, learner)
    approval = await pending(other, task["id"])
    assert await answer(other, approval, "refuse") == 422
    assert await answer(other, approval, "refuse", reason="Not now") == 200
    task = await until(admin, task["id"])
    assert (task["status"], task["error"]["type"]) == ("refused", "refused-by-approver")
    assert task["approvals"][0]["reason"] == "Not now"
    assert (await admin.http.post(f"/api/agents/tasks/{task['id']}/retry")).status_code == 409


async def test_questions_escalate_and_expire(platform: Platform) -> None:
    org, teacher, _, _ = await school(platform)
    other = await org.person("org_admin", fresh=True)
    course_id = await taught_course(teacher)
    task = await ask(teacher, "revision_notes", {"course_id": course_id, "topic": "steep"})
    approval = await pending(other, task["id"])
    assert approval["kinds"] == ["content_generation"]
    assert approval["escalated_at"] is None
    await later(platform, org)
    async with platform.database.transaction(org.id) as connection:
        await connection.execute("update agent_approvals set escalates_at = now() where id = $1", approval["id"])
        await connection.execute("update agent_tasks set due_at = now() where id = $1", task["id"])

    async def escalated() -> bool:
        return (await look(teacher, task["id"]))["approvals"][0]["escalated_at"] is not None

    await eventually(escalated)
    told = [recipient for recipient, _ in await mails(platform, org, asking=True)]
    assert told.count(other.email) == 2  # when it was asked, and when nobody had answered
    assert teacher.email not in told
    async with platform.database.transaction(org.id) as connection:
        await connection.execute("update agent_approvals set expires_at = now() where id = $1", approval["id"])
    assert await answer(other, approval, "approve") == 409
    async with platform.database.transaction(org.id) as connection:
        await connection.execute("update agent_tasks set due_at = now() where id = $1", task["id"])
    task = await until(teacher, task["id"])
    assert (task["status"], task["error"]["type"]) == ("refused", "approval-expired")
    assert task["approvals"][0]["status"] == "expired"


async def later(platform: Platform, org: Organisation, minutes: int = 16, *, kept_house: bool = True) -> int:
    """As if so much time had gone by, and housekeeping had come by. How many mails are written then."""
    system = Database.from_settings(platform.settings, role="azora_system")
    async with system.transaction(None) as connection:
        await connection.execute(
            "update approver_mails set mailed_at = mailed_at - $2 * interval '1 minute' where org_id = $1",
            org.id, minutes,
        )  # fmt: skip
        await connection.execute(
            "update agent_approvals set created_at = created_at - $2 * interval '1 minute',"
            " escalated_at = escalated_at - $2 * interval '1 minute' where org_id = $1",
            org.id, minutes,
        )  # fmt: skip
    written = await mail_owed(system, "http://azora.example", 100) if kept_house else 0
    await system.close()
    return written


async def test_many_requests_are_few_mails_and_none_is_put_off_for_good(platform: Platform) -> None:
    org, teacher, admin, _ = await school(platform)
    course_id = await taught_course(teacher)

    async def request() -> dict[str, Any]:
        task = await ask(admin, "revision_notes", {"course_id": course_id, "topic": "steep"})
        return await pending(teacher, task["id"])

    approvals = [await request(), await request()]
    assert [recipient for recipient, _ in await mails(platform, org, asking=True)] == [teacher.email]
    assert await later(platform, org, 14) == 0
    approvals.append(await request())  # whoever asks every fourteen minutes
    assert await later(platform, org, 2) == 1  # does not keep the teacher from mail
    asked = await mails(platform, org, asking=True)
    assert [recipient for recipient, _ in asked] == [teacher.email] * 2
    assert approvals[0]["id"] not in asked[1][1]
    assert await later(platform, org) == 0  # told once of what waits
    approvals.append(await request())
    approvals.append(await request())
    for approval in approvals:
        assert await answer(teacher, approval, "refuse", reason="No") == 200
    assert await later(platform, org) == 0  # nothing waits any more
    assert len(await mails(platform, org, asking=True)) == 3


async def test_a_request_before_housekeeping_comes_by_forgets_no_other(platform: Platform) -> None:
    org, teacher, admin, _ = await school(platform)
    course_id = await taught_course(teacher)
    for minutes in (1, 16, 1):  # mailed; owed; asked once the quiet is over
        task = await ask(admin, "revision_notes", {"course_id": course_id, "topic": "steep"})
        approval = await pending(teacher, task["id"])
        await later(platform, org, minutes, kept_house=False)
    assert len(await mails(platform, org, asking=True)) == 1
    assert await later(platform, org, 0) == 1
    assert approval["id"] not in (await mails(platform, org, asking=True))[1][1]  # but of all that waits


async def test_nobody_is_told_again_of_what_was_mailed_and_nobody_who_left_is_owed(platform: Platform) -> None:
    org, teacher, admin, _ = await school(platform)
    course_id = await taught_course(teacher)

    async def request() -> dict[str, Any]:
        task = await ask(admin, "revision_notes", {"course_id": course_id, "topic": "steep"})
        return await pending(teacher, task["id"])

    await request()
    assert await answer(teacher, await request(), "refuse", reason="No") == 200
    assert await later(platform, org) == 0  # what still waits had a mail of its own
    await later(platform, org, -16)
    await request()
    async with platform.database.transaction(org.id) as connection:
        owed = "select unmailed from approver_mails where org_id = $1 and user_id = $2"
        assert await connection.fetchval(owed, org.id, teacher.id) == 1
        await connection.execute("update users set status = 'deactivated' where id = $1", teacher.id)
    assert await later(platform, org) == 0
    async with platform.database.transaction(org.id) as connection:
        assert await connection.fetchval(owed, org.id, teacher.id) == 0


async def test_an_instructor_is_asked_about_their_own_courses_only(platform: Platform) -> None:
    org, teacher, admin, _ = await school(platform)
    colleague = await org.person("instructor", fresh=True)
    course_id = await taught_course(teacher)
    task = await ask(admin, "revision_notes", {"course_id": course_id, "topic": "steep"})
    approval = await pending(teacher, task["id"])
    assert "steep" in approval["draft"][0]["arguments"]["body"]
    assert await answer(colleague, approval, "approve") == 403
    assert await answer(teacher, approval, "approve") == 200
    task = await until(admin, task["id"])
    assert task["status"] in ("succeeded", "failed"), task
    draft = (await teacher.http.get(f"/api/courses/{course_id}/draft")).json()
    assert [module["title"] for module in draft["modules"]] == ["One", "Revision"]
