"""Models and predictions, over HTTP."""

from __future__ import annotations

import io
import json
import zipfile
from uuid import UUID

import pytest

from deployments.learning.reporting import report_on
from deployments.learning.repository import LearningRepository
from learning.prediction.artefact import version_of
from stores.postgres import Database
from stores.sealing import Keyring
from tests.integration.audit.test_security_events import entries
from tests.integration.courses.support import ok, problem
from tests.integration.learning.predicting import School, document, register, schooled, serve
from tests.platform import Platform


@pytest.fixture
async def school(platform: Platform, system: Database) -> School:
    return await schooled(platform, system)


async def test_those_far_enough_on_are_predicted_with_reasons(school: School) -> None:
    await serve(school)
    path = f"/api/learning/courses/{school.course}/predictions"
    assert ok(await school.teacher.http.post(path)) == {"predicted": 2, "left_out": 0}
    items = ok(await school.teacher.http.get(path))["items"]
    assert [item["user_id"] for item in items] == [str(school.idle.id), str(school.diligent.id)]
    assert items[0]["probability"] > items[1]["probability"]
    assert items[0]["reasons"]
    told = [reason for item in items for reason in item["reasons"]]
    assert not {reason["subject"] for reason in told} & {"registration", "repeating", "load"}
    assert not [reason["text"] for reason in told if "click" in reason["text"]]

    assert ok(await school.teacher.http.post(path)) == {"predicted": 2, "left_out": 0}  # again: the same ones
    first = ok(await school.teacher.http.get(path, params={"limit": 1}))
    second = ok(await school.teacher.http.get(path, params={"limit": 1, "cursor": first["next_cursor"]}))
    assert [first["items"][0]["id"], second["items"][0]["id"]] == [item["id"] for item in items]
    assert second["next_cursor"] is None

    own = ok(await school.idle.http.get("/api/learning/predictions"))["items"]
    assert [(item["course_id"], item["reasons"]) for item in own] == [(school.course, items[0]["reasons"])]
    assert ok(await school.fresh.http.get("/api/learning/predictions"))["items"] == []


async def test_the_newest_are_predicted_where_there_are_too_many(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    await serve(school)
    monkeypatch.setattr("deployments.learning.scoring.LARGEST_COHORT", 1)
    path = f"/api/learning/courses/{school.course}/predictions"
    assert ok(await school.teacher.http.post(path)) == {"predicted": 1, "left_out": 1}
    assert [one["user_id"] for one in ok(await school.teacher.http.get(path))["items"]] == [str(school.idle.id)]


async def test_the_report_is_on_the_newest_and_says_how_many_it_left_out(
    platform: Platform, school: School, system: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await serve(school)
    ok(await school.teacher.http.post(f"/api/learning/courses/{school.course}/predictions"))
    assert platform.settings.data_keys is not None
    keyring = Keyring.parse(platform.settings.data_keys.get_secret_value())
    monkeypatch.setattr("deployments.learning.reporting.MOST_PREDICTIONS", 1)
    async with platform.database.transaction(school.org.id) as connection:
        written = await report_on(connection, school.org.id, keyring)
    assert written is not None
    admin = await school.org.person("org_admin")
    [report] = ok(await admin.http.get("/api/learning/bias-reports"))["items"]
    assert (report["report"]["predictions"], report["report"]["left_out"]) == (1, 1)


async def test_a_model_that_failed_its_gate_is_on_record_and_never_serves(school: School) -> None:
    admin = await school.org.person("org_admin")
    model = await register(school, "fails")
    assert not model["gate_passed"]
    problem(await admin.http.post(f"/api/learning/models/{model['id']}/serve"), 409, "model-not-fit")
    problem(
        await school.teacher.http.post(f"/api/learning/courses/{school.course}/predictions"), 409, "no-model-serves"
    )


async def test_a_model_that_only_says_that_it_passed_does_not_serve(school: School) -> None:
    admin = await school.org.person("org_admin")
    forged = document("fails")
    forged["gate"] = {"passed": True, "checks": []}
    forged["version"] = version_of(forged)
    model = ok(await admin.http.post("/api/learning/models", json=forged), 201)
    assert not model["gate_passed"]
    assert "auroc" in {check["name"] for check in model["gate"]["checks"]}
    problem(await admin.http.post(f"/api/learning/models/{model['id']}/serve"), 409, "model-not-fit")
    waived = {"waived": {check["name"]: "Never mind" for check in model["gate"]["checks"] if not check["passed"]}}
    problem(await admin.http.post(f"/api/learning/models/{model['id']}/serve", json=waived), 409, "model-not-fit")


@pytest.mark.parametrize("figure", ["auroc", "expected_calibration_error"])
async def test_no_model_serves_without_a_figure_of_how_good_it_is(school: School, figure: str) -> None:
    admin = await school.org.person("org_admin")
    forged = document("passes")
    for metrics in forged["metrics"].values():
        metrics[figure] = None
    forged["version"] = version_of(forged)
    model = ok(await admin.http.post("/api/learning/models", json=forged), 201)
    path = f"/api/learning/models/{model['id']}/serve"
    refused = problem(await admin.http.post(path, json={"waived": {figure: "Never mind"}}), 409, "model-not-fit")
    assert figure in refused["detail"]


async def test_what_could_not_be_measured_is_done_without_in_writing_only(platform: Platform, school: School) -> None:
    admin = await school.org.person("org_admin")
    model = await register(school, "unmeasured")
    assert not model["gate_passed"]
    assert [check["name"] for check in model["gate"]["checks"] if not check["passed"]] == ["abroca_disability"]
    path = f"/api/learning/models/{model['id']}/serve"
    assert "abroca_disability" in problem(await admin.http.post(path), 409, "model-not-fit")["detail"]
    measured = {"waived": {"abroca_disability": "Nobody states it here", "auroc": "Nor this"}}
    problem(await admin.http.post(path, json=measured), 409, "model-not-fit")
    reason = {"abroca_disability": "Nobody states it here; the nightly report watches age"}
    served = ok(await admin.http.post(path, json={"waived": reason}))
    assert (served["status"], served["gate_passed"]) == ("serving", True)
    assert served["gate"]["waived"] == [{"check": name, "reason": said} for name, said in reason.items()]
    kept = await entries(platform, school.org.id)
    assert [one["details"]["waived"] for one in kept if one["action"] == "learning_model.waived"] == [
        served["gate"]["waived"]
    ]
    assert ok(await admin.http.post(path))["status"] == "serving"  # said once, it holds


async def test_what_is_no_model_or_was_changed_is_refused(school: School) -> None:
    admin = await school.org.person("org_admin")
    changed = document("passes")
    changed["model"]["intercept"] += 1
    problem(await admin.http.post("/api/learning/models", json=changed), 422, "invalid")
    for field, value in (("model", {}), ("gate", {}), ("model", {"kind": "risk", "names": [1]}), ("format", 7)):
        odd = {**document("passes"), field: value}
        problem(await admin.http.post("/api/learning/models", json=odd), 422, "invalid")
    again = [(await register(school, "passes"))["id"] for _ in range(2)]
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


async def test_what_was_done_stays_with_the_learner_when_another_model_serves(school: School) -> None:
    await serve(school)
    path = f"/api/learning/courses/{school.course}/predictions"
    ok(await school.teacher.http.post(path))
    before = ok(await school.teacher.http.get(path))["items"][0]
    noted = {"kind": "check_in", "note": "Rang up."}
    at = f"/api/learning/predictions/{before['id']}/interventions"
    made = ok(await school.teacher.http.post(at, json=noted), 201)

    await serve(school, "unmeasured")
    ok(await school.teacher.http.post(path))
    now = next(one for one in ok(await school.teacher.http.get(path))["items"] if one["user_id"] == before["user_id"])
    assert now["id"] != before["id"]
    assert [one["note"] for one in now["interventions"]] == ["Rang up."]
    outcome = {"outcome": "helped", "note": ""}
    ok(await school.teacher.http.put(f"/api/learning/interventions/{made['id']}/outcome", json=outcome))
    shown = ok(await school.teacher.http.get(path))["items"]
    assert [one["outcome"] for item in shown for one in item["interventions"]] == ["helped"]


async def test_a_reason_that_argues_from_what_somebody_is_is_not_shown(
    platform: Platform, school: School, system: Database
) -> None:
    await serve(school)
    path = f"/api/learning/courses/{school.course}/predictions"
    ok(await school.teacher.http.post(path))
    unfair = {"subject": "marks", "weight": 1.0, "text": "Less likely to finish because she is a woman"}
    async with system.transaction(None) as connection:
        await connection.execute(
            "update learning_predictions set reasons = reasons || $2 where user_id = $1", school.idle.id, [unfair]
        )
    for person in (school.teacher, school.idle):
        shown = ok(await person.http.get(path if person is school.teacher else "/api/learning/predictions"))["items"]
        mine = next(one for one in shown if one["level"] != "low" or len(shown) == 1)
        assert mine["reasons"]
        assert not [reason for one in shown for reason in one["reasons"] if "woman" in reason["text"]]
    judged = [one for one in await entries(platform, school.org.id) if one["action"] == "text.judged"]
    assert {one["details"]["findings"][0]["check"] for one in judged} == {"protected_attribute_as_reason"}


async def test_who_has_left_or_finished_is_not_on_the_list(school: School) -> None:
    await serve(school)
    path = f"/api/learning/courses/{school.course}/predictions"
    ok(await school.teacher.http.post(path))
    mine = ok(await school.idle.http.get("/api/enrollments"))["items"]
    ok(await school.idle.http.post(f"/api/enrollments/{mine[0]['id']}/drop"))
    assert [one["user_id"] for one in ok(await school.teacher.http.get(path))["items"]] == [str(school.diligent.id)]
    assert ok(await school.idle.http.get("/api/learning/predictions"))["items"] == []
    assert ok(await school.diligent.http.get("/api/learning/predictions"))["items"]


async def test_who_begins_again_is_predicted_anew(school: School, system: Database) -> None:
    await serve(school)
    path = f"/api/learning/courses/{school.course}/predictions"

    async def shown() -> list[list[str]]:
        """To the teacher and to the learner."""
        of_course = ok(await school.teacher.http.get(path))["items"]
        own = ok(await school.idle.http.get("/api/learning/predictions"))["items"]
        of_learner = [one for one in of_course if one["user_id"] == str(school.idle.id)]
        return [[one["id"] for one in items] for items in (of_learner, own)]

    ok(await school.teacher.http.post(path))
    [[before], own] = await shown()
    assert own == [before]
    enrolment = ok(await school.idle.http.get("/api/enrollments"))["items"][0]["id"]
    ok(await school.idle.http.post(f"/api/enrollments/{enrolment}/drop"))
    ok(await school.idle.http.post("/api/enrollments", json={"course_id": school.course}), 201)
    assert await shown() == [[], []]
    assert ok(await school.teacher.http.post(path)) == {"predicted": 1, "left_out": 0}
    assert await shown() == [[], []]  # it is not far enough on
    async with system.transaction(None) as connection:
        await connection.execute(
            "update enrollments set enrolled_at = now() - interval '60 days' where id = $1", UUID(enrolment)
        )
        await connection.execute(
            "update learning_predictions set predicted_at = now() - interval '70 days' where id = $1", UUID(before)
        )
    assert await shown() == [[], []]
    assert ok(await school.teacher.http.post(path)) == {"predicted": 2, "left_out": 0}
    assert await shown() == [[before], [before]]


async def test_what_was_predicted_first_is_kept_when_it_is_replaced(
    platform: Platform, school: School, system: Database
) -> None:
    model = UUID(await serve(school))
    path = f"/api/learning/courses/{school.course}/predictions"

    async def predicted() -> dict[UUID, float]:
        ok(await school.teacher.http.post(path))
        return {UUID(one["id"]): one["probability"] for one in ok(await school.teacher.http.get(path))["items"]}

    async def first() -> dict[UUID, float]:
        async with platform.database.transaction(school.org.id, readonly=True) as connection:
            rows = await LearningRepository(connection).first_predicted(model, 10)
        return {row["id"]: row["probability"] for row in rows}

    async def change(statement: str) -> None:
        async with system.transaction(None) as connection:
            await connection.execute(statement, UUID(school.course))

    begun = await predicted()
    assert await first() == begun
    await change(
        "update quiz_attempts set score = 0, created_at = created_at + interval '20 days'"
        " where enrollment_id in (select id from enrollments where course_id = $1)"
    )
    now = await predicted()
    assert now != begun
    assert await first() == begun
    # Code from before it was kept has written the row.
    await change("update learning_predictions set first_probability = null where course_id = $1")
    assert await first() == now
    await change("delete from quiz_attempts where enrollment_id in (select id from enrollments where course_id = $1)")
    assert await predicted() != now
    assert await first() == now


async def test_what_was_done_can_be_read_when_enrolments_end_and_models_stop(school: School) -> None:
    model = await serve(school)
    path, done = (f"/api/learning/courses/{school.course}/{name}" for name in ("predictions", "interventions"))
    assert ok(await school.teacher.http.get(done)) == {"items": [], "next_cursor": None, "outcomes": []}
    ok(await school.teacher.http.post(path))
    predicted = ok(await school.teacher.http.get(path))["items"]
    made = [
        ok(
            await school.teacher.http.post(
                f"/api/learning/predictions/{one['id']}/interventions", json={"kind": kind, "note": kind}
            ),
            201,
        )
        for one in predicted
        for kind in ("check_in", "call")
    ]
    outcome = {"outcome": "helped", "note": "Back again."}
    ok(await school.teacher.http.put(f"/api/learning/interventions/{made[0]['id']}/outcome", json=outcome))
    mine = ok(await school.idle.http.get("/api/enrollments"))["items"]
    ok(await school.idle.http.post(f"/api/enrollments/{mine[0]['id']}/drop"))
    admin = await school.org.person("org_admin")
    ok(await admin.http.post(f"/api/learning/models/{model}/stop", json={"reason": "unfair"}))
    assert ok(await school.teacher.http.get(path))["items"] == []

    first = ok(await school.teacher.http.get(done, params={"limit": 3}))
    second = ok(await school.teacher.http.get(done, params={"limit": 3, "cursor": first["next_cursor"]}))
    items = [*first["items"], *second["items"]]
    assert [one["id"] for one in items] == [one["id"] for one in made[::-1]]
    assert {(one["user_id"], one["enrollment_status"]) for one in items} == {
        (str(school.idle.id), "dropped"), (str(school.diligent.id), "active")
    }  # fmt: skip
    assert (items[-1]["outcome"], items[-1]["made_by"]) == ("helped", str(school.teacher.id))
    none = {"no_change": 0, "not_reached": 0, "not_needed": 0}
    assert first["outcomes"] == second["outcomes"] == [
        {"kind": "call", "made": 2, "open": 2, "helped": 0, **none},
        {"kind": "check_in", "made": 2, "open": 1, "helped": 1, **none},
    ]  # fmt: skip
    colleague = await school.org.person("instructor", fresh=True)
    problem(await colleague.http.get(done), 403, "not-your-course")
    problem(await school.idle.http.get(done), 403, "forbidden")
    assert ok(await admin.http.get(done)) == ok(await school.teacher.http.get(done))


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
