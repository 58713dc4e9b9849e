"""What to do next, over HTTP."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner

from actors.learner_model.member import LearnerModelMember
from deployments.kit.judging import Edge
from jobs.plan_paths import plan_paths
from stores.errors import StoreUnavailable
from stores.postgres import Database
from tests.integration.courses.support import create, ok, problem
from tests.integration.learning.mastering import Class, advised, attempt, in_step, open_class, quiz
from tests.platform import Platform


@pytest.fixture
async def school(platform: Platform, tracing: LearnerModelMember) -> Class:
    return await open_class(platform)


def steps(path: dict[str, list[dict[str, str]]]) -> list[tuple[str, str]]:
    return [(step["title"], step["why"]) for step in path["steps"]]


async def test_a_path_follows_results_goals_and_time(school: Class, system: Database) -> None:
    at = f"/api/learning/courses/{school.course}"
    http = school.learner.http
    path = ok(await http.get(f"{at}/path"))
    everything = ["About Fractions", "Fractions: the quiz", "About Ratios", "Ratios: the quiz"]
    assert steps(path) == [(title, "gap") for title in everything]
    assert path["steps"][0]["reason"] == "On “Fractions”, you have not shown yet what you know."
    assert (path["minutes"], path["finished"], path["reviews"]) == (45, False, [])
    assert steps(ok(await http.get(f"{at}/path", params={"minutes": 5}))) == [("About Fractions", "gap")]

    await attempt(school.learner, school.enrolment, school.modules[0]["units"][1], right=4)
    await in_step(system, school.org.id)
    path = ok(await http.get(f"{at}/path"))
    assert [title for title, _ in steps(path)][:2] == ["About Ratios", "Ratios: the quiz"]  # fractions hold up nothing
    assert steps(path)[-1] == ("About Fractions", "next")
    assert "seem to know “Fractions” already" in path["steps"][-1]["reason"]
    assert [review["title"] for review in path["reviews"]] == ["Fractions: the quiz"]

    ratios = ok(await http.get(f"{at}/mastery"))["skills"][1]["skill_id"]
    path = ok(await http.put(f"{at}/goals", json={"skill_ids": [ratios], "minutes": 30}))
    assert (path["minutes"], path["goals"]["skill_ids"]) == (30, [ratios])
    assert steps(path)[0] == ("About Ratios", "goal")
    assert "“Ratios” is one of your goals" in path["steps"][0]["reason"]
    refused = problem(await http.put(f"{at}/goals", json={"skill_ids": [str(uuid4())]}), 422, "invalid")
    assert refused["errors"][0]["pointer"] == "/body/skill_ids"
    assert steps(ok(await school.teacher.http.get(f"{at}/learners/{school.learner.id}/path"))) == steps(path)
    assert (await school.other.http.get(f"{at}/learners/{school.learner.id}/path")).status_code == 403
    problem(await school.teacher.http.get(f"{at}/path"), 404, "not-learning")


async def hand_in(school: Class, enrolment: str, unit: str) -> str:
    at = f"/api/enrollments/{enrolment}/units/{unit}/submissions"
    submission: str = ok(await school.learner.http.post(at, json={"body": "My work."}), 201)["id"]
    return submission


async def grade(school: Class, submission: str, points: str) -> None:
    at = f"/api/enrollments/submissions/{submission}/grade"
    ok(await school.teacher.http.put(at, json={"points": points, "feedback": ""}))


async def test_what_cannot_be_done_now_is_no_step_and_holds_up_nothing(school: Class, system: Database) -> None:
    asked = {**quiz("a?", "b?"), "attempts_allowed": 1}
    essay = {"instructions": "Write.", "maximum_points": 10, "pass_mark_percent": 50}
    units = [
        {"kind": "quiz", "title": "Once", "quiz": asked},
        {"kind": "assignment", "title": "Essay", "assignment": essay},
        {"kind": "text", "title": "Last", "body": "Words."},
    ]
    course = await create(school.teacher, modules=[{"title": "All", "units": units}])
    ok(await school.teacher.http.post(f"/api/courses/{course}/publish"))
    enrolment = ok(await school.learner.http.post("/api/enrollments", json={"course_id": course}), 201)["id"]
    once, written, _ = ok(await school.learner.http.get(f"/api/courses/{course}/content"))["modules"][0]["units"]

    async def shown() -> tuple[list[str], list[str]]:
        path = ok(await school.learner.http.get(f"/api/learning/courses/{course}/path"))
        assert not path["finished"]
        return [title for title, _ in steps(path)], [one["title"] for one in path["closed"]]

    assert await shown() == (["Once", "Essay", "Last"], [])
    await attempt(school.learner, enrolment, once, right=0)
    await in_step(system, school.org.id)
    assert await shown() == (["Essay", "Last"], ["Once"])  # failed, and there is no attempt left
    first = await hand_in(school, enrolment, written["id"])
    assert await shown() == (["Last"], ["Once", "Essay"])  # nobody has graded it yet
    await grade(school, first, "1")
    await in_step(system, school.org.id)
    assert await shown() == (["Essay", "Last"], ["Once"])  # it was not enough
    second = await hand_in(school, enrolment, written["id"])
    assert await shown() == (["Last"], ["Once", "Essay"])
    await grade(school, second, "9")
    await in_step(system, school.org.id)
    assert await shown() == (["Last"], ["Once"])


async def test_the_job_writes_the_path_that_each_learner_is_shown(
    school: Class, system: Database, platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.data.platform.load_settings", lambda: platform.settings)

    async def planned(*options: str) -> list[dict[str, Any]]:
        command = ["--out", str(tmp_path / "paths.jsonl"), "--organisation", school.org.slug, *options]
        ran = await asyncio.to_thread(CliRunner().invoke, plan_paths.app, command)
        assert ran.exit_code == 0, ran.output
        return [json.loads(line) for line in (tmp_path / "paths.jsonl").read_text().splitlines()]

    await attempt(school.learner, school.enrolment, school.modules[0]["units"][1], right=4)
    await in_step(system, school.org.id)
    rows = {row["user_id"]: row for row in await planned()}
    assert set(rows) == {str(school.learner.id), str(school.other.id)}
    for person in (school.learner, school.other):
        shown = ok(await person.http.get(f"/api/learning/courses/{school.course}/path"))
        assert steps(rows[str(person.id)]) == steps(shown)
        assert rows[str(person.id)]["closed"] == shown["closed"]
        assert rows[str(person.id)]["course_id"] == school.course
    short = await planned("--course", school.course, "--minutes", "5")  # at once, and made anew
    assert {row["minutes"] for row in short} == {5}
    assert await planned("--course", str(uuid4())) == []


async def test_what_fails_in_one_organisation_does_not_keep_the_others_from_their_paths(
    school: Class, platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await platform.create_organisation()
    monkeypatch.setattr("jobs.data.platform.load_settings", lambda: platform.settings)
    as_ever = Edge.ruling

    async def ruling(edge: Edge, org_id: UUID) -> Any:
        if org_id == other.id:
            raise StoreUnavailable("gone")
        return await as_ever(edge, org_id)

    monkeypatch.setattr(Edge, "ruling", ruling)
    out = tmp_path / "paths.jsonl"
    slugs = [part for org in (school.org, other) for part in ("--organisation", org.slug)]
    ran = await asyncio.to_thread(CliRunner().invoke, plan_paths.app, ["--out", str(out), *slugs])
    assert ran.exit_code == 1
    assert f"Failed for {other.slug}" in ran.output
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert {row["user_id"] for row in rows} == {str(school.learner.id), str(school.other.id)}


async def test_what_fades_is_seen_again_as_the_learner_remembers_it(school: Class, system: Database) -> None:
    at = f"/api/learning/courses/{school.course}"
    http, unit = school.learner.http, school.modules[0]["units"][0]["id"]
    reviews = f"{at}/units/{unit}/reviews"
    problem(await http.post(reviews, json={"rating": "good"}), 409, "not-done-yet")
    problem(await http.post(f"{at}/units/{uuid4()}/reviews", json={"rating": "good"}), 404, "unit-not-found")
    ok(await http.put(f"/api/enrollments/{school.enrolment}/units/{unit}/completion"))
    async with system.transaction(None) as connection:
        await connection.execute(
            "update unit_progress set completed_at = now() - interval '20 days' where enrollment_id = $1",
            UUID(school.enrolment),
        )
    path = ok(await http.get(f"{at}/path"))
    assert steps(path)[0] == ("About Fractions", "review")
    before = path["reviews"][0]
    after = ok(await http.post(reviews, json={"rating": "easy"}), 201)
    assert after["due"] > before["due"]
    assert after["remembered"] > before["remembered"]
    assert "review" not in [why for _, why in steps(ok(await http.get(f"{at}/path")))]
    problem(await http.post(reviews, json={"rating": "perfect"}), 422, "invalid")

    await advised(system, school.course)
    admin = await school.org.person("org_admin")
    erased = ok(await admin.http.post(f"/api/users/{school.learner.id}/erase"))
    assert erased["counts"]["unit_reviews"] == 1
    assert erased["counts"]["advised_paths"] == 1


async def test_no_look_waits_for_its_being_kept_and_a_trial_is_not_kept(school: Class, system: Database) -> None:
    path = f"/api/learning/courses/{school.course}/path"
    async with system.transaction(None) as connection:
        await connection.execute("select from users where id = $1 for update", school.learner.id)
        async with asyncio.timeout(4):  # the lock is waited for longer than that
            whole = ok(await school.learner.http.get(path))["steps"]
            ok(await school.learner.http.get(path))
    kept = [sum(step["minutes"] for step in whole)]
    assert await advised(system, school.course) == kept
    ok(await school.learner.http.get(path, params={"minutes": 5}))
    await asyncio.sleep(0.5)
    assert await advised(system, school.course) == kept
