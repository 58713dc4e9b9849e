"""Tasks that were planned by older code, for tools as they were then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from actors.agent.plan import Plan, Step, asked
from actors.agent.state import Stage, Status
from actors.agent.store import ApprovalRecord, StepRecord, Task
from stores.ids import new_id
from tests.unit.agents.fakes import FakeStore, asked_for, carried_on

IDS = str(UUID(int=7))  # of everything that the fake services tell of
GRADES = {
    "course_id": IDS,
    "grades": [{"enrollment_id": IDS, "unit_id": IDS, "submission_id": IDS, "points": "4", "feedback": "Good"}],
}
NOTES = {"course_id": IDS, "topic": "memory", "passages": 5}
# The work was read without saying which, and graded without looking at its revision.
PLAN = Plan(
    steps=(
        Step(key="read_1", tool="read_submission", arguments=asked(enrollment_id=IDS, unit_id=IDS)),
        Step(key="grade_1", tool="grade_submission", arguments=asked(submission_id=IDS, points="4", feedback="Good")),
    )
)


def stored(kind: str, input: dict[str, Any], plan: Plan, begun: Sequence[str], **more: Any) -> FakeStore:
    """A task that was planned and whose steps were approved, with those of them begun."""
    task = asked_for(kind, input)
    plan_hash = plan.digest(org_id=task.org_id, task_id=task.id, user_id=task.user_id, kind=kind)
    task = replace(task, plan=plan.model_dump(mode="json"), plan_hash=plan_hash, stage=Stage.EXECUTION, **more)
    records = [
        StepRecord(
            position=number, key=step.key, tool=step.tool,
            status="begun" if step.key in begun else "pending",
            first_begun_at=task.deadline if step.key in begun else None,
        )
        for number, step in enumerate(plan.steps, start=1)
    ]  # fmt: skip
    return FakeStore(task, records, [approved(task, step.key) for step in plan.steps])


def approved(task: Task, key: str) -> ApprovalRecord:
    assert task.plan_hash is not None
    return ApprovalRecord(
        id=new_id(), plan_hash=task.plan_hash, kinds=["student_assessment", "automated_grading"], covers={key: "0"},
        status="approved", decided_by=new_id(), requester_id=task.user_id, reason=None, escalates_at=None,
        escalated_at=None, expires_at=task.deadline,
    )  # fmt: skip


@pytest.mark.parametrize("begun", [[], ["read_1"]])
async def test_a_plan_for_former_tools_is_made_anew_and_asked_about_anew(begun: list[str]) -> None:
    before = stored("apply_grades", GRADES, PLAN, begun)
    former = before.task.plan_hash
    store, http = await carried_on(before, "What I have learnt.")
    assert store.status is Status.SUCCEEDED, store.error
    assert store.replaced == [former]
    assert store.task.plan_hash != former
    anew = [one for one in store.asked if one.plan_hash == store.task.plan_hash]
    assert [set(one.covers) for one in reversed(anew)] == [{"read_1"}, {"grade_1"}]
    assert [method for method, _, _ in http.calls] == ["GET", "GET", "PUT"]


async def test_a_plan_of_which_something_may_have_happened_ends_with_the_reason() -> None:
    store, http = await carried_on(stored("apply_grades", GRADES, PLAN, ["read_1", "grade_1"]), "What I have learnt.")
    assert store.status is Status.FAILED
    assert store.error is not None
    assert store.error["type"] == "plan-invalid"
    assert "may have happened: read_1: submission_id is missing" in store.error["detail"]
    assert (http.calls, store.replaced) == ([], [])


async def test_what_a_tool_did_that_there_is_no_more_is_not_known() -> None:
    plan = Plan(steps=(Step(key="publish", tool="publish_course", arguments=asked(course_id=IDS)),))
    store, _ = await carried_on(stored("revision_notes", NOTES, plan, ["publish"]), "What is known.")
    assert store.status is Status.FAILED
    store, _ = await carried_on(stored("revision_notes", NOTES, plan, []), "What is known.")
    assert store.status is Status.SUCCEEDED, store.error


async def test_whoever_lost_a_permission_gets_no_other_plan() -> None:
    message = Step(key="tell", tool="send_message", arguments=asked(recipient_id=IDS, subject="a", body="b"))
    before = stored("own_words", {"goal": "Tell them"}, Plan(steps=(message,)), [], role="student")
    store, _ = await carried_on(before, "What is known.")
    assert store.status is Status.FAILED
    assert store.error is not None
    assert "lacks the permission" in store.error["detail"]
    assert store.replaced == []
