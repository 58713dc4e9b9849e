"""A task from asking to its end, over HTTP."""

from __future__ import annotations

import pytest

from tests.integration.agents.support import ask, taught_course, until
from tests.platform import Platform

pytestmark = pytest.mark.usefixtures("agent")


async def test_a_task_is_planned_checked_carried_out_and_validated(platform: Platform) -> None:
    org = await platform.create_organisation()
    teacher, learner = await org.person("instructor"), await org.person("student")
    course_id = await taught_course(teacher)
    await learner.http.post("/api/enrollments", json={"course_id": course_id})
    asked = await ask(learner, "study_overview", {"course_id": course_id, "question": "What is steep?"})
    assert asked["status"] == "queued"
    task = await until(learner, asked["id"])
    assert task["status"] == "succeeded", task
    assert [step["key"] for step in task["plan"]["steps"]] == ["progress", "passages"]
    assert [step["status"] for step in task["steps"]] == ["done", "done"]
    assert task["steps"][1]["origins"]["passages"] == ["course_text"]
    assert task["decisions"][0]["verdict"] == "allow"
    assert task["result"]["progress"] == "0.00"


async def test_a_learner_asks_what_to_do_next_in_their_courses(platform: Platform) -> None:
    org = await platform.create_organisation()
    teacher, learner = await org.person("instructor"), await org.person("student")
    course_id = await taught_course(teacher)
    await learner.http.post("/api/enrollments", json={"course_id": course_id})
    asked = await ask(learner, "study_plan", {"courses": [course_id], "minutes": 30})
    task = await until(learner, asked["id"])
    assert task["status"] == "succeeded", task
    [course] = task["result"]["courses"]
    assert (course["minutes"], course["model"]) == (30, "knowledge-default")
    assert course["steps"][0]["reason"]
    assert course["closed"] == []
    stranger = await (await platform.create_organisation()).person("student")
    failed = await until(stranger, (await ask(stranger, "study_plan", {"courses": [course_id]}))["id"])
    assert failed["status"] == "failed"
