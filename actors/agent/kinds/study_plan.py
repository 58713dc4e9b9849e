"""What to do next in several courses, within the time there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from pydantic import Field

from actors.agent.kinds.base import Asker, Input, Outputs, TaskKind
from actors.agent.plan import Step, asked

_TOLD = ("minutes", "steps", "closed", "skills", "model")


class Wanted(Input):
    courses: tuple[UUID, ...] = Field(min_length=1, max_length=10)
    minutes: int = Field(default=45, ge=5, le=600)


class StudyPlan(TaskKind[Wanted]):
    """Reads only. The minutes are shared out evenly among the courses."""

    name = "study_plan"
    title = "What to do next"
    description = (
        "The next units of one's courses with the reasons, those that wait for a grade or have no attempt left, and"
        " what one knows of each"
    )
    tools = frozenset({"read_own_path"})
    input = Wanted

    def plan(self, asker: Asker, wanted: Wanted) -> Iterator[Step]:
        courses = list(dict.fromkeys(wanted.courses))
        share = max(5, wanted.minutes // len(courses))
        for number, course in enumerate(courses, start=1):
            yield Step(key=f"course_{number}", tool="read_own_path", arguments=asked(course_id=course, minutes=share))

    def result(self, wanted: Wanted, outputs: Outputs) -> dict[str, Any]:
        courses = list(dict.fromkeys(wanted.courses))
        return {
            "courses": [
                {"course_id": str(course), **{name: told[name] for name in _TOLD}}
                for course, told in zip(courses, outputs.values(), strict=True)
            ]
        }

    def criteria(self, wanted: Wanted, result: Mapping[str, Any], outputs: Outputs) -> Iterator[str]:
        # The last step may take more: where nothing new fits, it is to be begun.
        plans = ((one["minutes"], [step["minutes"] for step in one["steps"]]) for one in result["courses"])
        if any(sum(steps[:-1]) > minutes for minutes, steps in plans):
            yield "a course takes more than its minutes"


KIND = StudyPlan()
