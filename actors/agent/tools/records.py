"""Tools that read about other people: personal data, so somebody has to approve."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from actors.agent.errors import ToolFailed
from actors.agent.origins import From, Person, Takes
from actors.agent.tools.base import Arguments, Result, Services, Tool
from learning.governance.vocabulary import ApprovalKind, DataClass, Effect, Origin

IDS = Takes(Origin.ASKER, Origin.ORGANISATION)


class Learner(Arguments):
    course_id: Annotated[UUID, IDS]
    user_id: Annotated[UUID, IDS, Person()]


class UnitRecord(Result):
    unit_id: UUID
    title: str
    kind: str
    completed_at: str | None
    score: str | None
    attempts_used: int | None
    submissions: int | None


class LearnerRecord(Result):
    """Names are what learners typed themselves; titles are the course's words."""

    enrollment_id: Annotated[UUID, From(Origin.ORGANISATION)]
    user_id: Annotated[UUID, From(Origin.ORGANISATION), Person()]
    first_name: Annotated[str, From(Origin.LEARNER_TEXT)]
    last_name: Annotated[str, From(Origin.LEARNER_TEXT)]
    status: str
    progress: str
    score: str | None
    units: Annotated[tuple[UnitRecord, ...], From(Origin.COURSE_TEXT, Origin.TOOL)]


async def _record(services: Services, asked: Learner) -> LearnerRecord:
    found = await services.get(
        f"/api/enrollments/courses/{asked.course_id}", {"user_id": str(asked.user_id), "limit": 1}
    )
    if not found["items"]:
        raise ToolFailed("The person is not enrolled in the course", problem="not-enrolled")
    row = found["items"][0]
    told = await services.get(f"/api/enrollments/{row['id']}/progress")
    return LearnerRecord(
        enrollment_id=row["id"], user_id=row["learner"]["id"], first_name=row["learner"]["first_name"],
        last_name=row["learner"]["last_name"], status=row["status"], progress=row["progress"], score=row["score"],
        units=told["units"],
    )  # fmt: skip


READ_RECORD = Tool(
    name="read_learner_record",
    description="Read a learner's progress and scores in a course",
    permission="enrollments.course",
    also_needs=frozenset({"enrollments.read"}),
    effect=Effect.READ,
    data=frozenset({DataClass.PERSONAL}),
    approval=ApprovalKind.PERSONAL_DATA_ANALYSIS,
    arguments=Learner,
    result=LearnerRecord,
    run=_record,
)


class Coursework(Arguments):
    enrollment_id: Annotated[UUID, IDS]
    unit_id: Annotated[UUID, IDS]
    submission_id: Annotated[UUID, IDS]


class Submission(Result):
    """The newest of an assignment. `body` is the learner's; `revision` moves with every grade."""

    submission_id: Annotated[UUID, From(Origin.ORGANISATION)]
    user_id: Annotated[UUID, From(Origin.ORGANISATION), Person()]
    body: Annotated[str, From(Origin.LEARNER_TEXT)]
    number: int
    revision: int
    maximum_points: str
    points: str | None


async def _submission(services: Services, asked: Coursework) -> Submission:
    path = f"/api/enrollments/{asked.enrollment_id}/units/{asked.unit_id}/submissions"
    found = await services.get(path, {"limit": 1})
    if not found["items"]:
        raise ToolFailed("Nothing was handed in", problem="nothing-handed-in")
    row = found["items"][0]
    if UUID(row["id"]) != asked.submission_id:
        raise ToolFailed("The learner's newest work for the assignment is another", problem="other-submission")
    enrolment = await services.get(f"/api/enrollments/{asked.enrollment_id}")
    return Submission(**{**row, "submission_id": row["id"], "user_id": enrolment["user_id"]})


READ_SUBMISSION = Tool(
    name="read_submission",
    description="Read a work that a learner handed in, where it is the newest for its assignment",
    permission="enrollments.own",
    also_needs=frozenset({"enrollments.read"}),
    effect=Effect.READ,
    data=frozenset({DataClass.PERSONAL}),
    approval=ApprovalKind.STUDENT_ASSESSMENT,
    arguments=Coursework,
    result=Submission,
    run=_submission,
)
