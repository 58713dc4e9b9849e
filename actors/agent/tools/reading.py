"""Tools that read what the person who asks may read: course content, one's own progress."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from actors.agent.origins import ANYTHING, From
from actors.agent.tools.base import Arguments, Result, Services, Tool
from learning.governance.vocabulary import DataClass, Effect, Origin


class Question(Arguments):
    """`query` only finds: whatever it says, what comes back is text that somebody may read anyway."""

    query: Annotated[str, ANYTHING, Field(min_length=1, max_length=1000)]
    course_id: UUID | None = None
    limit: int = Field(default=5, ge=1, le=20)


class Passage(Result):
    course_id: UUID
    course_title: str
    unit_id: UUID
    heading: str
    text: str


class Passages(Result):
    passages: Annotated[tuple[Passage, ...], From(Origin.COURSE_TEXT)]
    found: int


async def _passages(services: Services, asked: Question) -> Passages:
    query = {"q": asked.query, "limit": asked.limit}
    if asked.course_id is not None:
        query["course_id"] = str(asked.course_id)
    items = (await services.get("/api/courses/passages", query))["items"]
    return Passages(passages=items, found=len(items))


READ_CONTENT = Tool(
    name="read_content",
    description="Find passages of published courses that the person may read",
    permission="courses.read",
    effect=Effect.READ,
    data=frozenset({DataClass.COURSE}),
    arguments=Question,
    result=Passages,
    run=_passages,
)


class OwnCourse(Arguments):
    course_id: UUID


class Unit(Result):
    unit_id: UUID
    title: str
    kind: str
    completed: bool
    score: str | None


class Progress(Result):
    """Titles are the course's words; the rest are figures."""

    enrolled: bool
    status: str | None = None
    progress: str | None = None
    score: str | None = None
    units: Annotated[tuple[Unit, ...], From(Origin.COURSE_TEXT, Origin.TOOL)] = ()


async def _own_progress(services: Services, asked: OwnCourse) -> Progress:
    found = await services.get("/api/enrollments", {"course_id": str(asked.course_id), "limit": 1})
    if not found["items"]:
        return Progress(enrolled=False)
    told = await services.get(f"/api/enrollments/{found['items'][0]['id']}/progress")
    units = [{**unit, "completed": unit["completed_at"] is not None} for unit in told["units"]]
    return Progress(
        enrolled=True, status=told["status"], progress=told["progress"], score=told["score"],
        units=[Unit.model_validate(unit) for unit in units],
    )  # fmt: skip


READ_OWN_PROGRESS = Tool(
    name="read_own_progress",
    description="Read how far the person is in a course",
    permission="enrollments.own",
    also_needs=frozenset({"enrollments.read"}),
    effect=Effect.READ,
    data=frozenset({DataClass.OWN}),
    arguments=OwnCourse,
    result=Progress,
    run=_own_progress,
)
