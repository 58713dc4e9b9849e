"""Every route under a stranger's valid token: another organisation's people, in every role, see nothing and change
nothing; within the organisation, other learners and other instructors do not either."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from deployments.kit.permissions import ROLES
from stores.postgres import Database
from tests.integration.isolation.learned import learned
from tests.platform import Account, Organisation, Platform
from tests.routes import Route, protected_routes

MARK = "unmistakable-7f3a"
# A platform administrator looks after organisations; that these routes cross tenants is their purpose.
CROSSING = {"organisations.read", "organisations.write", "keys.rotate", "audit.platform"}
QUESTION = {"kind": "true_false", "prompt": f"{MARK}?", "points": 1, "correct": True, "explanation": MARK}
BODIES: dict[str, Any] = {
    "PATCH /api/users/{user_id}": {"first_name": "Changed"},
    "PUT /api/users/{user_id}/role": {"role": "instructor"},
    "PATCH /api/courses/{course_id}": {"title": "Changed"},
    "PUT /api/courses/{course_id}/prerequisites": {"prerequisites": []},
    "PUT /api/courses/{course_id}/instructor": {"instructor_id": "{user_id}"},
    "POST /api/courses/{course_id}/modules": {"title": "Changed"},
    "PATCH /api/courses/{course_id}/modules/{module_id}": {"title": "Changed"},
    "POST /api/courses/{course_id}/modules/{module_id}/units": {"kind": "text", "title": "Changed", "body": "x"},
    "PATCH /api/courses/{course_id}/units/{unit_id}": {"title": "Changed"},
    "PUT /api/courses/{course_id}/order": {"modules": []},
    "PUT /api/courses/{course_id}/reviews/mine": {"rating": 1},
    "PUT /api/enrollments/submissions/{submission_id}/grade": {"points": 1},
    "POST /api/enrollments/{enrollment_id}/units/{unit_id}/attempts": {"answers": {}},
    "POST /api/enrollments/{enrollment_id}/units/{unit_id}/submissions": {"body": "x"},
    "POST /api/users/messages": {"recipient_id": "{user_id}", "subject": "x", "body": "x"},
    "POST /api/agents/approvals/{approval_id}/approve": {"plan_hash": "00" * 32},
    "POST /api/agents/approvals/{approval_id}/refuse": {"plan_hash": "00" * 32, "reason": "x"},
    "POST /api/agents/approvals/{approval_id}/edit": {"plan_hash": "00" * 32, "changes": {"a": {"b": 1}}},
    "POST /api/enrollments": {"course_id": "{course_id}"},
    "POST /api/llm/budgets": {"subject": "organisation", "unit": "tokens", "period": "day", "maximum": 1_000_000},
    "PATCH /api/llm/budgets/{budget_id}": {"maximum": 1},
    "POST /api/tutor/conversations": {"course_id": "{course_id}"},
    "POST /api/tutor/conversations/{conversation_id}/turns": {"text": "What?"},
    "POST /api/learning/models/{model_id}/stop": {"reason": "Changed"},
    "POST /api/learning/predictions/{prediction_id}/interventions": {"kind": "check_in"},
    "PUT /api/learning/interventions/{intervention_id}/outcome": {"outcome": "helped"},
    "PUT /api/learning/courses/{course_id}/skills": {"skills": [{"key": "changed", "title": "Changed"}]},
    "PUT /api/learning/courses/{course_id}/goals": {"skill_ids": []},
    "POST /api/learning/courses/{course_id}/units/{unit_id}/reviews": {"rating": "good"},
    "POST /api/courses/{course_id}/proposals": {"kind": "quiz"},
    "POST /api/enrollments/submissions/{submission_id}/appeals": {"reason": "x"},
    "POST /api/enrollments/attempts/{attempt_id}/appeals": {"reason": "x"},
    "POST /api/enrollments/appeals/{appeal_id}/decision": {"upheld": False, "decision": "x"},
    "POST /api/enrollments/manage": {"course_id": "{course_id}", "user_id": "{user_id}"},
}


@dataclass(frozen=True)
class World:
    """An organisation with something of everything, each thing marked."""

    org: Organisation
    ids: dict[str, str]

    def fill(self, value: Any) -> Any:
        """Put the ids into a path or a body."""
        if isinstance(value, dict):
            return {key: self.fill(item) for key, item in value.items()}
        if isinstance(value, str):
            return re.sub(r"\{(\w+)\}", lambda match: self.ids[match[1]], value)
        return value


@pytest.fixture(scope="session")
async def world(platform: Platform) -> World:
    org = await platform.create_organisation()
    teacher, learner, admin = await org.person("instructor"), await org.person("student"), await org.person("org_admin")
    course = {
        "title": f"Course {MARK}",
        "description": MARK,
        "modules": [
            {
                "title": MARK,
                "units": [
                    {"kind": "text", "title": MARK, "body": MARK},
                    {"kind": "quiz", "title": MARK, "quiz": {"pass_mark_percent": 50, "questions": [QUESTION]}},
                    {"kind": "assignment", "title": MARK, "assignment": {"instructions": MARK, "maximum_points": 10}},
                ],
            }
        ],
    }
    course_id = (await _made(teacher, "POST", "/api/courses", course))["id"]
    await _made(teacher, "POST", f"/api/courses/{course_id}/publish")
    draft = (await teacher.http.get(f"/api/courses/{course_id}/draft")).json()
    module = draft["modules"][0]
    enrolment = await _made(learner, "POST", "/api/enrollments", {"course_id": course_id})
    assignment = next(unit for unit in module["units"] if unit["kind"] == "assignment")
    path = f"/api/enrollments/{enrolment['id']}/units/{assignment['id']}/submissions"
    submission = await _made(learner, "POST", path, {"body": MARK})
    quiz = next(unit for unit in module["units"] if unit["kind"] == "quiz")
    path = f"/api/enrollments/{enrolment['id']}/units/{quiz['id']}/attempts"
    attempt = await _made(learner, "POST", path, {"answers": {}})
    graded = {"points": 1, "feedback": MARK}
    await _made(teacher, "PUT", f"/api/enrollments/submissions/{submission['id']}/grade", graded)
    appeal = await _made(learner, "POST", f"/api/enrollments/submissions/{submission['id']}/appeals", {"reason": MARK})
    invitation = await _made(
        admin, "POST", "/api/users/invitations", {"email": f"{MARK}@example.org", "role": "student"}
    )
    key = await _made(admin, "POST", "/api/llm/keys", {"name": MARK})
    conversation = await _made(learner, "POST", "/api/tutor/conversations", {"course_id": course_id})
    budget = await _made(admin, "POST", "/api/llm/budgets", BODIES["POST /api/llm/budgets"])
    wanted = {"kind": "study_overview", "input": {"course_id": course_id, "question": MARK}}
    task = await _made(learner, "POST", "/api/agents/tasks", wanted)
    pseudonym, approval_id = uuid4(), uuid4()
    database = Database.from_settings(platform.settings, role="azora_system")
    async with database.transaction(None) as connection:
        await connection.execute(
            "insert into analytics_pseudonyms (org_id, user_id, pseudonym) values ($1, $2, $3)",
            org.id, learner.id, pseudonym,
        )  # fmt: skip
        await connection.execute(
            "insert into agent_approvals (id, org_id, task_id, requester_id, plan_hash, kinds, covers, draft, roles,"
            " expires_at) values ($1, $2, $3, $4, $5, '{content_generation}', '{}', $6,"
            " '{instructor,org_admin,platform_admin}', now() + interval '1 day')",
            approval_id, org.id, task["id"], learner.id, bytes(32), [{"words": MARK}],
        )  # fmt: skip
    await database.close()
    return World(
        org,
        {
            "org_id": str(org.id),
            "user_id": str(learner.id),
            "session_id": str(learner.session_id),
            "course_id": course_id,
            "module_id": module["id"],
            "skill_id": module["id"],
            "unit_id": module["units"][0]["id"],
            "enrollment_id": enrolment["id"],
            "submission_id": submission["id"],
            "appeal_id": appeal["id"],
            "attempt_id": attempt["id"],
            "invitation_id": invitation["id"],
            "pseudonym": str(pseudonym),
            "task_id": task["id"],
            "approval_id": str(approval_id),
            "number": "1",
            "key_id": key["id"],
            "budget_id": budget["id"],
            "transcript_id": await _transcript(platform, learner),
            "model": "no-such-model",
            "conversation_id": conversation["id"],
            **await learned(
                platform.database,
                org.id,
                admin.id,
                learner.id,
                enrolment["id"],
                course_id,
                MARK,
            ),
        },
    )


async def _transcript(platform: Platform, learner: Account) -> str:
    """A conversation that is kept, sealed for nobody."""
    transcript_id = uuid4()
    async with platform.database.transaction(learner.org.id) as connection:
        await connection.execute(
            "insert into llm_transcripts (id, org_id, user_id, model, sealed, expires_at)"
            " values ($1, $2, $3, $4, $5, now() + interval '1 day')",
            transcript_id, learner.org.id, learner.id, MARK, MARK.encode(),
        )  # fmt: skip
    return str(transcript_id)


async def _made(person: Account, method: str, path: str, body: Any = None) -> dict[str, Any]:
    answer = await person.http.request(method, path, json=body)
    assert answer.status_code in (200, 201), f"{method} {path}: {answer.text}"
    made: dict[str, Any] = answer.json()
    return made


def _attacks() -> Iterator[tuple[Route, str]]:
    for route in protected_routes():
        for role, permissions in ROLES.items():
            if route.permission in permissions and route.permission not in CROSSING:
                yield route, role


@pytest.mark.parametrize(("route", "role"), list(_attacks()), ids=lambda value: str(value))
async def test_another_organisation_is_kept_out(world: World, home: Organisation, route: Route, role: str) -> None:
    # Somebody new where the request would end or change the attacker.
    fresh = "/me" in route.path or (route.method == "DELETE" and route.path.startswith("/api/sessions"))
    stranger = await home.person(role, fresh=fresh)
    answer = await stranger.http.request(route.method, world.fill(route.path), json=world.fill(BODIES.get(str(route))))
    if "{" in route.path or any("{" in str(value) for value in BODIES.get(str(route), {}).values()):
        assert answer.status_code in (403, 404), answer.text
    for secret in (MARK, world.org.slug, *world.ids.values()):
        if len(secret) > 1 and secret not in world.fill(route.path):
            assert secret not in answer.text


async def test_nothing_of_it_changed(world: World) -> None:
    """Runs after the attacks: all is as it was."""
    learner, teacher = world.org.people["student"], world.org.people["instructor"]
    me = (await learner.http.get("/api/users/me")).json()
    assert (me["first_name"], me["role"], me["status"]) == ("Test", "student", "active")
    course = (await teacher.http.get(f"/api/courses/{world.ids['course_id']}/draft")).json()
    assert course["modules"][0]["title"] == MARK
    assert len(course["modules"][0]["units"]) == 3
    enrolment = (await learner.http.get(f"/api/enrollments/{world.ids['enrollment_id']}")).json()
    assert enrolment["status"] == "active"


OWNED = [
    route
    for route in protected_routes()
    if re.search(r"\{(enrollment_id|submission_id|session_id|module_id|unit_id)\}", route.path)
]


@pytest.mark.parametrize("route", OWNED, ids=str)
@pytest.mark.parametrize("role", ["student", "instructor"])
async def test_a_colleague_is_kept_out_of_what_is_not_theirs(world: World, route: Route, role: str) -> None:
    colleague = await world.org.person(role, fresh=True)
    answer = await colleague.http.request(route.method, world.fill(route.path), json=world.fill(BODIES.get(str(route))))
    assert answer.status_code in (403, 404), answer.text
    assert MARK not in answer.text
