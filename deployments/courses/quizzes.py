"""Quizzes and assignments: as authors send them, as they are stored, and as learners see them.

Authors may send the options of a choice as texts and the right ones as indexes from zero, or the stored form with ids.
Either way a model, once valid, dumps to the stored form: every question and option has an id, and `correct` names ids.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, StrictBool, model_validator

from deployments.courses.texts import (
    CriterionTitle,
    Explanation,
    Instructions,
    LooksFor,
    OptionText,
    Prompt,
    Reference,
    ShortAnswer,
)
from stores.ids import new_id

Render = Callable[[str], str]


def _two_decimals(points: float) -> float:
    if round(points, 2) != points:
        raise ValueError("must have at most two decimals")
    return points


# Whole numbers stay whole, and true is no number.
Whole = Annotated[int, Strict()]
Real = Annotated[float, Strict(), Field(allow_inf_nan=False)]
Points = Annotated[
    Annotated[Whole, Field(ge=1, le=1_000)] | Annotated[Real, Field(ge=0.01, le=1_000)], AfterValidator(_two_decimals)
]
MaximumPoints = Annotated[
    Annotated[Whole, Field(ge=1, le=10_000)] | Annotated[Real, Field(ge=0.01, le=10_000)],
    AfterValidator(_two_decimals),
]
Percent = Annotated[Whole, Field(ge=0, le=100)] | Annotated[Real, Field(ge=0, le=100)]
Value = Annotated[Whole, Field(ge=-(10**15), le=10**15)] | Annotated[Real, Field(ge=-1e15, le=1e15)]
Tolerance = Annotated[Whole, Field(ge=0, le=10**15)] | Annotated[Real, Field(ge=0, le=1e15)]
Choice = Annotated[Whole, Field(ge=0)] | UUID


class Option(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: UUID = Field(default_factory=new_id)
    text: OptionText


class _Question(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: UUID = Field(default_factory=new_id, description="Send it back to keep it over edits")
    prompt: Prompt = Field(description="Markdown")
    points: Points = 1
    explanation: Explanation = Field(default="", description="Markdown, shown with the result")


class _ChoiceQuestion(_Question):
    options: list[OptionText | Option] = Field(min_length=2, max_length=20)

    def _identify(self) -> list[UUID]:
        options = [Option(text=option) if isinstance(option, str) else option for option in self.options]
        if len({option.text for option in options}) < len(options):
            raise ValueError("the options must differ from one another")
        if len({option.id for option in options}) < len(options):
            raise ValueError("the ids of the options must differ from one another")
        self.options = list(options)
        return [option.id for option in options]

    @staticmethod
    def _resolve(choice: int | UUID, ids: list[UUID]) -> UUID:
        if isinstance(choice, UUID) and choice in ids:
            return choice
        if isinstance(choice, int) and choice < len(ids):
            return ids[choice]
        raise ValueError(f"correct names no option: {choice}")


class SingleChoice(_ChoiceQuestion):
    kind: Literal["single_choice"]
    correct: Choice = Field(description="Index of the right option, from zero, or its id")

    @model_validator(mode="after")
    def _stored_form(self) -> Self:
        self.correct = self._resolve(self.correct, self._identify())
        return self


class MultipleChoice(_ChoiceQuestion):
    kind: Literal["multiple_choice"]
    correct: list[Choice] = Field(
        min_length=1, max_length=20, description="Indexes of the right options, from zero, or ids"
    )

    @model_validator(mode="after")
    def _stored_form(self) -> Self:
        ids = self._identify()
        resolved = [self._resolve(choice, ids) for choice in self.correct]
        if len(set(resolved)) < len(resolved):
            raise ValueError("correct names an option twice")
        self.correct = list(resolved)
        return self


class TrueFalse(_Question):
    kind: Literal["true_false"]
    correct: StrictBool


class Numeric(_Question):
    kind: Literal["numeric"]
    correct: Value
    tolerance: Tolerance = Field(default=0, description="Answers this far off are still right")


class ShortText(_Question):
    kind: Literal["short_text"]
    accepted: list[ShortAnswer] = Field(min_length=1, max_length=50)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if len(set(self.accepted)) < len(self.accepted):
            raise ValueError("the accepted answers must differ from one another")
        return self


Question = Annotated[SingleChoice | MultipleChoice | TrueFalse | Numeric | ShortText, Field(discriminator="kind")]


class Quiz(BaseModel):
    """A quiz with its key."""

    model_config = ConfigDict(extra="forbid")

    pass_mark_percent: Percent
    attempts_allowed: Annotated[Whole, Field(ge=1, le=1_000)] | None = Field(
        default=None, description="null: as many as one likes"
    )
    questions: list[Question] = Field(min_length=1, max_length=200)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if len({question.id for question in self.questions}) < len(self.questions):
            raise ValueError("the ids of the questions must differ from one another")
        return self


class ShortAnswerMarking(BaseModel):
    """What a short answer is graded by. Learners never see the references."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["short_answer"]
    question: Reference | None = Field(default=None, description="What is asked; null: the instructions")
    references: list[Reference] = Field(min_length=1, max_length=20, description="Answers that earn all points")


class RubricCriterion(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: CriterionTitle
    points: Points
    aspect: Literal["content", "structure", "language"] = "content"
    looks_for: list[LooksFor] = Field(default_factory=list, max_length=10, description="What a good essay says")


class EssayMarking(BaseModel):
    """The rubric of an essay. Learners see it."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["essay"]
    criteria: list[RubricCriterion] = Field(min_length=1, max_length=20)
    minimum_words: Annotated[Whole, Field(ge=1, le=20_000)] | None = None


Marking = Annotated[ShortAnswerMarking | EssayMarking, Field(discriminator="kind")]


class Assignment(BaseModel):
    model_config = ConfigDict(extra="forbid")

    instructions: Instructions = Field(description="Markdown")
    maximum_points: MaximumPoints
    pass_mark_percent: Percent | None = Field(default=None, description="null: submitting completes the unit")
    marking: Marking | None = Field(default=None, description="What grades are suggested by")

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if isinstance(self.marking, EssayMarking):
            total = sum(Decimal(str(criterion.points)) for criterion in self.marking.criteria)
            if total != Decimal(str(self.maximum_points)):
                raise ValueError(f"the points of the criteria add up to {total}, not to maximum_points")
        return self


def stored(model: Quiz | Assignment) -> dict[str, Any]:
    """The JSON that is kept."""
    return model.model_dump(mode="json")


def without_key(quiz: Mapping[str, Any], render: Render, render_inline: Render) -> dict[str, Any]:
    """A stored quiz as a learner may see it: questions and options, nothing that tells which are right.

    What is copied is named here, so that a new kind of key cannot slip through.
    """
    return {
        "pass_mark_percent": quiz["pass_mark_percent"],
        "attempts_allowed": quiz["attempts_allowed"],
        "questions": [_without_key(question, render, render_inline) for question in quiz["questions"]],
    }


def _without_key(question: Mapping[str, Any], render: Render, render_inline: Render) -> dict[str, Any]:
    shown = {name: question[name] for name in ("id", "kind", "prompt", "points")}
    shown["prompt_html"] = render(question["prompt"])
    if "options" in question:
        shown["options"] = [
            {"id": option["id"], "text": option["text"], "html": render_inline(option["text"])}
            for option in question["options"]
        ]
    return shown


def shown_assignment(assignment: Mapping[str, Any], render: Render) -> dict[str, Any]:
    """A stored assignment as a learner sees it: with a rubric, without references."""
    shown = {name: assignment[name] for name in ("instructions", "maximum_points", "pass_mark_percent")}
    marking = assignment.get("marking") or {}
    rubric = marking["criteria"] if marking.get("kind") == "essay" else None
    return {**shown, "instructions_html": render(assignment["instructions"]), "rubric": rubric}
