"""Automated decisions are measured for groups, stopped where these are treated too unlike, and released by people."""

from __future__ import annotations

from uuid import UUID

import orjson
import pytest

from actors.governor.bias.watching import WatchDecisions, watch
from configs.settings import Settings
from stores.decisions import AutomatedKind
from stores.ids import new_id
from stores.metrics.decisions import STOPPED
from stores.postgres import Database
from stores.sealing import Keyring
from stores.sensitive import sensitive_context
from tests.integration.courses.support import create, ok, problem
from tests.integration.learning.test_predictions import MODULES, School, serve
from tests.platform import Account, Platform

DECISIONS = "/api/governance/decisions"


@pytest.fixture
async def school(platform: Platform) -> School:
    org = await platform.create_organisation()
    teacher, learner = await org.person("instructor"), await org.person("student", fresh=True)
    course = await create(teacher, modules=MODULES)
    ok(await teacher.http.post(f"/api/courses/{course}/publish"))
    ok(await learner.http.post("/api/enrollments", json={"course_id": course}), 201)
    return School(org, teacher, learner, learner, learner, course)


@pytest.fixture
def keyring(settings: Settings) -> Keyring:
    assert settings.data_keys is not None
    return Keyring.parse(settings.data_keys.get_secret_value())


async def predict(school: School, system: Database, keyring: Keyring, model: str, *, stated: float, others: float,
                  each: int) -> None:  # fmt: skip
    """So many learners with and without stated needs of accessibility, and a probability for each of the two."""
    people = [(new_id(), new_id(), new_id(), number < each) for number in range(2 * each)]
    org_id, course = school.org.id, UUID(school.course)
    async with system.transaction(None) as connection:
        version = await connection.fetchval(
            "select course_version_id from enrollments where course_id = $1 limit 1", course
        )
        await connection.executemany(
            "insert into users (id, org_id, email, first_name, last_name, role, sensitive)"
            " values ($1, $2, $3, 'A', 'B', 'student', $4)",
            [
                (
                    person, org_id, f"{person}@school.example",
                    keyring.seal(
                        orjson.dumps({"date_of_birth": "2001-01-01", "accessibility_needs": "a ramp" if needs else ""}),
                        sensitive_context(person),
                    ),
                )
                for person, _, _, needs in people
            ],
        )  # fmt: skip
        await connection.executemany(
            "insert into enrollments (id, org_id, user_id, course_id, course_version_id, enrolled_at)"
            " values ($1, $2, $3, $4, $5, now())",
            [(enrolment, org_id, person, course, version) for person, enrolment, _, _ in people],
        )
        await connection.executemany(
            "insert into learning_predictions (id, org_id, enrollment_id, user_id, course_id, model_id, probability,"
            " level, reasons) values ($1, $2, $3, $4, $5, $6, $7, 'low', '[]')",
            [
                (prediction, org_id, enrolment, person, course, UUID(model), stated if needs else others)
                for person, enrolment, prediction, needs in people
            ],
        )


async def _kind(admin: Account, kind: str) -> dict[str, object]:
    items = ok(await admin.http.get(DECISIONS))["items"]
    found: dict[str, object] = next(item for item in items if item["kind"] == kind)
    return found


async def test_uneven_predictions_stop_until_a_person_releases_them(
    school: School, system: Database, keyring: Keyring, settings: Settings
) -> None:
    admin = await school.org.person("org_admin")
    model = await serve(school)
    await predict(school, system, keyring, model, stated=0.9, others=0.1, each=120)
    duty = WatchDecisions(settings)
    assert await duty(system) >= 1
    standing = await _kind(admin, "prediction")
    assert standing["measure"]["verdict"] == "stop"  # type: ignore[index]
    assert standing["stop"]["figures"] == {"parity_accessibility_needs": 1.0}  # type: ignore[index]
    assert STOPPED.labels("prediction")._value.get() >= 1

    path = f"/api/learning/courses/{school.course}/predictions"
    for answer in (await school.teacher.http.post(path), await school.teacher.http.get(path)):
        problem(answer, 409, "automated-decisions-stopped")
    problem(await school.idle.http.get("/api/learning/predictions"), 409, "automated-decisions-stopped")
    problem(
        await school.teacher.http.post(f"{DECISIONS}/release", json={"kind": "prediction", "note": "I"}),
        403,
        "forbidden",
    )
    other = await (await school.org.platform.create_organisation()).person("org_admin")
    assert (await _kind(other, "prediction")) == {"kind": "prediction", "measure": None, "stop": None}
    problem(
        await other.http.post(f"{DECISIONS}/release", json={"kind": "prediction", "note": "I"}),
        409,
        "decisions-not-stopped",
    )

    released = ok(
        await admin.http.post(f"{DECISIONS}/release", json={"kind": "prediction", "note": "Seen; a test course."})
    )
    assert released["figures"] == {"parity_accessibility_needs": 1.0}
    assert (await school.teacher.http.get(path)).status_code == 200
    await watch(system, keyring, school.org.id, AutomatedKind.PREDICTION)
    assert (await _kind(admin, "prediction"))["stop"] is None  # no worse than what was released
    async with system.transaction(None) as connection:
        told = await connection.fetch(
            "select body from (select seq, body from audit_pending where org_id = $1"
            " union all select number, body from audit_log where org_id = $1) e",
            school.org.id,
        )
    entries = [entry for row in told if (entry := orjson.loads(row["body"]))["action"].startswith("automated_")]
    assert sorted((e["action"].partition(".")[2], e.get("actor")) for e in entries) == [
        ("released", str(admin.id)), ("stopped", None)
    ]  # fmt: skip


async def test_even_predictions_and_small_groups_stop_nothing(
    school: School, system: Database, keyring: Keyring
) -> None:
    admin = await school.org.person("org_admin")
    model = await serve(school)
    await predict(school, system, keyring, model, stated=0.9, others=0.1, each=12)
    measured = await watch(system, keyring, school.org.id, AutomatedKind.PREDICTION)
    assert measured.verdict == "fine"
    groups = measured.report["everybody"]["groups"]
    assert all(group["flagged_rate"] is None for group in groups if group["attribute"] == "accessibility_needs")
    await predict(school, system, keyring, model, stated=0.3, others=0.3, each=60)
    assert (await watch(system, keyring, school.org.id, AutomatedKind.PREDICTION)).verdict == "fine"
    listed = ok(await admin.http.get(f"{DECISIONS}/measures", params={"kind": "prediction"}))["items"]
    assert [item["decisions"] for item in listed] == [144]


async def test_a_person_stops_grades_and_recommendations(school: School) -> None:
    admin = await school.org.person("org_admin")
    submission = new_id()
    for kind in ("grade", "recommendation"):
        ok(await admin.http.post(f"{DECISIONS}/stop", json={"kind": kind, "reason": "Looked odd"}))
        again = await admin.http.post(f"{DECISIONS}/stop", json={"kind": kind, "reason": "Looked odd"})
        problem(again, 409, "decisions-already-stopped")
    answer = await school.teacher.http.post(f"/api/enrollments/submissions/{submission}/suggestion")
    problem(answer, 409, "automated-decisions-stopped")
    own = await school.idle.http.get(f"/api/learning/courses/{school.course}/path")
    problem(own, 409, "automated-decisions-stopped")
    ok(await admin.http.post(f"{DECISIONS}/release", json={"kind": "recommendation", "note": "It was not"}))
    assert (await school.idle.http.get(f"/api/learning/courses/{school.course}/path")).status_code == 200
