"""Who in a course may withdraw or fail, why, and what may help."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from pydantic import Field

from actors.agent.kinds.base import Asker, Input, Outputs, TaskKind
from actors.agent.plan import Step, asked


class Wanted(Input):
    course_id: UUID
    most: int = Field(default=20, ge=1, le=50, description="How many learners, the highest risk first")


class CourseRisks(TaskKind[Wanted]):
    """Personal data of many, so somebody approves before anything is predicted. It proposes, and a person acts."""

    name = "course_risks"
    title = "Who needs help"
    description = "Learners of a course who may withdraw or fail, with the reasons and what may help"
    tools = frozenset({"predict_risks"})
    input = Wanted

    def plan(self, asker: Asker, wanted: Wanted) -> Iterator[Step]:
        yield Step(
            key="risks",
            tool="predict_risks",
            arguments=asked(course_id=wanted.course_id, most=wanted.most),
            why="What was asked for",
        )

    def result(self, wanted: Wanted, outputs: Outputs) -> dict[str, Any]:
        return {name: outputs["risks"][name] for name in ("predicted", "learners", "models")}

    def criteria(self, wanted: Wanted, result: Mapping[str, Any], outputs: Outputs) -> Iterator[str]:
        if any(not one["reasons"] for one in result["learners"] if one["level"] != "low"):
            yield "a learner is said to be at risk for no reason"


KIND = CourseRisks()
