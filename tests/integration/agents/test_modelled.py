"""Plans and drafts by a language model: through the platform's own /v1, metered, judged, done without if it fails."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from configs.settings import Settings
from stores.postgres import Database
from tests.integration.agents.support import ask, eventually, look, pending, taught_course, until, working
from tests.integration.courses.support import create
from tests.integration.courses.test_proposals import MODULES
from tests.integration.enrollments.support import create_course, enrol, text
from tests.integration.enrollments.test_suggested_grades import ESSAY, essay, hand_in
from tests.integration.retrieval.support import indexing, settled
from tests.platform import Account, Platform
from tests.upstream import MODEL, BrokenOff, Says, Unended, platform_asking

AGENTS = {"agent_model": MODEL}


@asynccontextmanager
async def platform_with(settings: Settings, tmp_path: Any, says: Says, **models: Any) -> AsyncIterator[Platform]:
    """A platform whose agents have a model that says this; or what `models` names has it."""
    async with (
        platform_asking(settings, tmp_path, says, **(models or AGENTS)) as (platform, told),
        working(told, "agent-modelled"),
    ):
        yield platform


async def ledger(admin: Account) -> dict[str, tuple[int, int, int]]:
    """Calls, tokens and microdollars of each feature."""
    answer = await admin.http.get("/api/llm/usage", params={"by": "feature"})
    assert answer.status_code == 200, answer.text
    return {
        row["feature"]: (row["requests"], row["input_tokens"] + row["output_tokens"], row["cost_microdollars"])
        for row in answer.json()["groups"]
    }


async def paid(person: Account, task_id: str) -> tuple[int, int]:
    """Tokens and microdollars of the task."""
    task = await look(person, task_id)
    return task["tokens"], int(Decimal(task["cost_dollars"]) * 1_000_000)


@pytest.fixture
async def system(settings: Settings) -> AsyncIterator[Database]:
    database = Database.from_settings(settings, role="azora_system")
    yield database
    await database.close()


async def test_a_model_plans_within_the_rules(settings: Settings, tmp_path: Any) -> None:
    answers: list[Any] = []

    def says(messages: list[dict[str, str]]) -> str:
        assert "send_message" in messages[0]["content"]
        return json.dumps(answers[0])

    async with platform_with(settings, tmp_path, says) as platform:
        org = await platform.create_organisation()
        teacher, admin, learner = [await org.person(role) for role in ("instructor", "org_admin", "student")]
        course = await taught_course(teacher)
        wanted = {"goal": "Write to Kim", "course_id": course, "people": [str(learner.id)]}
        send = {
            "key": "message", "tool": "send_message", "why": "asked for",
            "arguments": {
                "recipient_id": {"input": "people.0"}, "subject": {"value": "Hello"}, "body": {"value": "How are you?"}
            },
        }  # fmt: skip
        answers[:] = [{"steps": [send]}]
        task = await ask(teacher, "own_words", wanted)
        approval = await pending(admin, task["id"])  # what a model plans waits for people like anything else
        shown = approval["draft"][0]
        assert (shown["origins"]["recipient_id"], shown["origins"]["body"]) == (["asker"], ["model"])
        task = await until(teacher, task["id"], "waiting_approval")
        assert task["plan"]["steps"][0]["tool"] == "send_message"

        # One that makes up a recipient is thrown away, and the rules' plan is done: it only reads.
        send["arguments"]["recipient_id"] = {"value": str(admin.id)}  # type: ignore[index]
        task = await until(teacher, (await ask(teacher, "own_words", wanted))["id"])
        assert task["status"] == "succeeded", task
        assert [one["tool"] for one in task["plan"]["steps"]] == ["read_content"]
        assert (task["tokens"], Decimal(task["cost_dollars"])) == (50, Decimal("0.00006"))
        assert (await ledger(admin))["agents"] == (2, 100, 120)

        # One whose money does not reach for a plan by a model costs nothing.
        task = await ask(teacher, "own_words", wanted, budget={"dollars": "0.0001"})
        task = await until(teacher, task["id"])
        assert (task["status"], task["tokens"], Decimal(task["cost_dollars"])) == ("succeeded", 0, 0)


@pytest.mark.parametrize("said", [BrokenOff("Once upon a"), Unended("Once upon a")])
async def test_a_call_without_an_answer_is_paid_by_its_task(settings: Settings, tmp_path: Any, said: str) -> None:
    # Only what never ends needs an end to patience; on a busy machine both may take their time to begin.
    patience = {**AGENTS, "agent_planning_timeout": timedelta(seconds=8 if isinstance(said, Unended) else 30)}
    async with platform_with(settings, tmp_path, lambda _: said, **patience) as platform:
        org = await platform.create_organisation()
        teacher, admin = await org.person("instructor"), await org.person("org_admin")
        wanted = {"goal": "Read", "course_id": await taught_course(teacher)}
        task = await until(teacher, (await ask(teacher, "own_words", wanted))["id"])
        assert task["status"] == "succeeded", task  # planned by rules

        async def agree() -> bool:  # what was left is settled when the gateway has noticed
            metered = (await ledger(admin)).get("agents")
            return metered is not None and metered[1:] == await paid(teacher, task["id"])

        await eventually(agree)
        assert 0 < (await paid(teacher, task["id"]))[0] < 5_000  # what was said, not what might have been


TEXT = "The slope of a line tells how steep the line is. A steep line rises quickly from left to right."


@pytest.mark.parametrize(
    ("draft", "taken"),
    [
        ("# Steep\n\nThe slope of a line tells how steep the line is.", True),
        ("# Steep\n\nNapoleon lost the battle of Waterloo in 1815. Later Napoleon died on Saint Helena.", False),
    ],
)
async def test_a_model_words_a_draft_that_the_constitution_judges(
    settings: Settings, system: Database, tmp_path: Any, draft: str, taken: bool
) -> None:
    async with platform_with(settings, tmp_path, lambda messages: draft) as platform, indexing(settings):
        org = await platform.create_organisation()
        teacher, admin = await org.person("instructor"), await org.person("org_admin")
        course = await taught_course(teacher, {"kind": "text", "title": "Slopes", "body": TEXT})
        await settled(system, course)
        task = await ask(teacher, "revision_notes", {"course_id": course, "topic": "steep line"})
        approval = await pending(admin, task["id"])
        module = next(one for one in approval["draft"] if one["tool"] == "add_module")
        assert (module["arguments"]["body"] == draft) is taken
        assert "model" in module["origins"]["body"]
        if not taken:  # the rules' draft in its place, and a word in the audit log
            assert TEXT in module["arguments"]["body"]
            async with platform.database.transaction(org.id, readonly=True) as connection:
                told = await connection.fetch("select body from audit_pending union all select body from audit_log")
            found = [entry for row in told if (entry := json.loads(row["body"]))["action"] == "text.judged"]
            assert [(e["outcome"], e["details"]["findings"][0]["check"]) for e in found] == [
                ("refused", "ungrounded_statement")
            ]


async def test_an_outage_of_the_session_store_is_waited_out(
    settings: Settings, system: Database, tmp_path: Any
) -> None:
    async with platform_asking(settings, tmp_path, lambda messages: "No plan", agent_model=MODEL) as (platform, told):
        org = await platform.create_organisation()
        teacher = await org.person("instructor")
        wanted = {"goal": "Read", "course_id": await taught_course(teacher)}
        task = await ask(teacher, "own_words", wanted)

        async def epoch_and_claims() -> tuple[int, int]:
            async with system.transaction(None, readonly=True) as connection:
                row = await connection.fetchrow("select epoch, claims from agent_tasks where id = $1", task["id"])
                assert row is not None
                return row["epoch"], row["claims"]

        async def tried_thrice() -> bool:
            return (await epoch_and_claims())[0] >= 3

        began = time.monotonic()
        nowhere = SecretStr(f"unix://{tmp_path}/nobody.sock")
        async with working(told.model_copy(update={"valkey_url": nowhere}), "agent-outage"):
            await eventually(tried_thrice)
            assert time.monotonic() - began > 2
            assert (await epoch_and_claims())[1] <= 1
        async with working(told, "agent-outage"):
            assert (await until(teacher, task["id"]))["status"] == "succeeded"


async def test_a_proposal_in_a_models_words_is_shown_as_such(settings: Settings, tmp_path: Any) -> None:
    said = {"title": "Spacing", "body": "## Spacing\n\nSpread practice lasts longer than massed practice."}
    async with platform_with(settings, tmp_path, lambda _: json.dumps(said), content_model=MODEL) as platform:
        org = await platform.create_organisation()
        teacher, admin = await org.person("instructor"), await org.person("org_admin")
        course = await create(teacher, title="Learning", modules=MODULES)
        [module] = (await teacher.http.get(f"/api/courses/{course}/draft")).json()["modules"]
        wanted = {"course_id": course, "what": "unit", "module_id": module["id"], "topic": "the spacing effect"}
        task = await ask(teacher, "draft_content", wanted)
        approval = await pending(admin, task["id"])
        added = next(one for one in approval["draft"] if one["tool"] == "add_proposed_unit")
        assert added["arguments"]["unit"]["body"] == said["body"]
        assert "model" in added["origins"]["unit"]
        path = f"/api/agents/approvals/{approval['id']}/approve"
        assert (await admin.http.post(path, json={"plan_hash": approval["plan_hash"]})).status_code == 200
        task = await until(teacher, task["id"])
        assert (task["status"], task["result"]["made_by"]["method"]) == ("succeeded", "model")
        # Another service asked the model; the task paid, in the agents' name, and its event says so.
        cost = (50, 60)
        assert await paid(teacher, task["id"]) == cost
        assert await ledger(admin) == {"agents": (1, *cost)}
        async with platform.database.transaction(org.id, readonly=True) as connection:
            told = await connection.fetchval(
                "select event -> 'data' from outbox where event ->> 'type' = 'azora.agent_task.ended.v1'"
                " and event ->> 'subject' = $1", task["id"],
            )  # fmt: skip
        assert (told["tokens"], told["cost_microdollars"]) == (50, 60)

        # One that has no tokens for it does without the model, whichever service it is that would ask.
        task = await ask(teacher, "draft_content", wanted, budget={"tokens": 20})
        approval = await pending(admin, task["id"])
        added = next(one for one in approval["draft"] if one["tool"] == "add_proposed_unit")
        assert added["arguments"]["unit"]["body"] != said["body"]
        assert await paid(teacher, task["id"]) == (0, 0)
        await teacher.http.post(f"/api/agents/tasks/{task['id']}/cancel")


async def test_a_second_opinion_on_an_essay_is_paid_by_the_task(settings: Settings, tmp_path: Any) -> None:
    async with platform_with(settings, tmp_path, lambda _: "No marks", grading_model=MODEL) as platform:
        org = await platform.create_organisation()
        unit = essay()
        course = await create_course(org, [unit, text()])
        teacher, admin, learner = course.instructor, await org.person("org_admin"), await org.person(fresh=True)
        work = await hand_in(learner, await enrol(learner, course), unit, ESSAY)
        wanted = {"course_id": str(course.id), "submissions": [work]}
        task = await ask(teacher, "grade_submissions", wanted)
        for kind in ("student_assessment", "automated_grading"):
            approval = await pending(admin, task["id"])
            assert approval["kinds"] == [kind]
            path = f"/api/agents/approvals/{approval['id']}/approve"
            assert (await admin.http.post(path, json={"plan_hash": approval["plan_hash"]})).status_code == 200
        assert (await until(teacher, task["id"]))["status"] == "succeeded"
        assert await paid(teacher, task["id"]) == (50, 60)
        assert await ledger(admin) == {"agents": (1, 50, 60)}
        suggested = (await teacher.http.get(f"/api/enrollments/submissions/{work}/suggestion")).json()
        assert suggested["made_by"]["asked_in_vain"] == MODEL
