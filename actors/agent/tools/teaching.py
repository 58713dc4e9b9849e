"""Tools that act on people's learning: grading, enrolling, writing to them."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field

from actors.agent.errors import ToolFailed
from actors.agent.origins import ANYTHING, Editable, From, Person, Takes
from actors.agent.tools.base import Arguments, Result, Services, Tool
from learning.governance.vocabulary import ApprovalKind, DataClass, Effect, Origin

# As the service takes them, so that what it would refuse is not approved first.
_ONE_LINE = r"^[^\x00-\x1f\x7f-\x9f]*$"
_LINES = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"
_IDS = Takes(Origin.ASKER, Origin.ORGANISATION)


class NewGrade(Arguments):
    """Points never come from the words of whoever is graded. `revision`: of the submission that was looked at."""

    submission_id: Annotated[UUID, _IDS]
    revision: int
    points: Annotated[
        Decimal,
        Takes(Origin.ASKER, Origin.ORGANISATION, Origin.TOOL, Origin.MODEL),
        Editable(),
        Field(ge=0, lt=1_000_000, decimal_places=2, allow_inf_nan=False),
    ]
    feedback: Annotated[str, ANYTHING, Editable(), Field(max_length=20_000)] = ""


class Graded(Result):
    """`graded` is false for what was left for a person, or had been graded by one meanwhile."""

    submission_id: Annotated[UUID, From(Origin.ORGANISATION)]
    graded: bool
    points: str | None


async def give(services: Services, asked: NewGrade) -> Graded:
    """Give a grade, unless the submission has been graded since it was looked at. Raises as `services` do."""
    body = {"points": str(asked.points), "feedback": asked.feedback}
    path = f"/api/enrollments/submissions/{asked.submission_id}/grade"
    try:
        told = await services.put(path, body, revision=asked.revision)
    except ToolFailed as failure:
        if failure.more.get("problem") == "precondition-failed":
            return Graded(submission_id=asked.submission_id, graded=False, points=None)
        raise
    return Graded(submission_id=told["id"], graded=True, points=str(told["points"]))


GRADE = Tool(
    name="grade_submission",
    description="Grade what a learner handed in, with feedback, unless somebody has graded it since it was read",
    permission="submissions.grade",
    effect=Effect.WRITE,
    data=frozenset({DataClass.PERSONAL}),
    approval=ApprovalKind.AUTOMATED_GRADING,
    judges=True,
    arguments=NewGrade,
    result=Graded,
    run=give,
)


class NewEnrollment(Arguments):
    course_id: Annotated[UUID, _IDS]
    user_id: Annotated[UUID, _IDS, Person()]


class Enrolled(Result):
    enrollment_id: Annotated[UUID, From(Origin.ORGANISATION)]
    status: str


async def _enrol(services: Services, asked: NewEnrollment) -> Enrolled:
    body = {"course_id": str(asked.course_id), "user_id": str(asked.user_id)}
    told = await services.post("/api/enrollments/manage", body)
    return Enrolled(enrollment_id=told["id"], status=told["status"])


ENROL = Tool(
    name="enrol_person",
    description="Enrol a person in a course that one runs",
    permission="enrollments.manage",
    effect=Effect.WRITE,
    data=frozenset({DataClass.PERSONAL}),
    approval=ApprovalKind.PERSONAL_DATA_ANALYSIS,
    arguments=NewEnrollment,
    result=Enrolled,
    run=_enrol,
)


class NewMessage(Arguments):
    """Whom it goes to is never read out of anybody's text."""

    recipient_id: Annotated[UUID, _IDS, Person()]
    subject: Annotated[
        str,
        Takes(Origin.ASKER, Origin.ORGANISATION, Origin.MODEL),
        Editable(),
        Field(min_length=1, max_length=200, pattern=_ONE_LINE),
    ]
    body: Annotated[str, ANYTHING, Editable(), Field(min_length=1, max_length=5_000, pattern=_LINES)]


class Sent(Result):
    message_id: Annotated[UUID, From(Origin.ORGANISATION)]


async def _message(services: Services, asked: NewMessage) -> Sent:
    body = {"recipient_id": str(asked.recipient_id), "subject": asked.subject, "body": asked.body}
    told = await services.post("/api/users/messages", body)
    return Sent(message_id=told["id"])


MESSAGE = Tool(
    name="send_message",
    description="Send a person a message by mail",
    permission="people.message",
    effect=Effect.SEND,
    data=frozenset({DataClass.PERSONAL}),
    approval=ApprovalKind.PERSONAL_DATA_ANALYSIS,
    arguments=NewMessage,
    result=Sent,
    run=_message,
)
