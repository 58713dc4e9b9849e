"""Submissions graded by the platform's models, where they are sure enough; the rest is left for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from pydantic import Field, field_validator

from actors.agent.kinds.base import Asker, Input, Outputs, TaskKind
from actors.agent.plan import Step, Taken, asked


class Wanted(Input):
    course_id: UUID
    submissions: tuple[UUID, ...] = Field(min_length=1, max_length=10)

    @field_validator("submissions")
    @classmethod
    def _distinct(cls, found: tuple[UUID, ...]) -> tuple[UUID, ...]:
        if len(set(found)) < len(found):
            raise ValueError("names a submission twice")
        return found


class GradeSubmissions(TaskKind[Wanted]):
    """Grades are suggested first; whoever approves sees the points and the feedback of each before it is given."""

    name = "grade_submissions"
    title = "Grade submissions"
    description = "Grades suggested by models, given after approval where they are sure enough"
    tools = frozenset({"suggest_grade", "give_suggested_grade"})
    input = Wanted

    def plan(self, asker: Asker, wanted: Wanted) -> Iterator[Step]:
        for number, submission_id in enumerate(wanted.submissions, start=1):
            yield Step(
                key=f"suggest_{number}",
                tool="suggest_grade",
                arguments=asked(course_id=wanted.course_id, submission_id=submission_id),
                why="What is graded, and how sure it is",
            )
        for number, submission_id in enumerate(wanted.submissions, start=1):
            suggested = f"suggest_{number}"
            yield Step(
                key=f"grade_{number}",
                tool="give_suggested_grade",
                arguments=asked(
                    submission_id=submission_id,
                    revision=Taken(step=suggested, path="submission_revision"),
                    points=Taken(step=suggested, path="points"),
                    feedback=Taken(step=suggested, path="feedback"),
                    needs_person=Taken(step=suggested, path="needs_person"),
                ),
            )

    def result(self, wanted: Wanted, outputs: Outputs) -> dict[str, Any]:
        numbers = range(1, len(wanted.submissions) + 1)
        given = [outputs[f"grade_{number}"] for number in numbers]
        return {
            "graded": [one for one in given if one["graded"]],
            "for_a_person": [
                {
                    "submission_id": one["submission_id"],
                    **{name: outputs[f"suggest_{number}"][name] for name in ("points", "confidence", "concerns")},
                }
                for number, one in zip(numbers, given, strict=True)
                if not one["graded"]
            ],
        }

    def criteria(self, wanted: Wanted, result: Mapping[str, Any], outputs: Outputs) -> Iterator[str]:
        found = {one["submission_id"] for one in [*result["graded"], *result["for_a_person"]]}
        if found != {str(one) for one in wanted.submissions}:
            yield "not every submission was graded or left for a person"


KIND = GradeSubmissions()
