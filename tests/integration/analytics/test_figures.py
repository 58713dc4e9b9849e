"""Figures equal a naive count of the same events, by scope and by window."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from statistics import fmean
from typing import Any

import pytest

from stores.events import Event
from tests.integration.analytics.support import BASE, NOW, Life, days_ago, fold, learners, ok, reviewed
from tests.integration.enrollments.support import CourseFixture, create_course, quiz, text
from tests.platform import Organisation, Platform


class World:
    """Forty learners in two courses, over three weeks."""

    def __init__(self, org: Organisation, courses: list[CourseFixture], lives: list[Life], more: list[Event]) -> None:
        self.org = org
        self.courses = courses
        self.lives = lives
        self.events = [event for life in lives for event in life.events] + more

    def of(self, course: CourseFixture) -> list[Event]:
        return [event for event in self.events if event.data.get("course_id") == str(course.id)]


@pytest.fixture(scope="module")
async def world(platform: Platform) -> World:
    org = await platform.create_organisation()
    courses = [await create_course(org, [text("Read"), quiz("Check")]) for _ in range(2)]
    people = await learners(org, 40)
    chance = random.Random(7)
    lives: list[Life] = []
    more: list[Event] = []
    for number, user_id in enumerate(people):
        for course in courses if number % 3 == 0 else courses[:1]:
            unit_ids = [unit["id"] for unit in course.units]
            life = Life(org.id, user_id, course.id).enrol(days_ago(chance.uniform(2, 20)))
            lives.append(life)
            fate = chance.random()
            if fate > 0.2:
                life.attempt(days_ago(1.5), str(chance.randint(0, 100)), unit_ids[1])
                life.advance(days_ago(1.2), "50.00", unit_ids[0])
            if fate > 0.6:
                life.complete(days_ago(chance.uniform(0, 1)))
                more.append(reviewed(org.id, user_id, course.id, chance.randint(1, 5)))
            elif fate < 0.1:
                life.drop(days_ago(1))
    built = World(org, courses, lives, more)
    await fold(platform, built.events)
    return built


def counted(events: Iterable[Event]) -> Counter[str]:
    return Counter(event.type.removesuffix(".v1") for event in events)


async def test_a_course_in_figures(world: World) -> None:
    course, teacher = world.courses[0], await world.org.person("instructor")
    view = ok(await teacher.http.get(f"{BASE}/courses/{course.id}"))
    assert (view["scope"], view["id"], view["title"], view["range"]) == ("course", str(course.id), "Course", None)
    figures, suppressed = view["totals"]["figures"], view["totals"]["suppressed"]
    lives = [life for life in world.lives if life.course_id == course.id]
    happened, standing = counted(world.of(course)), Counter(life.status for life in lives)
    assert figures["events"] == len(world.of(course))
    assert figures["enrollments"] == len(lives) == 40
    assert figures["active_learners"] == 40
    for status in ("waitlisted", "active", "completed", "dropped", "expired"):
        assert figures[status] == standing[status]
    assert figures["completions"] == figures["certificates"] == happened["enrollment.completed"]
    assert figures["completion_rate"] == str((Decimal(100 * standing["completed"]) / 40).quantize(Decimal("0.0001")))
    scores = [float(e.data["quiz_score"]) for e in world.of(course) if e.type == "quiz.attempted.v1"]
    assert float(figures["score_mean"]) == pytest.approx(fmean(scores), abs=1e-4)
    assert float(figures["score_p50"]) == pytest.approx(sorted(scores)[len(scores) // 2], abs=5)
    took = [
        (event.time - life.enrolled_at).total_seconds() / 86400
        for life in lives
        for event in life.events
        if event.type == "enrollment.completed.v1" and life.enrolled_at
    ]
    assert min(took) <= figures["completion_days_p10"] <= figures["completion_days_p90"] <= max(took) + 0.001
    assert figures["revenue"] == f"{10 * 40}.00"
    ratings = [e.data["rating"] for e in world.of(course) if e.type == "review.written.v1"]
    assert figures["ratings"] == [ratings.count(rating) for rating in range(1, 6)]
    assert float(figures["rating_mean"]) == pytest.approx(fmean(ratings), abs=1e-4)
    deciles = Counter(int(life.progress) // 10 for life in lives)
    shown = figures["progress"]
    assert shown[10] == deciles[10]
    assert all(cell is None or cell == deciles[n] for n, cell in enumerate(shown))
    assert ("progress" in suppressed) == (None in shown)


async def test_its_units_and_its_funnel(world: World) -> None:
    course, teacher = world.courses[0], await world.org.person("instructor")
    view = ok(await teacher.http.get(f"{BASE}/courses/{course.id}"))
    assert [unit["title"] for unit in view["units"]] == ["Read", "Check"]
    scores = [float(e.data["quiz_score"]) for e in world.of(course) if e.type == "quiz.attempted.v1"]
    check = view["units"][1]["figures"]
    assert check["attempts"] == check["scored"] == len(scores)
    assert float(check["score_mean"]) == pytest.approx(fmean(scores), abs=1e-4)
    assert view["units"][0]["figures"]["units_completed"] == len(scores)
    lives = [life for life in world.lives if life.course_id == course.id]
    completed = sum(life.status == "completed" for life in lives)
    reached = [
        40,
        *(sum(life.progress >= bound for life in lives) for bound in (Decimal("0.01"), 50)),
        completed,
        completed,
    ]
    funnel = ok(await teacher.http.get(f"{BASE}/courses/{course.id}/funnel"))
    assert [stage["enrollments"] for stage in funnel["stages"]] == reached
    assert next(stage["share"] for stage in funnel["stages"]) == "100.0000"
    assert view["funnel"] == funnel["stages"]


async def test_the_organisation_adds_up(world: World) -> None:
    admin = await world.org.person("org_admin")
    view = ok(await admin.http.get(f"{BASE}/organisation"))
    figures = view["totals"]["figures"]
    assert figures["enrollments"] == len(world.lives)
    assert figures["active_learners"] == 40
    assert figures["events"] == len(world.events)
    funnel = ok(await admin.http.get(f"{BASE}/organisation/funnel"))
    assert funnel["stages"][0]["enrollments"] == len(world.lives)


@pytest.mark.parametrize(("granularity", "days"), [("day", 25), ("hour", 21), ("minute", 1)])
async def test_trends_are_dense_and_right(world: World, granularity: str, days: int) -> None:
    course, teacher = world.courses[0], await world.org.person("instructor")
    answer = await teacher.http.get(
        f"{BASE}/courses/{course.id}/trends",
        params={
            "from": days_ago(days).isoformat(), "to": NOW.isoformat(), "granularity": granularity,
            "metrics": "enrollments,events,active,revenue",
        },
    )  # fmt: skip
    trend = ok(answer)
    step = {"day": timedelta(days=1), "hour": timedelta(hours=1), "minute": timedelta(minutes=1)}[granularity]
    times = [datetime.fromisoformat(time) for time in trend["times"]]
    assert all(later - earlier == step for earlier, later in itertools.pairwise(times))
    assert datetime.fromisoformat(trend["from"]) == times[0] <= days_ago(days)
    assert NOW <= datetime.fromisoformat(trend["to"]) == times[-1] + step
    for place, start in enumerate(times):
        inside = [event for event in world.of(course) if start <= event.time < start + step]
        happened = counted(inside)
        assert trend["values"]["events"][place] == len(inside)
        assert trend["values"]["enrollments"][place] == happened["enrollment.created"]
        assert trend["values"]["revenue"][place] == f"{10 * happened['enrollment.created']}.00"
        change = happened["enrollment.created"] - happened["enrollment.completed"] - happened["enrollment.dropped"]
        assert trend["values"]["active"][place] == change
    assert trend["suppressed"] == {}


async def test_active_learners_of_windows_are_withheld_where_few(world: World) -> None:
    course, teacher = world.courses[0], await world.org.person("instructor")
    trend = ok(
        await teacher.http.get(
            f"{BASE}/courses/{course.id}/trends",
            params={"metrics": "active_learners,score_mean,completion_days_p50", "from": days_ago(25).isoformat()},
        )
    )
    hidden = trend["suppressed"].get("active_learners", [])
    for place, time in enumerate(trend["times"]):
        start = datetime.fromisoformat(time)
        inside = [e for e in world.of(course) if start <= e.time < start + timedelta(days=1)]
        acting = {e.key for e in inside if e.type.startswith(("quiz", "unit", "enrollment.created", "review"))}
        value = trend["values"]["active_learners"][place]
        assert value == (None if 0 < len(acting) < 5 else len(acting))
        assert (place in hidden) == (0 < len(acting) < 5)


async def test_a_range_is_of_whole_days(world: World) -> None:
    admin = await world.org.person("org_admin")
    since = days_ago(10)
    view = ok(await admin.http.get(f"{BASE}/organisation", params={"from": since.isoformat()}))
    start, end = (datetime.fromisoformat(view["range"][name]) for name in ("from", "to"))
    assert start == since.replace(hour=0, minute=0, second=0)
    assert end > NOW
    inside = [event for event in world.events if start <= event.time < end]
    assert view["range"]["figures"]["events"] == len(inside)
    assert view["range"]["figures"]["enrollments"] == counted(inside)["enrollment.created"]
    assert "score_mean" not in view["range"]["figures"]
    acting = {
        e.key for e in inside if not e.type.startswith(("certificate", "enrollment.completed", "enrollment.dropped"))
    }
    assert view["range"]["figures"]["active_learners"] == len(acting)


async def test_top_lists_and_courses_side_by_side(world: World) -> None:
    admin = await world.org.person("org_admin")
    top = ok(await admin.http.get(f"{BASE}/top", params={"by": "enrollments"}))
    assert [item["course_id"] for item in top["items"]] == [str(course.id) for course in world.courses]
    assert [item["value"] for item in top["items"]] == [40, 14]
    recent = ok(
        await admin.http.get(f"{BASE}/top", params={"by": "revenue", "from": days_ago(7).isoformat(), "limit": 1})
    )
    inside = [e for e in world.of(world.courses[0]) if e.time >= datetime.fromisoformat(recent["from"])]
    assert recent["items"][0]["value"] == f"{10 * counted(inside)['enrollment.created']}.00"
    scores = ok(await admin.http.get(f"{BASE}/top", params={"by": "score_mean"}))
    values = [Decimal(item["value"]) for item in scores["items"]]
    assert values == sorted(values, reverse=True)
    grouped = ok(
        await admin.http.get(f"{BASE}/trends", params={"metrics": "enrollments", "from": days_ago(25).isoformat()})
    )
    assert [sum(group["values"]["enrollments"]) for group in grouped["groups"]] == [40, 14]
    second = str(world.courses[1].id)
    one = ok(await admin.http.get(f"{BASE}/trends", params={"course_id": second, "group_by": "course"}))
    assert [group["course_id"] for group in one["groups"]] == [second]


async def test_the_platform_has_them_all(world: World) -> None:
    operator = await world.org.person("platform_admin")
    view: dict[str, Any] = ok(await operator.http.get(f"{BASE}/platform"))
    assert (view["scope"], view["id"]) == ("platform", None)
    assert view["totals"]["figures"]["enrollments"] >= len(world.lives)
    trend = ok(await operator.http.get(f"{BASE}/platform/trends", params={"metrics": "enrollments"}))
    assert sum(trend["values"]["enrollments"]) >= len(world.lives)
    assert datetime.fromisoformat(trend["to"]).tzinfo == UTC
