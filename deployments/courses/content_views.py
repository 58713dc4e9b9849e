"""Modules and units as the service gives them: to authors with keys, to learners without."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from deployments.courses.outlines import UnitKind
from deployments.courses.views import VersionView, View

QuestionKind = Literal["single_choice", "multiple_choice", "true_false", "numeric", "short_text"]


class OptionView(View):
    id: UUID
    text: str


class QuestionView(View):
    """A question with its key. Choices have `options` and name them by id in `correct`."""

    id: UUID
    kind: QuestionKind
    prompt: str
    points: int | float
    explanation: str
    options: list[OptionView] | None = None
    correct: UUID | list[UUID] | bool | int | float | None = None
    tolerance: int | float | None = None
    accepted: list[str] | None = None


class QuizView(View):
    pass_mark_percent: int | float
    attempts_allowed: int | None
    questions: list[QuestionView]


class CriterionView(View):
    title: str
    points: int | float
    aspect: Literal["content", "structure", "language"]
    looks_for: list[str]


class MarkingView(View):
    """What grades are suggested by: references of a short answer, or the rubric of an essay."""

    kind: Literal["short_answer", "essay"]
    question: str | None = None
    references: list[str] | None = None
    criteria: list[CriterionView] | None = None
    minimum_words: int | None = None


class _Assignment(View):
    instructions: str
    maximum_points: int | float
    pass_mark_percent: int | float | None


class AssignmentView(_Assignment):
    marking: MarkingView | None = None


class UnitContent(View):
    """A unit as authors see it, with the key of its quiz."""

    id: UUID
    kind: UnitKind
    title: str
    body: str
    video_url: str | None
    quiz: QuizView | None
    assignment: AssignmentView | None


class DraftUnit(UnitContent):
    """A unit of the draft; its revision is what `If-Match` names."""

    revision: int


class ModuleView(View):
    """A module of the draft; its revision is what `If-Match` names."""

    id: UUID
    title: str
    revision: int


class DraftModule(ModuleView):
    units: list[DraftUnit]


class DraftView(View):
    course_id: UUID
    modules: list[DraftModule]


class VersionModule(View):
    id: UUID
    title: str
    units: list[UnitContent]


class VersionContent(VersionView):
    modules: list[VersionModule]


class LearnersOption(OptionView):
    html: str


class LearnersQuestion(View):
    id: UUID
    kind: QuestionKind
    prompt: str
    prompt_html: str
    points: int | float
    options: list[LearnersOption] | None = None


class LearnersQuiz(View):
    pass_mark_percent: int | float
    attempts_allowed: int | None
    questions: list[LearnersQuestion]


class LearnersAssignment(_Assignment):
    """Without what a short answer is compared with."""

    instructions_html: str
    rubric: list[CriterionView] | None = None


class LearnersUnit(View):
    """A unit as learners see it: sanitised HTML, and no key."""

    id: UUID
    kind: UnitKind
    title: str
    html: str
    video_url: str | None
    quiz: LearnersQuiz | None
    assignment: LearnersAssignment | None


class LearnersModule(View):
    id: UUID
    title: str
    units: list[LearnersUnit]


class LearnersContent(View):
    """The version that one reads, in full."""

    course_id: UUID
    version: int
    title: str
    modules: list[LearnersModule]
