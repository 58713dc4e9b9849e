"""What a course says about a question, and how far the person is who asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any
from uuid import UUID

from pydantic import StringConstraints

from actors.agent.kinds.base import Asker, Input, Outputs, TaskKind
from actors.agent.plan import Step, asked


class Wanted(Input):
    course_id: UUID
    question: Annotated[str, StringConstraints(min_length=1, max_length=1000, strip_whitespace=True)]


class StudyOverview(TaskKind[Wanted]):
    """Reads only."""

    name = "study_overview"
    title = "What to read next"
    description = "Passages of a course that bear on a question, and one's own progress in it"
    tools = frozenset({"read_content", "read_own_progress"})
    input = Wanted

    def plan(self, asker: Asker, wanted: Wanted) -> Iterator[Step]:
        yield Step(
            key="progress",
            tool="read_own_progress",
            arguments=asked(course_id=wanted.course_id),
            why="To know what was read already",
        )
        yield Step(
            key="passages",
            tool="read_content",
            arguments=asked(query=wanted.question, course_id=wanted.course_id, limit=5),
            why="To find what the course says",
        )

    def result(self, wanted: Wanted, outputs: Outputs) -> dict[str, Any]:
        done = {unit["unit_id"] for unit in outputs["progress"]["units"] if unit["completed"]}
        return {
            "progress": outputs["progress"]["progress"],
            "passages": [{**one, "read": one["unit_id"] in done} for one in outputs["passages"]["passages"]],
        }

    def criteria(self, wanted: Wanted, result: Mapping[str, Any], outputs: Outputs) -> Iterator[str]:
        if any(one["course_id"] != str(wanted.course_id) for one in result["passages"]):
            yield "a passage is of another course"


KIND = StudyOverview()
