"""Paths as requests and answers have them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from deployments.learning.knowledge_schemas import MadeBy
from deployments.learning.path_repository import Goals
from deployments.learning.paths import Path
from learning.paths.units import Seen

Minutes = Annotated[int, Field(ge=5, le=600, description="For one sitting")]


class StepView(BaseModel):
    unit_id: UUID
    title: str
    minutes: int
    why: Literal["review", "repeat", "goal", "prepares", "gap", "next"]
    reason: str


class ReviewView(BaseModel):
    unit_id: UUID
    title: str
    due: datetime = Field(description="When to see it again")
    remembered: float = Field(description="The chance that it is still remembered now")

    @classmethod
    def of(cls, seen: Seen, title: str) -> Self:
        return cls(unit_id=UUID(seen.unit_id), title=title, due=seen.due, remembered=round(seen.remembered, 4))


class GoalsView(BaseModel):
    skill_ids: list[UUID]
    minutes: int
    set_at: datetime

    @classmethod
    def of(cls, goals: Goals) -> Self:
        return cls(**{name: getattr(goals, name) for name in cls.model_fields})


class ClosedView(BaseModel):
    unit_id: UUID
    title: str


class PathMadeBy(MadeBy):
    planner: str = "worth for the minutes, after what comes first; reviews by FSRS-6"


class PathView(BaseModel):
    course_id: UUID
    user_id: UUID
    minutes: int
    goals: GoalsView | None
    finished: bool = Field(description="Whether every unit is done")
    steps: list[StepView] = Field(
        description="In the order in which to do them, within the minutes; one to begin where none fits"
    )
    closed: list[ClosedView] = Field(
        description="Units that are not done and in which nothing can be done now: what was handed in has no grade yet,"
        " or no attempt is left"
    )
    reviews: list[ReviewView] = Field(description="Every unit that was done, what is due first at the top")
    planned_at: datetime
    made_by: PathMadeBy

    @classmethod
    def of(cls, path: Path) -> Self:
        standing, titles = path.known.standing, path.titles
        assert standing.user_id is not None
        return cls(
            course_id=standing.course_id, user_id=standing.user_id, minutes=path.minutes, finished=path.finished,
            goals=GoalsView.of(path.goals) if path.goals else None,
            steps=[
                StepView(
                    unit_id=UUID(step.unit.id), title=step.unit.title, minutes=step.unit.minutes,
                    why=step.why.value, reason=step.reason,
                )
                for step in path.steps
            ],
            closed=[ClosedView(unit_id=UUID(id), title=titles[id]) for id in path.closed],
            reviews=[ReviewView.of(one, titles[one.unit_id]) for one in path.reviews if one.unit_id in titles],
            planned_at=path.planned_at,
            made_by=PathMadeBy(model=path.known.model, answers=standing.answers or 0, at=standing.traced_at),
        )  # fmt: skip


class GoalsSet(BaseModel):
    model_config = ConfigDict(extra="forbid")

    skill_ids: list[UUID] = Field(max_length=50)
    minutes: Minutes = 45


class UnitReview(BaseModel):
    model_config = ConfigDict(extra="forbid")

    rating: Literal["again", "hard", "good", "easy"] = Field(description="How well one remembered it; again: not")
