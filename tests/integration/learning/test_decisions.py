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
from tests.integration.learning.mastering import advised
from tests.integration.learning.predicting import MODULES, School, serve
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


async def crowd(school: School, system: Database, keyring: Keyring, each: int) -> list[tuple[UUID, UUID, bool]]:
    """So many learners with and without stated needs of accessibility: the person, the enrolment, and whether."""
    people = [(new_id(), new_id(), number < each) for number in range(2 * each)]
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
                for person, _, needs in people
            ],
        )  # fmt: skip
        await connection.executemany(
            "insert into enrollments (id, org_id, user_id, course_id, course_version_id, enrolled_at)"
            " values ($1, $2, $3, $4, $5, now())",
            [(enrolment, org_id, person, course, version) for person, enrolment, _ in people],
        )
    return people


async def predict(school: School, system: Database, keyring: Keyring, model: str, *, stated: float, others: float,
                  each: int) -> None:  # fmt: skip
    """A probability for those with stated needs, and another for the others."""
    people = await crowd(school, system, keyring, each)
    async with system.transaction(None) as connection:
        await connection.executemany(
            "insert into learning_predictions (id, org_id, enrollment_id, user_id, course_id, model_id, probability,"
            " level, reasons) values ($1, $2, $3, $4, $5, $6, $7, 'low', '[]')",
            [
                (
                    new_id(), school.org.id, enrolment, person, UUID(school.course), UUID(model),
                    stated if needs else others,
                )
                for person, enrolment, needs in people
            ],
        )  # fmt: skip


async def suggest(school: School, system: Database, keyring: Keyring, *, stated: int, others: int, each: int) -> None:
    """Points of ten suggested to those with stated needs, and to the others; two works each."""
    people = await crowd(school, system, keyring, each)
    works = [(new_id(), new_id(), enrolment, person, needs) for person, enrolment, needs in people for _ in "ab"]
    org_id, unit = school.org.id, new_id()
    async with system.transaction(None) as connection:
        await connection.executemany(
            "insert into submissions (id, org_id, enrollment_id, unit_id, number, body, maximum_points)"
            " values ($1, $2, $3, $4, $5, 'Words', 10)",
            [
                (work, org_id, enrolment, unit, number % 2 + 1)
                for number, (work, _, enrolment, _, _) in enumerate(works)
            ],
        )
        await connection.executemany(
            "insert into grading_suggestions (id, org_id, course_id, enrollment_id, submission_id, unit_id, basis,"
            " method, model_share, model_confidence, confidence, points, maximum_points, needs_person, concerns,"
            " criteria, feedback, made_by, asked_by)"
            " values ($1, $2, $3, $4, $5, $6, 'b', 'references', 0.5, 0.9, 0.9, $7, 10, false, '[]', '[]', '', '{}',"
            " $8)",
            [
                (
                    suggestion, org_id, UUID(school.course), enrolment, work, unit, stated if needs else others,
                    school.teacher.id,
                )
                for work, suggestion, enrolment, _, needs in works
            ],
        )  # fmt: skip


async def advise(school: School, system: Database, keyring: Keyring, *, stated: int, others: int, each: int) -> None:
    """Minutes of forty that go back to what was done, for those with stated needs, and for the others."""
    people = await crowd(school, system, keyring, each)
    async with system.transaction(None) as connection:
        await connection.executemany(
            "insert into advised_paths (enrollment_id, org_id, user_id, course_id, minutes, minutes_back)"
            " values ($1, $2, $3, $4, 40, $5)",
            [
                (enrolment, school.org.id, person, UUID(school.course), stated if needs else others)
                for person, enrolment, needs in people
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


async def test_uneven_grades_stop_until_a_person_releases_them(
    school: School, system: Database, keyring: Keyring, settings: Settings
) -> None:
    admin = await school.org.person("org_admin")
    await suggest(school, system, keyring, stated=3, others=8, each=110)
    assert await WatchDecisions(settings)(system) >= 1
    standing = await _kind(admin, "grade")
    assert standing["measure"]["decisions"] == 220  # type: ignore[index]  # people, not works
    assert standing["stop"]["figures"] == {"parity_accessibility_needs": 1.0}  # type: ignore[index]
    path = f"/api/enrollments/submissions/{new_id()}/suggestion"
    problem(await school.teacher.http.post(path), 409, "automated-decisions-stopped")
    ok(await admin.http.post(f"{DECISIONS}/release", json={"kind": "grade", "note": "Seen; another exam."}))
    problem(await school.teacher.http.post(path), 404, "submission-not-found")
    await watch(system, keyring, school.org.id, AutomatedKind.GRADE)
    assert (await _kind(admin, "grade"))["stop"] is None


async def test_uneven_advice_stops_until_a_person_releases_it(
    school: School, system: Database, keyring: Keyring, settings: Settings
) -> None:
    admin = await school.org.person("org_admin")
    path = f"/api/learning/courses/{school.course}/path"
    ok(await school.idle.http.get(path))
    await advised(system, school.course)
    measured = await watch(system, keyring, school.org.id, AutomatedKind.RECOMMENDATION)
    assert measured.report["paths"]["decisions"] == 1  # what was looked at a moment ago
    await advise(school, system, keyring, stated=30, others=5, each=110)
    assert await WatchDecisions(settings)(system) >= 1
    standing = await _kind(admin, "recommendation")
    assert standing["measure"]["report"]["decisions"] == 0  # type: ignore[index]  # of measures against failing
    assert standing["stop"]["figures"] == {"paths.parity_accessibility_needs": 1.0}  # type: ignore[index]
    problem(await school.idle.http.get(path), 409, "automated-decisions-stopped")
    ok(await admin.http.post(f"{DECISIONS}/release", json={"kind": "recommendation", "note": "They asked for it."}))
    ok(await school.idle.http.get(path))


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
