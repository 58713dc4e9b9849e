"""What proposing content takes and gives. Nothing that is proposed is kept: authors put it into the draft or do not."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, RootModel, StringConstraints

from deployments.courses.texts import Multiline, QuestionText, Title

SourceText = Annotated[str, StringConstraints(min_length=1, max_length=200_000), Multiline]
Units = Annotated[list[UUID], Field(min_length=1, max_length=50)]


class _Wanted(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WantedQuiz(_Wanted):
    kind: Literal["quiz"]
    unit_ids: Units | None = Field(default=None, description="Texts of the draft to ask about; null: all of them")
    questions: Annotated[int, Field(ge=1, le=30)] = 5
    title: Title = "Quiz"


class WantedUnit(_Wanted):
    """Key points of other units, in their own sentences."""

    kind: Literal["unit"]
    topic: QuestionText
    unit_ids: Units | None = Field(default=None, description="Texts of the draft to take from; null: all of them")


class WantedRubric(_Wanted):
    kind: Literal["rubric"]
    unit_id: UUID = Field(description="An assignment of the draft")


class WantedImprovements(_Wanted):
    kind: Literal["improvements"]
    unit_id: UUID = Field(description="A text of the draft")


class WantedOutline(_Wanted):
    """Modules and units, made of a text that one brings."""

    kind: Literal["outline"]
    title: Title
    text: SourceText = Field(description="Markdown; its headings become modules and units")
    questions: Annotated[int, Field(ge=0, le=20)] = Field(default=5, description="In the quiz of each module")


class Wanted(RootModel[WantedQuiz | WantedUnit | WantedRubric | WantedImprovements | WantedOutline]):
    root: Annotated[
        WantedQuiz | WantedUnit | WantedRubric | WantedImprovements | WantedOutline, Field(discriminator="kind")
    ]


class FindingView(BaseModel):
    """A check: `grounding`, `level`, `duplication` or `answerability`."""

    check: Literal["grounding", "level", "duplication", "answerability"]
    passed: bool
    where: str
    note: str


class ImprovementView(BaseModel):
    kind: str
    quote: str
    advice: str
    proposal: str | None


class ProposalView(BaseModel):
    """A proposal in the form in which the draft's routes take it, with what it was checked for."""

    kind: Literal["quiz", "unit", "rubric", "improvements", "outline"]
    unit: dict[str, Any] | None = Field(default=None, description="For `POST …/units`")
    modules: list[dict[str, Any]] | None = Field(default=None, description="Each for `POST …/modules`")
    marking: dict[str, Any] | None = Field(default=None, description="For an assignment's `marking`")
    improvements: list[ImprovementView] | None = None
    checks: list[FindingView]
    sources: list[UUID] = Field(description="Units of the draft that it is made of")
    made_by: dict[str, Any]
