"""How the person who asks stands in several courses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from pydantic import Field

from actors.agent.kinds.base import Asker, Input, Outputs, TaskKind
from actors.agent.plan import Step, asked


class Wanted(Input):
    courses: tuple[UUID, ...] = Field(min_length=1, max_length=20)


class OwnStanding(TaskKind[Wanted]):
    """Reads only."""

    name = "own_standing"
    title = "Where I stand"
    description = "One's own progress and scores in several courses"
    tools = frozenset({"read_own_progress"})
    input = Wanted

    def plan(self, asker: Asker, wanted: Wanted) -> Iterator[Step]:
        for number, course in enumerate(dict.fromkeys(wanted.courses), start=1):
            yield Step(key=f"course_{number}", tool="read_own_progress", arguments=asked(course_id=course))

    def result(self, wanted: Wanted, outputs: Outputs) -> dict[str, Any]:
        courses = list(dict.fromkeys(wanted.courses))
        return {
            "courses": [
                {"course_id": str(course), **{name: told[name] for name in ("enrolled", "status", "progress", "score")}}
                for course, told in zip(courses, outputs.values(), strict=True)
            ]
        }

    def criteria(self, wanted: Wanted, result: Mapping[str, Any], outputs: Outputs) -> Iterator[str]:
        if not any(one["enrolled"] for one in result["courses"]):
            yield "the person is in none of the courses"


KIND = OwnStanding()
