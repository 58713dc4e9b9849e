"""A model of the platform's own learners: what is gathered, and that it can serve."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from typer.testing import CliRunner

from deployments.learning.gathering import gather
from jobs.framework.journal import Journal
from jobs.framework.tables import tables_in
from jobs.train_on_learners import train_on_learners
from learning.prediction.artefact import document_of
from learning.prediction.evaluation import Gate, held_out, presentations
from learning.prediction.model import train
from stores.ids import new_id
from stores.postgres import Connection, Database
from stores.sealing import Keyring
from tests.integration.courses.support import create, ok
from tests.integration.learning.predicting import MODULES
from tests.platform import Organisation, Platform

DAY = 56
QUARTERS = {"2024Q1": datetime(2024, 2, 1, tzinfo=UTC), "2024Q2": datetime(2024, 5, 1, tzinfo=UTC)}


@pytest.fixture
def keyring(platform: Platform) -> Keyring:
    assert platform.settings.data_keys is not None
    return Keyring.parse(platform.settings.data_keys.get_secret_value())


async def taught(org: Organisation) -> tuple[str, list[str]]:
    teacher = await org.person("instructor")
    course = await create(teacher, modules=MODULES)
    ok(await teacher.http.post(f"/api/courses/{course}/publish"))
    content = ok(await teacher.http.get(f"/api/courses/{course}/content"))
    return course, [unit["id"] for unit in content["modules"][0]["units"]]


async def attended(
    system: Database, org: Organisation, course: str, units: list[str], since: datetime, size: int, left: float
) -> None:
    """Learners who enrolled on a day: the diligent do all quizzes and complete, of the rest a share has left."""
    async with system.transaction(None) as connection:
        version = await connection.fetchval(
            "select max(id::text)::uuid from course_versions where course_id = $1", UUID(course)
        )
        for number in range(size):
            diligent = number % 2 == 0
            done = diligent or number // 2 % 10 < 10 * left
            await _one(
                connection, org.id, UUID(course), version, units, since, diligent=diligent, ended=done, number=number
            )


async def _one(
    connection: Connection, org_id: UUID, course: UUID, version: UUID, units: list[str], since: datetime, *,
    diligent: bool = True, ended: bool = True, number: int = 0,
) -> None:  # fmt: skip
    user, enrolment = new_id(), new_id()
    await connection.execute(
        "insert into users (id, org_id, email, first_name, last_name, role, status) values ($1, $2, $3, 'A', 'B',"
        " 'student', 'active')", user, org_id, f"{user}@school.example",
    )  # fmt: skip
    status = ("completed" if diligent else "dropped") if ended else "active"
    await connection.execute(
        "insert into enrollments (id, org_id, user_id, course_id, course_version_id, status, progress, enrolled_at,"
        " completed_at, dropped_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        enrolment, org_id, user, course, version, status, 100 if status == "completed" else 0, since,
        since.replace(month=since.month + 3) if status == "completed" else None,
        since.replace(month=since.month + 3) if status == "dropped" else None,
    )  # fmt: skip
    for unit in units if diligent else units[: number % 2]:
        await connection.execute(
            "insert into quiz_attempts (id, org_id, enrollment_id, unit_id, number, answers, result, points,"
            " maximum_points, score, passed, created_at) values ($1, $2, $3, $4, 1, '{}', '[]', $5, 1, $6, $7, $8)",
            new_id(), org_id, enrolment, UUID(unit), int(diligent), 100 * int(diligent), diligent,
            since.replace(day=10 + number % 15),
        )  # fmt: skip


async def test_learners_still_at_it_do_not_push_out_those_whose_outcome_is_known(
    platform: Platform, system: Database, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    org = await platform.create_organisation()
    course, units = await taught(org)
    for since in QUARTERS.values():
        await attended(system, org, course, units, since, 20, 1.0)
    await attended(system, org, course, units, datetime(2024, 8, 1, tzinfo=UTC), 30, 0.1)
    monkeypatch.setattr("deployments.learning.gathering.LARGEST_COHORT", 30)
    async with platform.database.transaction(org.id, readonly=True) as connection:
        found = await gather(connection, keyring, DAY)
    assert [(cohort.presentation, cohort.size) for cohort in found.cohorts] == [("2024Q2", 20)]  # whole
    assert found.left_out == 30 + 20
    monkeypatch.setattr("deployments.learning.gathering.LARGEST_COHORT", 60)
    async with platform.database.transaction(org.id, readonly=True) as connection:
        found = await gather(connection, keyring, DAY)
    assert sum(cohort.size for cohort in found.cohorts) == 40
    assert found.left_out == 30


async def test_quarters_that_are_over_are_learned_from(platform: Platform, system: Database, keyring: Keyring) -> None:
    org = await platform.create_organisation()
    course, units = await taught(org)
    for since in QUARTERS.values():
        await attended(system, org, course, units, since, 60, 0.9)
    await attended(system, org, course, units, datetime(2024, 8, 1, tzinfo=UTC), 40, 0.1)  # most are still at it
    async with platform.database.transaction(org.id, readonly=True) as connection:
        found = await gather(connection, keyring, DAY)
        again = await gather(connection, keyring, DAY)
    assert presentations(found.cohorts) == list(QUARTERS)
    assert (found.left_out, again.digest) == (40, found.digest)
    for cohort in found.cohorts:
        assert (cohort.module, cohort.size) == (course, 60)
        assert cohort.outcome is not None
        done = np.isfinite(cohort.submitted).sum(axis=1)
        assert not cohort.outcome[done == 2].any()
        assert cohort.outcome[cohort.known & (done < 2)].all()
        assert 0 < cohort.known.sum() < 60
    assert set(found.attributes) == {"age", "disability"}

    other = await platform.create_organisation()
    async with platform.database.transaction(other.id, readonly=True) as connection:
        assert (await gather(connection, keyring, DAY)).cohorts == []

    tests = held_out(found.cohorts, DAY, found.attributes)
    model = train(found.cohorts, DAY)
    document = json.loads(json.dumps(document_of(model, found.cohorts, tests, Gate(), found.digest)))
    admin = await org.person("org_admin")
    registered = ok(await admin.http.post("/api/learning/models", json=document), 201)
    checks = {check["name"]: check["value"] for check in registered["gate"]["checks"]}
    assert checks["abroca_gender"] is None
    assert checks["auroc"] > 0.9


async def test_the_job_says_beside_the_model_what_it_made_and_is_not_run_twice_at_once(
    platform: Platform, system: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    org = await platform.create_organisation()
    course, units = await taught(org)
    for since in QUARTERS.values():
        await attended(system, org, course, units, since, 60, 0.9)
    new, its_units = await taught(org)
    await attended(system, org, new, its_units, datetime(2024, 8, 1, tzinfo=UTC), 60, 0.9)
    monkeypatch.setattr("jobs.data.platform.load_settings", lambda: platform.settings)
    out = tmp_path / "model.json"
    command = ["--organisation", org.slug, "--out", str(out)]

    other = Journal(out, "another run")
    other.open()
    refused = await asyncio.to_thread(CliRunner().invoke, train_on_learners.app, command)
    other.remove()
    assert refused.exit_code == 1
    assert "Another process" in refused.output

    ran = await asyncio.to_thread(CliRunner().invoke, train_on_learners.app, command)
    assert ran.exit_code == 0, ran.output
    summary = json.loads((tmp_path / "model.json.summary.json").read_text())
    assert summary["quarters"] == [*QUARTERS, "2024Q3"]
    [warning] = summary["warnings"]
    assert "courses of 2024Q3" in warning
    assert "measured on 2024Q2" in warning
    assert summary["out"] == str(out)
    assert tables_in(tmp_path) == []

    written = out.stat().st_mtime_ns
    assert (await asyncio.to_thread(CliRunner().invoke, train_on_learners.app, command)).exit_code == 0
    assert out.stat().st_mtime_ns > written  # learners may have gone on since
