"""Tools that suggest grades by the platform's own models, and give those that are sure enough."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field

from actors.agent.errors import ToolFailed
from actors.agent.origins import Editable, From, Person, Takes
from actors.agent.tools.base import Arguments, Result, Services, Tool
from actors.agent.tools.teaching import Graded, NewGrade, give
from learning.governance.vocabulary import ApprovalKind, DataClass, Effect, Origin

_IDS = Takes(Origin.ASKER, Origin.ORGANISATION)


class Work(Arguments):
    course_id: Annotated[UUID, _IDS]
    submission_id: Annotated[UUID, _IDS]


class Suggestion(Result):
    """Points are a model's own figure. Feedback and criteria quote the learner."""

    suggestion_id: Annotated[UUID, From(Origin.ORGANISATION)]
    user_id: Annotated[UUID, From(Origin.ORGANISATION), Person()]
    submission_revision: int
    points: Annotated[str, From(Origin.TOOL)]
    maximum_points: str
    confidence: float
    needs_person: bool
    concerns: tuple[str, ...]
    feedback: Annotated[str, From(Origin.TOOL, Origin.LEARNER_TEXT, Origin.COURSE_TEXT)]
    model: str


async def _suggest(services: Services, asked: Work) -> Suggestion:
    told = await services.post(f"/api/enrollments/submissions/{asked.submission_id}/suggestion", None)
    if told["course_id"] != str(asked.course_id):
        raise ToolFailed("The submission belongs to another course", problem="other-course")
    return Suggestion.model_validate({**told, "suggestion_id": told["id"], "model": told["made_by"]["model"]})


SUGGEST = Tool(
    name="suggest_grade",
    description="Have the platform's models suggest a grade, with how sure they are and feedback that quotes the work",
    permission="submissions.grade",
    also_needs=frozenset({"llm.use"}),  # the service's own model, if it has one, is asked as the teacher
    effect=Effect.DRAFT,
    data=frozenset({DataClass.PERSONAL}),
    approval=ApprovalKind.STUDENT_ASSESSMENT,
    judges=True,
    arguments=Work,
    result=Suggestion,
    run=_suggest,
    timeout_seconds=60.0,
)


class SuggestedGrade(NewGrade):
    """Points are those of a suggestion, or of whoever approves."""

    points: Annotated[
        Decimal,
        Takes(Origin.ASKER, Origin.TOOL, Origin.ORGANISATION),
        Editable(),
        Field(ge=0, lt=1_000_000, decimal_places=2, allow_inf_nan=False),
    ]
    needs_person: bool


async def _give(services: Services, asked: SuggestedGrade) -> Graded:
    if asked.needs_person:
        return Graded(submission_id=asked.submission_id, graded=False, points=None)
    return await give(services, asked)


GIVE = Tool(
    name="give_suggested_grade",
    description="Give a suggested grade, unless it is too unsure: then it is left for a person",
    permission="submissions.grade",
    effect=Effect.WRITE,
    data=frozenset({DataClass.PERSONAL}),
    approval=ApprovalKind.AUTOMATED_GRADING,
    judges=True,
    arguments=SuggestedGrade,
    result=Graded,
    run=_give,
)
