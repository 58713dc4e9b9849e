"""Several people into one course."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from pydantic import Field

from actors.agent.kinds.base import Asker, Input, Outputs, TaskKind
from actors.agent.plan import Step, asked


class Wanted(Input):
    course_id: UUID
    people: tuple[UUID, ...] = Field(min_length=1, max_length=30)


class EnrolPeople(TaskKind[Wanted]):
    """Each person is a step."""

    name = "enrol_people"
    title = "Enrol several people"
    description = "Enrols each of some people in a course"
    tools = frozenset({"enrol_person"})
    input = Wanted

    def plan(self, asker: Asker, wanted: Wanted) -> Iterator[Step]:
        for number, person in enumerate(dict.fromkeys(wanted.people), start=1):
            yield Step(
                key=f"enrol_{number}",
                tool="enrol_person",
                arguments=asked(course_id=wanted.course_id, user_id=person),
            )

    def result(self, wanted: Wanted, outputs: Outputs) -> dict[str, Any]:
        return {"enrollments": [{"id": step["enrollment_id"], "status": step["status"]} for step in outputs.values()]}

    def criteria(self, wanted: Wanted, result: Mapping[str, Any], outputs: Outputs) -> Iterator[str]:
        if any(one["status"] not in ("active", "waitlisted") for one in result["enrollments"]):
            yield "somebody is neither enrolled nor on the waiting list"


KIND = EnrolPeople()
