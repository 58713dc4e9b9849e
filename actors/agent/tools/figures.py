"""Tools that ask analytics."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from actors.agent.origins import From, Takes
from actors.agent.tools.base import Arguments, Result, Services, Tool
from learning.governance.vocabulary import DataClass, Effect, Origin


class CourseAsked(Arguments):
    course_id: Annotated[UUID, Takes(Origin.ASKER, Origin.ORGANISATION)]


class CourseFigures(Result):
    """Figures about small groups are withheld where they come from; titles of units are the course's words."""

    figures: dict[str, Any]
    suppressed: list[str]
    funnel: list[dict[str, Any]]
    units: Annotated[list[dict[str, Any]], From(Origin.COURSE_TEXT, Origin.TOOL)]


async def _figures(services: Services, asked: CourseAsked) -> CourseFigures:
    told = await services.get(f"/api/analytics/courses/{asked.course_id}")
    totals = told["totals"]
    return CourseFigures(
        figures=totals["figures"], suppressed=totals["suppressed"], funnel=told["funnel"], units=told["units"]
    )


READ_FIGURES = Tool(
    name="read_course_figures",
    description="Read a course's figures: totals, units, from enrolment to certificate",
    permission="analytics.courses",
    effect=Effect.READ,
    data=frozenset({DataClass.AGGREGATE}),
    arguments=CourseAsked,
    result=CourseFigures,
    run=_figures,
)
