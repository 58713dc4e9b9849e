"""Edits of what a task asks."""

from __future__ import annotations

from uuid import UUID

import pytest

from actors.agent.plan import Plan, Step, asked
from deployments.agents.service.approvals import _edited
from deployments.kit.errors import Invalid
from stores.ids import new_id

IDS = str(UUID(int=7))


def test_a_step_of_a_tool_that_there_is_no_more_is_not_edited() -> None:
    plan = Plan(steps=(Step(key="publish", tool="publish_course", arguments=asked(course_id=IDS)),))
    task = {
        "id": new_id(), "user_id": new_id(), "kind": "revision_notes", "plan": plan.model_dump(mode="json"),
        "maximum_steps": 10,
    }  # fmt: skip
    with pytest.raises(Invalid) as refused:
        _edited(new_id(), task, {"covers": {"publish": "0"}}, {"publish": {"course_id": IDS}})
    [problem] = refused.value.extra["errors"]
    assert (problem["pointer"], problem["message"]) == ("/body/changes/publish", "there is no such tool any more")
