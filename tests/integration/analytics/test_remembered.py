"""What a replica remembers of a course holds until an aggregator says that it changed, and no longer."""

from __future__ import annotations

from typing import Any

from tests.integration.analytics.support import BASE, ok
from tests.integration.analytics.test_stream import enrol, service
from tests.integration.enrollments.support import CourseFixture, create_course, text
from tests.patience import patiently
from tests.platform import Organisation, Platform


async def test_figures_are_remembered_until_they_change(platform: Platform) -> None:
    org = await platform.create_organisation()
    course = await create_course(org, [text("Read")])
    await enrol(org, course, 10)
    assert await enrolments_until(org, course, 10)
    figures = service(platform).views.remembered._figures
    async for (
        _
    ) in patiently():  # nothing is while the channel is not heard, or what was said of others comes in between
        if figures.get(course.id) is not None:
            break
        await enrolments(org, course)
    known = figures.get(course.id)
    assert known is not None
    assert await enrolments(org, course) == 10
    assert figures.get(course.id) is known
    await enrol(org, course, 7)
    assert await enrolments_until(org, course, 17)


async def enrolments(org: Organisation, course: CourseFixture) -> int:
    teacher = await org.person("instructor")
    view: dict[str, Any] = ok(await teacher.http.get(f"{BASE}/courses/{course.id}"))
    return int(view["totals"]["figures"]["enrollments"])


async def enrolments_until(org: Organisation, course: CourseFixture, count: int) -> bool:
    """Whether they come to be so many: a message arrives a little after its commit."""
    async for _ in patiently():
        if await enrolments(org, course) == count:
            return True
    return False
