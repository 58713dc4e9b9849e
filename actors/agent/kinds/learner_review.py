"""How a learner stands in a course."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from actors.agent.kinds.base import Asker, Input, Outputs, TaskKind
from actors.agent.plan import Step, asked


class Wanted(Input):
    course_id: UUID
    user_id: UUID


class LearnerReview(TaskKind[Wanted]):
    """Reads personal data, so somebody approves before anything is read."""

    name = "learner_review"
    title = "How a learner stands"
    description = "A learner's progress in a course, beside the course's figures"
    tools = frozenset({"read_course_figures", "read_learner_record"})
    input = Wanted

    def plan(self, asker: Asker, wanted: Wanted) -> Iterator[Step]:
        yield Step(
            key="figures", tool="read_course_figures", arguments=asked(course_id=wanted.course_id),
            why="To compare with",
        )  # fmt: skip
        yield Step(
            key="record",
            tool="read_learner_record",
            arguments=asked(course_id=wanted.course_id, user_id=wanted.user_id),
            why="What was asked for",
        )

    def result(self, wanted: Wanted, outputs: Outputs) -> dict[str, Any]:
        record = outputs["record"]
        behind = [unit["title"] for unit in record["units"] if unit["completed_at"] is None]
        return {
            "status": record["status"],
            "progress": record["progress"],
            "score": record["score"],
            "not_completed": behind,
            "course": outputs["figures"]["figures"],
        }

    def criteria(self, wanted: Wanted, result: Mapping[str, Any], outputs: Outputs) -> Iterator[str]:
        if outputs["record"]["user_id"] != str(wanted.user_id):
            yield "the record is somebody else's"


KIND = LearnerReview()
