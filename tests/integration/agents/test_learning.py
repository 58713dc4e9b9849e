"""Tasks about learning: questions to the tutor, and who needs help."""

from __future__ import annotations

from uuid import UUID

import pytest

from actors.retrieval_index.indexing import bring_in_step
from configs.settings import Settings
from stores.postgres import Database
from tests.integration.agents.support import ask, pending, taught_course, until
from tests.integration.learning.predicting import schooled, serve
from tests.platform import Platform

pytestmark = pytest.mark.usefixtures("agent")


async def test_the_tutor_is_asked_in_a_conversation_that_stays(platform: Platform, settings: Settings) -> None:
    org = await platform.create_organisation()
    teacher, learner = await org.person("instructor"), await org.person("student")
    body = "Forgetting is steep during the first day and slower afterwards."
    course_id = await taught_course(teacher, {"kind": "text", "title": "Forgetting", "body": body})
    await learner.http.post("/api/enrollments", json={"course_id": course_id})
    system = Database.from_settings(settings, role="azora_system")
    await bring_in_step(system, UUID(course_id))
    await system.close()
    questions = ["When is forgetting steep?", "Who won the cup in 1998?"]
    task = await until(
        learner, (await ask(learner, "ask_tutor", {"course_id": course_id, "questions": questions}))["id"]
    )
    assert task["status"] == "succeeded", task
    first, second = task["result"]["replies"]
    assert (first["kind"], second["kind"]) == ("answer", "declined")
    assert body in first["text"]
    assert first["sources"][0]["heading"].endswith("Forgetting")
    assert task["steps"][1]["origins"]["text"] == ["course_text", "model"]
    kept = await learner.http.get(f"/api/tutor/conversations/{task['result']['conversation_id']}")
    assert [turn["question"] for turn in kept.json()["items"]] == questions


async def test_who_needs_help_is_told_once_somebody_has_approved(platform: Platform, settings: Settings) -> None:
    system = Database.from_settings(settings, role="azora_system")
    school = await schooled(platform, system)
    await system.close()
    model = await serve(school)
    task = await ask(school.teacher, "course_risks", {"course_id": school.course})
    await until(school.teacher, task["id"], "waiting_approval")
    admin = await school.org.person("org_admin")
    approval = await pending(admin, task["id"])
    assert approval["kinds"] == ["personal_data_analysis"]
    path = f"/api/agents/approvals/{approval['id']}/approve"
    assert (await admin.http.post(path, json={"plan_hash": approval["plan_hash"]})).status_code == 200
    task = await until(school.teacher, task["id"])
    assert task["status"] == "succeeded", task
    assert model
    learners = task["result"]["learners"]
    assert [one["user_id"] for one in learners] == [str(school.idle.id), str(school.diligent.id)]
    assert learners[0]["reasons"]
    assert sorted(task["subjects"]) == sorted(one["user_id"] for one in learners)
