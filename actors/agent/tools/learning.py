"""Tools that read what the person who asks knows, and what they are advised to do next."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from actors.agent.origins import From
from actors.agent.tools.base import Arguments, Result, Services, Tool
from learning.governance.vocabulary import DataClass, Effect, Origin


class OwnPath(Arguments):
    course_id: UUID
    minutes: int | None = Field(default=None, ge=5, le=600)


class KnownSkill(Result):
    skill_id: UUID
    title: str
    level: str
    known: float
    explanation: str


class NextStep(Result):
    unit_id: UUID
    title: str
    minutes: int
    why: str
    reason: str


class ClosedUnit(Result):
    unit_id: UUID
    title: str


class Advice(Result):
    """Titles, which reasons and explanations name too, are the course's words; the rest are figures. In what
    is `closed` nothing can be done now: it waits for a grade, or has no attempt left."""

    model: str
    minutes: int
    skills: Annotated[tuple[KnownSkill, ...], From(Origin.COURSE_TEXT, Origin.TOOL)]
    steps: Annotated[tuple[NextStep, ...], From(Origin.COURSE_TEXT, Origin.TOOL)]
    closed: Annotated[tuple[ClosedUnit, ...], From(Origin.COURSE_TEXT, Origin.TOOL)] = ()


async def _own_path(services: Services, asked: OwnPath) -> Advice:
    at = f"/api/learning/courses/{asked.course_id}"
    known = await services.get(f"{at}/mastery")
    path = await services.get(f"{at}/path", {"minutes": asked.minutes} if asked.minutes else None)
    return Advice(
        model=path["made_by"]["model"],
        minutes=path["minutes"],
        skills=known["skills"],
        steps=path["steps"],
        closed=path["closed"],
    )


READ_OWN_PATH = Tool(
    name="read_own_path",
    description="Read what the person knows of a course, and what they are advised to do next",
    permission="paths.own",
    also_needs=frozenset({"mastery.own"}),
    effect=Effect.READ,
    data=frozenset({DataClass.OWN}),
    arguments=OwnPath,
    result=Advice,
    run=_own_path,
)
