"""Grades that somebody proposes, given once another person has looked at them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints, field_validator

from actors.agent.kinds.base import Asker, Input, Outputs, TaskKind
from actors.agent.plan import Step, Taken, asked


class Proposal(Input):
    enrollment_id: UUID
    unit_id: UUID
    submission_id: UUID
    points: Annotated[Decimal, Field(ge=0, lt=1_000_000, decimal_places=2, allow_inf_nan=False)]
    feedback: Annotated[str, StringConstraints(max_length=20_000)] = ""


class Wanted(Input):
    course_id: UUID
    grades: tuple[Proposal, ...] = Field(min_length=1, max_length=15)

    @field_validator("grades")
    @classmethod
    def _distinct(cls, found: tuple[Proposal, ...]) -> tuple[Proposal, ...]:
        if len({one.submission_id for one in found}) < len(found):
            raise ValueError("names a submission twice")
        return found


class ApplyGrades(TaskKind[Wanted]):
    """Each work is read first. A grade takes from there which work it is for, at which revision: so it is asked about
    where the work can be seen, and what somebody gave meanwhile stays. None of the work's words reach a grade."""

    name = "apply_grades"
    title = "Give several grades"
    description = "Proposed grades with feedback, given after approval of each beside its work"
    tools = frozenset({"read_submission", "grade_submission"})
    input = Wanted

    def plan(self, asker: Asker, wanted: Wanted) -> Iterator[Step]:
        for number, one in enumerate(wanted.grades, start=1):
            yield Step(
                key=f"read_{number}",
                tool="read_submission",
                arguments=asked(enrollment_id=one.enrollment_id, unit_id=one.unit_id, submission_id=one.submission_id),
                why="For whoever approves the grade",
            )
        for number, one in enumerate(wanted.grades, start=1):
            read = f"read_{number}"
            yield Step(
                key=f"grade_{number}",
                tool="grade_submission",
                arguments=asked(
                    submission_id=Taken(step=read, path="submission_id"),
                    revision=Taken(step=read, path="revision"),
                    points=str(one.points),
                    feedback=one.feedback,
                ),
            )

    def result(self, wanted: Wanted, outputs: Outputs) -> dict[str, Any]:
        numbers = range(1, len(wanted.grades) + 1)
        return {
            "grades": [
                {**outputs[f"grade_{number}"], "maximum_points": outputs[f"read_{number}"]["maximum_points"]}
                for number in numbers
            ]
        }


KIND = ApplyGrades()
