"""Who sees which figures: by role, by course, by organisation; and what small groups hide."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pyarrow.parquet
import pytest

from stores.events import Event
from stores.ids import new_id
from tests.integration.analytics.support import (
    BASE,
    NOW,
    Life,
    days_ago,
    fold,
    learners,
    ok,
    refused,
    signed_in,
    streaming,
)
from tests.integration.enrollments.support import CourseFixture, create_course, text
from tests.platform import Account, Organisation, Platform

PARQUET = "application/vnd.apache.parquet"


async def course_with(org: Organisation, count: int, **columns: Any) -> tuple[CourseFixture, list[Life]]:
    """A course with learners who each have one score of 80 %."""
    course = await create_course(org, [text()], **columns)
    lives = [Life(org.id, user_id, course.id).enrol(days_ago(8)) for user_id in await learners(org, count)]
    for life in lives:
        life.attempt(days_ago(1), "80", UUID(course.units[0]["id"]))
    await fold(org.platform, [event for life in lives for event in life.events])
    return course, lives


async def test_courses_are_for_those_who_answer_for_them(platform: Platform) -> None:
    org, elsewhere = await platform.create_organisation(), await platform.create_organisation()
    course, _ = await course_with(org, 6)
    for leaf in ("", "/trends", "/funnel", "/cohorts"):
        path = f"{BASE}/courses/{course.id}{leaf}"
        for role in ("org_admin", "auditor", "platform_admin"):
            ok(await (await org.person(role)).http.get(path))
        ok(await course.instructor.http.get(path))
        refused(await (await org.person("student")).http.get(path), 403, "forbidden")
        colleague = await org.person("instructor", fresh=True)
        refused(await colleague.http.get(path), 403, "not-your-course")
        for role in ("instructor", "org_admin", "platform_admin"):
            refused(await (await elsewhere.person(role)).http.get(path), 404, "course-not-found")
        refused(await course.instructor.http.get(path.replace(str(course.id), str(uuid4()))), 404, "course-not-found")
    await course.set(status="draft")
    colleague = await org.person("instructor", fresh=True)
    refused(await colleague.http.get(f"{BASE}/courses/{course.id}"), 404, "course-not-found")


async def test_wider_figures_are_for_wider_roles(platform: Platform) -> None:
    org = await platform.create_organisation()
    organisation = (
        "organisation",
        "organisation/trends",
        "organisation/funnel",
        "organisation/cohorts",
        "trends",
        "top",
    )
    for leaf in organisation:
        for role in ("org_admin", "auditor", "platform_admin"):
            ok(await (await org.person(role)).http.get(f"{BASE}/{leaf}"))
        for role in ("student", "instructor"):
            refused(await (await org.person(role)).http.get(f"{BASE}/{leaf}"), 403, "forbidden")
    for role in ("org_admin", "auditor", "instructor", "student"):
        refused(await (await org.person(role)).http.get(f"{BASE}/platform"), 403, "forbidden")
    ok(await (await org.person("platform_admin")).http.get(f"{BASE}/platform"))


async def test_two_organisations_see_only_their_own(platform: Platform) -> None:
    mine, theirs = await platform.create_organisation(), await platform.create_organisation()
    course, _ = await course_with(mine, 6)
    other, _ = await course_with(theirs, 9)
    for org, own, strange, count in ((mine, course, other, 6), (theirs, other, course, 9)):
        admin = await org.person("org_admin")
        assert ok(await admin.http.get(f"{BASE}/organisation"))["totals"]["figures"]["enrollments"] == count
        top = ok(await admin.http.get(f"{BASE}/top"))
        assert [item["course_id"] for item in top["items"]] == [str(own.id)]
        sides = ok(await admin.http.get(f"{BASE}/trends", params={"course_id": [str(strange.id), str(own.id)]}))
        assert [group["course_id"] for group in sides["groups"]] == [str(own.id)]
        names = ok(await admin.http.get(f"{BASE}/learners"))
        assert len(names["items"]) == count


async def test_learners_see_themselves_and_only_trustees_see_others(platform: Platform) -> None:
    org, elsewhere = await platform.create_organisation(), await platform.create_organisation()
    course = await create_course(org, [text()])
    student = await org.person("student", fresh=True)
    nothing = ok(await student.http.get(f"{BASE}/learners/me"))
    assert nothing["pseudonym"] is None
    assert nothing["figures"]["events"] == 0
    life = Life(org.id, student.id, course.id).enrol(days_ago(3))
    life.attempt(days_ago(1), "72.5", UUID(course.units[0]["id"]))
    life.attempt(days_ago(1), "80", UUID(course.units[0]["id"]))
    await fold(platform, life.events)
    me = ok(await student.http.get(f"{BASE}/learners/me"))
    assert me["figures"]["score_mean"] == "76.2500"
    assert (me["figures"]["events"], me["figures"]["active"], me["figures"]["revenue"]) == (3, 1, "10.00")
    assert (me["first_day"], me["last_day"]) == (str(days_ago(3).date()), str(days_ago(1).date()))
    pseudonym = me["pseudonym"]
    assert pseudonym != str(student.id)
    for granularity, since in (("day", 5), ("hour", 4), ("minute", 0.9)):
        span = {"from": days_ago(since).isoformat(), "granularity": granularity, "metrics": "attempts,score_mean"}
        trend = ok(await student.http.get(f"{BASE}/learners/me/trends", params=span))
        assert sum(trend["values"]["attempts"]) == (2 if since >= 1 else 0)
    for role in ("org_admin", "auditor", "platform_admin"):
        person = await org.person(role)
        assert ok(await person.http.get(f"{BASE}/learners/{pseudonym}"))["figures"] == me["figures"]
        trend = ok(await person.http.get(f"{BASE}/learners/{pseudonym}/trends"))
        assert sum(trend["values"]["attempts"]) == 2
        assert pseudonym in [one["pseudonym"] for one in ok(await person.http.get(f"{BASE}/learners"))["items"]]
    for stranger in (await elsewhere.person("org_admin"), await elsewhere.person("platform_admin")):
        for leaf in ("", "/trends"):
            refused(await stranger.http.get(f"{BASE}/learners/{pseudonym}{leaf}"), 404, "learner-not-found")
    for role in ("student", "instructor"):
        refused(await (await org.person(role)).http.get(f"{BASE}/learners/{pseudonym}"), 403, "forbidden")
    refused(await (await org.person("org_admin")).http.get(f"{BASE}/learners/{student.id}"), 404, "learner-not-found")


async def test_small_groups_are_withheld(platform: Platform) -> None:
    org = await platform.create_organisation()
    few, _ = await course_with(org, 4)
    many, _ = await course_with(org, 5)
    admin = await org.person("org_admin")
    small = ok(await admin.http.get(f"{BASE}/courses/{few.id}"))
    hidden = {"active_learners", "completion_rate", "score_mean", "score_p50", "progress"}
    assert hidden <= set(small["totals"]["suppressed"])
    assert small["totals"]["figures"]["progress"] == [None] * 5 + [0] * 6
    assert all(small["totals"]["figures"][name] is None for name in hidden - {"progress"})
    assert small["totals"]["figures"]["enrollments"] == 4
    assert [stage["share"] for stage in small["funnel"]] == [None] * 5
    assert small["units"][0]["figures"]["score_mean"] is None
    enough = ok(await admin.http.get(f"{BASE}/courses/{many.id}"))
    assert enough["totals"]["suppressed"] == []
    assert enough["totals"]["figures"]["score_mean"] == "80.0000"
    assert enough["totals"]["figures"]["progress"] == [5] + [0] * 10
    top = ok(await admin.http.get(f"{BASE}/top", params={"by": "score_mean"}))
    assert [item["course_id"] for item in top["items"]] == [str(many.id)]
    empty = ok(await admin.http.get(f"{BASE}/courses/{(await create_course(org)).id}"))
    assert empty["totals"]["suppressed"] == []
    assert empty["totals"]["figures"]["active_learners"] == 0


SCORES = {"score_mean", *(f"score_{name}" for name in ("p10", "p25", "p50", "p75", "p90"))}
DAYS = {f"completion_days_{name}" for name in ("p10", "p25", "p50", "p75", "p90")}


async def test_five_scores_of_one_learner_are_withheld(platform: Platform) -> None:
    org = await platform.create_organisation()
    course = await create_course(org, [text()])
    unit_id = UUID(course.units[0]["id"])
    lives = [Life(org.id, user_id, course.id).enrol(days_ago(1)) for user_id in await learners(org, 5)]
    for life in lives:
        life.advance(days_ago(1), "10", unit_id)
    for score in ("10", "20", "30", "40", "50"):
        lives[0].attempt(days_ago(1), score, unit_id)
    await fold(platform, [event for life in lives for event in life.events])
    admin = await org.person("org_admin")
    view = ok(await admin.http.get(f"{BASE}/courses/{course.id}"))
    assert view["totals"]["figures"]["active_learners"] == view["totals"]["figures"]["scored"] == 5
    assert set(view["totals"]["suppressed"]) == set(view["units"][0]["suppressed"]) == SCORES
    for shown in (view["totals"]["figures"], view["units"][0]["figures"]):
        assert {shown[name] for name in SCORES} == {None}
    async with streaming(platform.host, admin, f"scope=course&id={course.id}") as stream:
        assert set((await stream.event())[1]["totals"]["suppressed"]) == SCORES
    asked = {"metrics": "scored,score_mean,score_p50", "from": days_ago(1).isoformat()}
    for path in (f"courses/{course.id}/trends", "organisation/trends"):
        trend = ok(await admin.http.get(f"{BASE}/{path}", params=asked))
        assert trend["values"]["scored"][0] == 5
        assert trend["suppressed"] == {"score_mean": [0], "score_p50": [0]}
    [group] = ok(await admin.http.get(f"{BASE}/trends", params=asked))["groups"]
    assert group["suppressed"] == {"score_mean": [0], "score_p50": [0]}
    table = (await admin.http.get(f"{BASE}/organisation/trends", params={**asked, "format": "csv"})).text
    assert table.splitlines()[1].endswith(",5,,,score_mean score_p50")
    for name in ("score_mean", "score_p90"):
        assert ok(await admin.http.get(f"{BASE}/top", params={"by": name}))["items"] == []


async def test_grading_of_many_on_a_quiet_day_is_told(platform: Platform) -> None:
    org = await platform.create_organisation()
    course = await create_course(org, [text()])
    unit_id = UUID(course.units[0]["id"])
    lives = [Life(org.id, user_id, course.id).enrol(days_ago(9)) for user_id in await learners(org, 6)]
    for number, life in enumerate(lives):
        life.grade(days_ago(3), str(50 + 10 * number), unit_id)
        life.grade(days_ago(2), "100", unit_id, previous=str(50 + 10 * number))
    lives[0].grade(days_ago(2), "70", new_id())
    await fold(platform, [event for life in lives for event in life.events])
    asked = {
        "metrics": "active_learners,score_mean,score_p50", "from": days_ago(3).isoformat(),
        "to": days_ago(1).isoformat(),
    }  # fmt: skip
    trend = ok(await (await org.person("org_admin")).http.get(f"{BASE}/courses/{course.id}/trends", params=asked))
    assert trend["values"]["active_learners"][:2] == [0, 0]
    assert trend["values"]["score_mean"][:2] == ["75.0000", None]
    assert [float(score) for score in trend["values"]["score_p50"][:2]] == [70, 100]
    assert trend["suppressed"] == {"score_mean": [1]}  # the mean of the one score that was new


async def test_five_courses_of_one_learner_are_withheld(platform: Platform) -> None:
    org = await platform.create_organisation()
    people = await learners(org, 5)
    courses = [new_id() for _ in range(5)]
    one = [Life(org.id, people[0], course_id).enrol(days_ago(9)) for course_id in courses]
    others = [Life(org.id, user_id, courses[0]).enrol(days_ago(9)) for user_id in people[1:]]
    for life in one:
        life.complete(days_ago(2))
    await fold(platform, [event for life in (*one, *others) for event in life.events])
    admin = await org.person("org_admin")
    totals = ok(await admin.http.get(f"{BASE}/organisation"))["totals"]
    assert totals["figures"]["completions"] == totals["figures"]["active_learners"] == 5
    assert set(totals["suppressed"]) >= DAYS
    for life in others:
        life.events.clear()
        life.complete(days_ago(1))
    await fold(platform, [event for life in others for event in life.events])
    totals = ok(await admin.http.get(f"{BASE}/organisation"))["totals"]
    assert not DAYS & set(totals["suppressed"])
    assert totals["figures"]["completion_days_p50"] == pytest.approx(7, abs=0.001)


async def test_retention_by_week(platform: Platform) -> None:
    org = await platform.create_organisation()
    course = await create_course(org, [text()])
    monday = (NOW - timedelta(days=NOW.weekday())).replace(hour=0, minute=0, second=0)
    began = monday - timedelta(weeks=3)
    people = await learners(org, 10)
    events: list[Event] = []
    for number, user_id in enumerate(people):
        life = Life(org.id, user_id, course.id).enrol(began + timedelta(hours=number))
        if number < 6:
            life.advance(began + timedelta(weeks=1, hours=2), "10")
        if number < 3:
            life.advance(began + timedelta(weeks=2, hours=2), "20")
        events += life.events
        events.append(signed_in(org.id, user_id, began + timedelta(weeks=2), began))
    await fold(platform, events)
    matrix = ok(await course.instructor.http.get(f"{BASE}/courses/{course.id}/cohorts", params={"weeks": 4}))
    first = matrix["cohorts"][0]
    assert (first["cohort"], first["size"], first["active"]) == (str(began.date()), 10, [10, 6, None, 0])
    assert (first["retention"], first["suppressed"]) == (["100.0000", "60.0000", None, "0.0000"], ["active.2"])
    assert [row["size"] for row in matrix["cohorts"][1:]] == [0, 0, 0]
    admin = await org.person("org_admin")
    whole = ok(await admin.http.get(f"{BASE}/organisation/cohorts", params={"weeks": 4}))
    assert whole["cohorts"][0]["active"] == [0, 0, 10, 0]


async def test_tables_come_as_csv_and_parquet(platform: Platform) -> None:
    org = await platform.create_organisation()
    course, _ = await course_with(org, 6, title='=HYPERLINK("http://evil")')
    admin = await org.person("org_admin")
    paths = {
        f"{BASE}/organisation/trends?metrics=enrollments,score_mean,revenue": 31,
        f"{BASE}/trends?metrics=enrollments,active_learners": 31,
        f"{BASE}/top?by=score_mean": 1,
        f"{BASE}/courses/{course.id}/cohorts?weeks=3": 6,
        f"{BASE}/learners/me/trends": 31,
    }
    for path, count in paths.items():
        document = ok(await admin.http.get(path))
        assert document
        as_csv = await admin.http.get(path, headers={"accept": "application/json;q=0.5, text/csv"})
        assert (as_csv.status_code, as_csv.headers["content-type"]) == (200, "text/csv; charset=utf-8")
        rows = list(csv.reader(io.StringIO(as_csv.text)))
        as_parquet = await admin.http.get(f"{path}&format=parquet" if "?" in path else f"{path}?format=parquet")
        assert as_parquet.headers["content-type"] == PARQUET
        table = pyarrow.parquet.read_table(io.BytesIO(as_parquet.content))
        assert (table.column_names, table.num_rows) == (rows[0], len(rows) - 1)
        assert table.num_rows in (count, count - 1), path
    listed = (await admin.http.get(f"{BASE}/top?format=csv")).text
    assert f'{course.id},"\'=HYPERLINK(""http://evil"")",6' in listed
    refused(await admin.http.get(f"{BASE}/top?format=xls"), 422, "invalid")


BAD_QUESTIONS = [
    ("organisation/trends", {"metrics": "nonsense"}, "unknown_metric"),
    ("organisation/trends", {"metrics": ""}, "unknown_metric"),
    ("organisation/trends", {"metrics": "score_mean", "granularity": "hour"}, "days_only"),
    ("organisation/trends", {"metrics": ",".join(["events"] * 30)}, None),
    ("organisation/trends", {"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "empty_range"),
    ("organisation/trends", {"from": "2001-01-01T00:00:00Z"}, "too_many_windows"),
    ("organisation/trends", {"from": "0001-01-01T00:00:00Z"}, "out_of_range"),
    ("organisation/trends", {"to": "9999-12-31T23:59:59Z"}, "out_of_range"),
    ("organisation/trends", {"from": "2026-01-01T00:00:00"}, "timezone_aware"),
    ("organisation/trends", {"metrics": "active_learners", "from": days_ago(500).isoformat()}, "too_many_windows"),
    ("organisation/trends", {"metrics": "events", "from": days_ago(500).isoformat()}, None),
    ("organisation", {"from": days_ago(500).isoformat()}, "too_many_windows"),
    ("trends", {"course_id": ["x"]}, "uuid_parsing"),
    ("top", {"by": "score_mean", "from": days_ago(3).isoformat()}, "unknown_metric"),
    ("organisation/cohorts", {"weeks": "0"}, "greater_than_equal"),
]


@pytest.mark.parametrize(("path", "question", "code"), BAD_QUESTIONS)
async def test_questions_that_cannot_be_answered(
    platform: Platform, path: str, question: Any, code: str | None
) -> None:
    org = await platform.create_organisation()
    answer = await (await org.person("org_admin")).http.get(f"{BASE}/{path}", params=question)
    if code is None:
        ok(answer)
    else:
        assert refused(answer, 422, "invalid")["errors"][0]["code"] == code


async def test_fine_windows_are_only_those_kept(platform: Platform) -> None:
    admin: Account = await (await platform.create_organisation()).person("org_admin")
    for granularity, kept in (("minute", 7), ("hour", 90)):
        before = {"from": days_ago(kept + 1).isoformat(), "to": days_ago(kept + 0.9).isoformat()}
        answer = await admin.http.get(f"{BASE}/organisation/trends", params={"granularity": granularity, **before})
        assert refused(answer, 422, "invalid")["errors"][0]["code"] == "not_kept"
        recent = {"from": days_ago(kept - 0.5).isoformat(), "to": days_ago(kept - 1).isoformat(), "metrics": "events"}
        ok(await admin.http.get(f"{BASE}/organisation/trends", params={"granularity": granularity, **recent}))
