"""Grades that somebody proposes, given once another person has looked at them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from actors.agent.kinds.base import Asker, Input, Outputs, TaskKind
from actors.agent.plan import Step, asked


class Proposal(Input):
    enrollment_id: UUID
    unit_id: UUID
    submission_id: UUID
    points: Annotated[Decimal, Field(ge=0, lt=1_000_000, decimal_places=2, allow_inf_nan=False)]
    feedback: Annotated[str, StringConstraints(max_length=20_000)] = ""


class Wanted(Input):
    course_id: UUID
    grades: tuple[Proposal, ...] = Field(min_length=1, max_length=15)


class ApplyGrades(TaskKind[Wanted]):
    """The work is read for whoever approves to see; nothing in it reaches an argument of a grade."""

    name = "apply_grades"
    title = "Give several grades"
    description = "Proposed grades with feedback, given after approval"
    tools = frozenset({"read_submission", "grade_submission"})
    input = Wanted

    def plan(self, asker: Asker, wanted: Wanted) -> Iterator[Step]:
        for number, one in enumerate(wanted.grades, start=1):
            yield Step(
                key=f"read_{number}",
                tool="read_submission",
                arguments=asked(enrollment_id=one.enrollment_id, unit_id=one.unit_id),
                why="For whoever approves the grade",
            )
        for number, one in enumerate(wanted.grades, start=1):
            yield Step(
                key=f"grade_{number}",
                tool="grade_submission",
                arguments=asked(submission_id=one.submission_id, points=str(one.points), feedback=one.feedback),
            )

    def result(self, wanted: Wanted, outputs: Outputs) -> dict[str, Any]:
        given = [outputs[f"grade_{number}"] for number in range(1, len(wanted.grades) + 1)]
        return {"grades": given}

    def criteria(self, wanted: Wanted, result: Mapping[str, Any], outputs: Outputs) -> Iterator[str]:
        for number, one in enumerate(wanted.grades, start=1):
            if outputs[f"read_{number}"]["submission_id"] != str(one.submission_id):
                yield f"grade {number}: what was read is another submission"


KIND = ApplyGrades()
