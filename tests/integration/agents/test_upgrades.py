"""Tasks that were stored by older code, in the database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from actors.agent.plan import Plan, Step, asked
from tests.integration.agents.support import ask, eventually, look, pending, until
from tests.integration.agents.test_approvals import answer, audited
from tests.integration.agents.test_grading import approve
from tests.integration.enrollments.support import create_course, enrol, ok, refused, text, unit_path
from tests.integration.enrollments.test_suggested_grades import REFERENCES, hand_in, short_answer
from tests.platform import Account, Organisation, Platform

pytestmark = pytest.mark.usefixtures("agent")


async def planned_before(
    platform: Platform, org: Organisation, task_id: str, change: Callable[[Plan], Plan], *, begun: str | None = None
) -> str:
    """Give the waiting task, and what is asked about it, another plan, as older code would have made it; its hash."""
    async with platform.database.transaction(org.id) as connection:
        row = await connection.fetchrow("select plan, kind, user_id from agent_tasks where id = $1", task_id)
        plan = change(Plan.model_validate(row["plan"]))
        plan_hash = plan.digest(
            org_id=org.id, task_id=UUID(task_id), user_id=UUID(str(row["user_id"])), kind=row["kind"]
        )
        await connection.execute(
            "update agent_tasks set plan = $2, plan_hash = $3 where id = $1",
            task_id, plan.model_dump(mode="json"), plan_hash,
        )  # fmt: skip
        await connection.execute("update agent_approvals set plan_hash = $2 where task_id = $1", task_id, plan_hash)
        await connection.execute(
            "update agent_steps set status = 'begun', first_begun_at = now() where task_id = $1 and key = $2",
            task_id, begun,
        )  # fmt: skip
    return plan_hash.hex()


def without_revisions(plan: Plan) -> Plan:
    """Works that were read without saying which, and graded whatever had become of them."""

    def former(step: Step) -> Step:
        held = {name: one for name, one in step.arguments.items() if name not in ("submission_id", "revision")}
        if step.tool == "grade_submission":
            held |= asked(submission_id="00000000-0000-0000-0000-000000000007")
        return step.model_copy(update={"arguments": held})

    return Plan(steps=tuple(former(step) for step in plan.steps))


async def proposed(platform: Platform) -> tuple[Organisation, Account, Account, str, Callable[[], Any]]:
    """A grade that is proposed: the organisation, who proposed it, who may approve, the task, and what looks at it."""
    org = await platform.create_organisation()
    unit = short_answer()
    course = await create_course(org, [unit, text()])
    admin, learner = await org.person("org_admin"), await org.person(fresh=True)
    enrolment = await enrol(learner, course)
    work = await hand_in(learner, enrolment, unit, REFERENCES[0])
    grade = {"enrollment_id": enrolment["id"], "unit_id": unit["id"], "submission_id": work, "points": "1.50"}
    task = await ask(course.instructor, "apply_grades", {"course_id": str(course.id), "grades": [grade]})

    async def points() -> Any:
        [found] = ok(await learner.http.get(unit_path(enrolment, unit, "submissions")))["items"]
        return found["points"]

    return org, course.instructor, admin, task["id"], points


async def test_an_approved_plan_for_former_tools_is_made_anew_and_asked_about_anew(platform: Platform) -> None:
    org, teacher, admin, task, points = await proposed(platform)
    await approve(admin, task)
    before = await pending(admin, task)  # the work was read
    former = await planned_before(platform, org, task, without_revisions)
    assert await answer(admin, {**before, "plan_hash": former}, "approve") == 200
    reading = await pending(admin, task)
    assert [one["step"] for one in reading["draft"]] == ["read_1"]  # what was read for the former plan is read again
    assert [one["status"] for one in reading["steps"]] == ["pending", "pending"]
    assert reading["plan_hash"] != former
    assert await answer(admin, {**before, "plan_hash": former}, "approve") == 409
    assert await points() is None
    await approve(admin, task)
    await approve(admin, task)
    ended = await until(teacher, task)
    assert (ended["status"], ended["plan_revision"]) == ("succeeded", 1)
    assert await points() == "1.50"
    [replaced] = await audited(platform, org, "plan.replaced")
    assert replaced["subject"] == task
    assert (replaced["details"]["replaced"], replaced["details"]["plan_hash"]) == (former, reading["plan_hash"])
    async with platform.database.transaction(org.id, readonly=True) as connection:
        rows = await connection.fetch(
            "select data from agent_journal where task_id = $1 and type = 'task.planned' order by seq", task
        )
        approvals = await connection.fetch(
            "select expires_at < now() as over from agent_approvals where task_id = $1 and plan_hash = $2",
            task, bytes.fromhex(former),
        )  # fmt: skip
    assert [row["data"].get("replaced") for row in rows] == [None, former]
    assert [row["over"] for row in approvals] == [True, True]


async def test_what_is_still_asked_about_the_former_plan_is_withdrawn(platform: Platform) -> None:
    org, _, admin, task, _ = await proposed(platform)
    before = await pending(admin, task)
    former = await planned_before(platform, org, task, without_revisions)
    async with platform.database.transaction(org.id) as connection:
        await connection.execute("update agent_tasks set due_at = now() where id = $1", task)

    async def asked_anew() -> bool:
        return (await pending(admin, task))["id"] != before["id"]

    await eventually(asked_anew)
    assert (await pending(admin, task))["plan_hash"] != former
    assert [one["status"] for one in (await look(admin, task))["approvals"]] == ["withdrawn", "pending"]


async def test_a_plan_of_which_something_may_have_happened_ends_also_where_it_is_tried_once_more(
    platform: Platform,
) -> None:
    org, teacher, admin, task, points = await proposed(platform)
    await approve(admin, task)
    before = await pending(admin, task)
    former = await planned_before(platform, org, task, without_revisions, begun="grade_1")
    assert await answer(admin, {**before, "plan_hash": former}, "approve") == 200
    for attempt in (1, 2):
        if attempt > 1:
            ok(await teacher.http.post(f"/api/agents/tasks/{task}/retry"))
        ended = await until(teacher, task)
        assert (ended["status"], ended["error"]["type"]) == ("failed", "plan-invalid")
        assert "may have happened" in ended["error"]["detail"]
        assert (ended["attempt"], ended["plan_hash"], ended["plan_revision"]) == (attempt, former, 0)
    assert await audited(platform, org, "plan.replaced") == []
    assert await points() is None


async def test_notes_that_were_stored_with_a_wish_not_to_publish_them_are_made(platform: Platform) -> None:
    org = await platform.create_organisation()
    course = await create_course(org, [text()])
    teacher, admin = course.instructor, await org.person("org_admin")
    wanted = {"course_id": str(course.id), "topic": "memory"}
    told = await teacher.http.post(
        "/api/agents/tasks", json={"kind": "revision_notes", "input": {**wanted, "publish": True}}
    )
    refused(told, 422, "invalid")
    [problem] = told.json()["errors"]
    assert (problem["pointer"], problem["code"]) == ("/body/input/publish", "extra_forbidden")
    assert "Publishing is for people" in problem["message"]
    task = (await ask(teacher, "revision_notes", wanted))["id"]
    approval = await pending(admin, task)
    publishing = Step(key="publish", tool="publish_course", arguments=asked(course_id=str(course.id)))
    former = await planned_before(platform, org, task, lambda plan: Plan(steps=(*plan.steps, publishing)))
    async with platform.database.transaction(org.id) as connection:
        await connection.execute("update agent_tasks set input = input || $2 where id = $1", task, {"publish": False})
        await connection.execute(
            "update agent_approvals set covers = covers || $2 where task_id = $1", task, {"publish": "0"}
        )
    changes = {"publish": {"course_id": str(course.id)}}
    assert await answer(admin, {**approval, "plan_hash": former}, "edit", changes=changes) == 422
    assert await answer(admin, {**approval, "plan_hash": former}, "approve") == 200
    anew = await pending(admin, task)
    assert [one["step"] for one in anew["draft"]] == ["module"]
    assert await answer(admin, anew, "approve") == 200
    ended = await until(teacher, task)
    assert [(one["key"], one["status"]) for one in ended["steps"]] == [
        ("passages", "done"), ("draft", "done"), ("module", "done"),
    ]  # fmt: skip
