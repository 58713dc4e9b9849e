"""Models and predictions, over HTTP."""

from __future__ import annotations

import io
import json
import zipfile
from uuid import UUID

import pytest

from stores.postgres import Database
from tests.integration.courses.support import ok, problem
from tests.integration.learning.predicting import LENIENT, STRICT, School, document, register, schooled, serve
from tests.platform import Platform


@pytest.fixture
async def school(platform: Platform, system: Database) -> School:
    return await schooled(platform, system)


async def test_those_far_enough_on_are_predicted_with_reasons(school: School) -> None:
    await serve(school)
    path = f"/api/learning/courses/{school.course}/predictions"
    assert ok(await school.teacher.http.post(path)) == {"predicted": 2}
    items = ok(await school.teacher.http.get(path))["items"]
    assert [item["user_id"] for item in items] == [str(school.idle.id), str(school.diligent.id)]
    assert items[0]["probability"] > items[1]["probability"]
    assert items[0]["reasons"]
    told = [reason for item in items for reason in item["reasons"]]
    assert not {reason["subject"] for reason in told} & {"registration", "repeating", "load"}
    assert not [reason["text"] for reason in told if "click" in reason["text"]]

    assert ok(await school.teacher.http.post(path)) == {"predicted": 2}  # again: the same ones
    first = ok(await school.teacher.http.get(path, params={"limit": 1}))
    second = ok(await school.teacher.http.get(path, params={"limit": 1, "cursor": first["next_cursor"]}))
    assert [first["items"][0]["id"], second["items"][0]["id"]] == [item["id"] for item in items]
    assert second["next_cursor"] is None

    own = ok(await school.idle.http.get("/api/learning/predictions"))["items"]
    assert [(item["course_id"], item["reasons"]) for item in own] == [(school.course, items[0]["reasons"])]
    assert ok(await school.fresh.http.get("/api/learning/predictions"))["items"] == []


async def test_a_model_that_failed_its_gate_is_on_record_and_never_serves(school: School) -> None:
    admin = await school.org.person("org_admin")
    model = await register(school, STRICT)
    assert not model["gate_passed"]
    problem(await admin.http.post(f"/api/learning/models/{model['id']}/serve"), 409, "model-not-fit")
    problem(
        await school.teacher.http.post(f"/api/learning/courses/{school.course}/predictions"), 409, "no-model-serves"
    )


async def test_what_is_no_model_or_was_changed_is_refused(school: School) -> None:
    admin = await school.org.person("org_admin")
    changed = document(LENIENT)
    changed["model"]["intercept"] += 1
    problem(await admin.http.post("/api/learning/models", json=changed), 422, "invalid")
    for field, value in (("model", {}), ("gate", {}), ("model", {"kind": "risk", "names": [1]}), ("format", 7)):
        odd = {**document(LENIENT), field: value}
        problem(await admin.http.post("/api/learning/models", json=odd), 422, "invalid")
    again = [(await register(school, LENIENT))["id"] for _ in range(2)]
    assert again[0] == again[1]


async def test_a_stopped_model_shows_nothing_and_does_not_come_back(school: School) -> None:
    admin = await school.org.person("org_admin")
    model = await serve(school)
    path = f"/api/learning/courses/{school.course}/predictions"
    ok(await school.teacher.http.post(path))
    stopped = ok(await admin.http.post(f"/api/learning/models/{model}/stop", json={"reason": "unfair"}))
    assert (stopped["status"], stopped["status_reason"]) == ("stopped", "unfair")
    assert ok(await school.teacher.http.get(path))["items"] == []
    assert ok(await school.idle.http.get("/api/learning/predictions"))["items"] == []
    problem(await admin.http.post(f"/api/learning/models/{model}/serve"), 409, "model-not-fit")


async def test_interventions_and_their_outcomes_are_the_teacher_s_to_note(school: School) -> None:
    await serve(school)
    path = f"/api/learning/courses/{school.course}/predictions"
    ok(await school.teacher.http.post(path))
    prediction = ok(await school.teacher.http.get(path))["items"][0]["id"]
    noted = {"kind": "check_in", "note": "Rang up."}
    made = ok(await school.teacher.http.post(f"/api/learning/predictions/{prediction}/interventions", json=noted), 201)
    outcome = {"outcome": "helped", "note": "Back again."}
    ok(await school.teacher.http.put(f"/api/learning/interventions/{made['id']}/outcome", json=outcome))
    shown = ok(await school.teacher.http.get(path))["items"][0]["interventions"]
    assert [(one["kind"], one["outcome"], one["outcome_note"]) for one in shown] == [
        ("check_in", "helped", "Back again.")
    ]

    colleague = await school.org.person("instructor", fresh=True)
    problem(await colleague.http.get(path), 403, "not-your-course")
    problem(
        await colleague.http.post(f"/api/learning/predictions/{prediction}/interventions", json=noted),
        404,
        "prediction-not-found",
    )
    problem(
        await colleague.http.put(f"/api/learning/interventions/{made['id']}/outcome", json=outcome),
        404,
        "intervention-not-found",
    )


async def test_predictions_are_part_of_export_and_erasure(school: School, system: Database) -> None:
    await serve(school)
    ok(await school.teacher.http.post(f"/api/learning/courses/{school.course}/predictions"))
    archive = await school.idle.http.get("/api/users/me/export")
    with zipfile.ZipFile(io.BytesIO(archive.content)) as file:
        name = next(name for name in file.namelist() if name.endswith("predictions.json"))
        assert [part["course_id"] for part in json.loads(file.read(name))] == [school.course]
    admin = await school.org.person("org_admin")
    erased = await admin.http.post(f"/api/users/{school.idle.id}/erase")
    assert erased.status_code < 300, erased.text
    async with system.transaction(None) as connection:
        left = await connection.fetchval(
            "select count(*) from learning_predictions where user_id = $1", UUID(str(school.idle.id))
        )
    assert left == 0
