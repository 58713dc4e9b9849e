"""A course with learners to predict for, and models to do it with."""

from __future__ import annotations

import itertools
import json
from functools import cache
from typing import Any, Literal, NamedTuple
from uuid import UUID

from learning.prediction.artefact import document_of
from learning.prediction.evaluation import Gate, cohort_key, held_out
from learning.prediction.model import train
from stores.postgres import Database
from tests.integration.courses.support import create, ok
from tests.platform import Account, Organisation, Platform
from tests.unit.prediction.worlds import cohort, world

Quality = Literal["passes", "unmeasured", "fails"]
QUIZ = {
    "pass_mark_percent": 100,
    "attempts_allowed": 3,
    "questions": [{"kind": "true_false", "prompt": "True?", "correct": True}],
}
MODULES = [{"title": "One", "units": [{"kind": "quiz", "title": f"Quiz {number}", "quiz": QUIZ} for number in "ab"]}]


class School(NamedTuple):
    org: Organisation
    teacher: Account
    diligent: Account
    idle: Account
    fresh: Account
    course: str


@cache
def _written(quality: Quality) -> str:
    cohorts = (
        world()
        if quality == "fails"
        else [
            cohort(1500, seed, module, presentation)
            for seed, (presentation, module) in enumerate(
                itertools.product(("2013J", "2014J"), ("AAA", "BBB")), start=75
            )
        ]
    )
    people = [cohort_key(one, learner) for one in cohorts for learner in one.learners]
    known = ("gender",) if quality == "unmeasured" else ("gender", "disability")
    groups = {name: {person: "ab"[number % 2] for number, person in enumerate(people)} for name in known}
    tests = held_out(cohorts, 56, groups, only_last=True)
    return json.dumps(document_of(train(cohorts, 56), cohorts, tests, Gate(), "0" * 64))


def document(quality: Quality) -> dict[str, Any]:
    """A model as the job writes it. `unmeasured`: the groups of one attribute were not known."""
    found: dict[str, Any] = json.loads(_written(quality))
    return found


async def register(school: School, quality: Quality) -> dict[str, Any]:
    admin = await school.org.person("org_admin")
    found: dict[str, Any] = ok(await admin.http.post("/api/learning/models", json=document(quality)), 201)
    return found


async def serve(school: School, quality: Quality = "passes") -> str:
    admin = await school.org.person("org_admin")
    model = await register(school, quality)
    missing = {check["name"]: "Nobody states it" for check in model["gate"]["checks"] if check["value"] is None}
    served = await admin.http.post(f"/api/learning/models/{model['id']}/serve", json={"waived": missing})
    assert ok(served)["status"] == "serving"
    return str(model["id"])


async def answer_first_quiz(person: Account, course: str, enrolment: str) -> None:
    unit = ok(await person.http.get(f"/api/courses/{course}/content"))["modules"][0]["units"][0]
    question = unit["quiz"]["questions"][0]["id"]
    path = f"/api/enrollments/{enrolment}/units/{unit['id']}/attempts"
    ok(await person.http.post(path, json={"answers": {question: True}}), 201)


async def schooled(platform: Platform, system: Database) -> School:
    """Somebody who has passed one of two quizzes, somebody who did nothing, and somebody who has just come."""
    org = await platform.create_organisation()
    teacher = await org.person("instructor")
    course = await create(teacher, modules=MODULES)
    ok(await teacher.http.post(f"/api/courses/{course}/publish"))
    people = [await org.person("student", fresh=True) for _ in range(3)]
    for number, person in enumerate(people):
        enrolment = ok(await person.http.post("/api/enrollments", json={"course_id": course}), 201)["id"]
        if number == 0:
            await answer_first_quiz(person, course, enrolment)
        if number < 2:
            async with system.transaction(None) as connection:
                await connection.execute(
                    "update enrollments set enrolled_at = now() - interval '80 days' where id = $1", UUID(enrolment)
                )
                await connection.execute(
                    "update quiz_attempts set created_at = now() - interval '70 days' where enrollment_id = $1",
                    UUID(enrolment),
                )
    return School(org, teacher, *people, course)
