"""Tools that read what is predicted of the learners of a course."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from actors.agent.origins import From, Person, Takes
from actors.agent.tools.base import Arguments, Result, Services, Tool
from learning.governance.vocabulary import ApprovalKind, DataClass, Effect, Origin


class CoursePredicted(Arguments):
    course_id: Annotated[UUID, Takes(Origin.ASKER, Origin.ORGANISATION)]
    most: int = Field(default=20, ge=1, le=50)


class Reason(Result):
    text: str


class Risk(Result):
    """A learner at risk, by id: names are read only where somebody decides to."""

    user_id: Annotated[UUID, From(Origin.ORGANISATION), Person()]
    probability: float
    level: Literal["low", "moderate", "high"]
    reasons: tuple[Reason, ...]
    suggestion: str | None
    interventions: int


class Risks(Result):
    predicted: int
    learners: Annotated[tuple[Risk, ...], From(Origin.ORGANISATION, Origin.TOOL)]
    models: tuple[str, ...]


async def _risks(services: Services, asked: CoursePredicted) -> Risks:
    at = f"/api/learning/courses/{asked.course_id}/predictions"
    scored = await services.post(at, {})
    found = (await services.get(at, {"limit": asked.most}))["items"]
    learners = [Risk.model_validate({**one, "interventions": len(one["interventions"])}) for one in found]
    models = tuple(dict.fromkeys(one["model_version"] for one in found))
    return Risks(predicted=scored["predicted"], learners=tuple(learners), models=models)


READ_RISKS = Tool(
    name="predict_risks",
    description="Predict for the learners of a course by the model that serves, and read who is most at risk and why",
    permission="predictions.courses",
    effect=Effect.WRITE,
    data=frozenset({DataClass.PERSONAL}),
    approval=ApprovalKind.PERSONAL_DATA_ANALYSIS,
    judges=True,
    arguments=CoursePredicted,
    result=Risks,
    run=_risks,
    timeout_seconds=60.0,
)
