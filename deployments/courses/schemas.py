"""What the courses service takes."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, Strict, model_validator

from deployments.courses.outlines import MAXIMUM_MODULES, MAXIMUM_UNITS, UnitKind, misfit
from deployments.courses.quizzes import Assignment, Quiz
from deployments.courses.texts import (
    MAXIMUM_TAGS,
    Category,
    Currency,
    Description,
    Language,
    QuestionText,
    ReviewBody,
    Search,
    Tag,
    TagSet,
    Title,
    UnitBody,
    VideoUrl,
)

Difficulty = Literal["beginner", "intermediate", "advanced"]
Sort = Literal["relevance", "newest", "title", "price", "rating", "popularity"]
ReviewSort = Literal["newest", "rating"]
Price = Annotated[Decimal, Field(ge=0, max_digits=10, decimal_places=2)]


def _hide_defaults(schema: dict[str, Any]) -> None:
    # A field that a change leaves out stays as it is; its default is never used.
    for field in schema["properties"].values():
        field.pop("default", None)


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _CourseFields(_Request):
    description: Description = Field(default="", description="Markdown")
    category: Category = "general"
    difficulty: Difficulty = "beginner"
    duration_minutes: Annotated[int, Strict(), Field(ge=0, le=1_000_000)] = 0
    price: Price = Field(default=Decimal(0), description="A decimal, as text or number", examples=["49.00"])
    currency: Currency = Field(default="EUR", description="ISO 4217")
    language: Language = Field(default="en", description="A language tag (RFC 5646)")
    tags: TagSet = Field(default_factory=list, max_length=MAXIMUM_TAGS)
    capacity: Annotated[int, Strict(), Field(ge=1, le=1_000_000)] | None = Field(
        default=None, description="How many learners at a time; null: as many as come"
    )
    access_days: Annotated[int, Strict(), Field(ge=1, le=36_500)] | None = Field(
        default=None, description="An enrolment expires this many days after it began; null: never"
    )


class UnitCreate(_Request):
    """A unit; `video_url`, `quiz` and `assignment` each belong to the kind of that name and are needed there."""

    kind: UnitKind
    title: Title
    body: UnitBody = Field(default="", description="Markdown")
    video_url: VideoUrl | None = None
    quiz: Quiz | None = None
    assignment: Assignment | None = None

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        problem = misfit(self.kind, self.video_url, self.quiz, self.assignment)
        if problem:
            raise ValueError(" ".join(problem))
        return self


class ModuleCreate(_Request):
    title: Title
    units: list[UnitCreate] = Field(default_factory=list, max_length=MAXIMUM_UNITS)


class CourseCreate(_CourseFields):
    title: Title
    instructor_id: UUID | None = Field(default=None, description="Who teaches it, if not oneself (administrators)")
    modules: list[ModuleCreate] = Field(default_factory=list, max_length=MAXIMUM_MODULES)

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if sum(len(module.units) for module in self.modules) > MAXIMUM_UNITS:
            raise ValueError(f"a course has at most {MAXIMUM_UNITS} units")
        return self


class CourseChange(_CourseFields):
    """The fields to change; what is left out stays."""

    model_config = ConfigDict(json_schema_extra=_hide_defaults)

    title: Title = Field(default_factory=str)


class InstructorChange(_Request):
    instructor_id: UUID


class ModuleChange(_Request):
    title: Title


class UnitChange(_Request):
    """The fields to change; what is left out stays. The kind of a unit does not change."""

    model_config = ConfigDict(json_schema_extra=_hide_defaults)

    kind: UnitKind = Field(default="text", description="If given, what it is already")
    title: Title = Field(default_factory=str)
    body: UnitBody = Field(default="", description="Markdown")
    video_url: VideoUrl | None = None
    quiz: Quiz | None = None
    assignment: Assignment | None = None


class ModuleOrder(_Request):
    id: UUID
    units: list[UUID] = Field(max_length=MAXIMUM_UNITS)


class Order(_Request):
    """The whole outline: every module and every unit of the draft once, in the wanted order."""

    modules: list[ModuleOrder] = Field(max_length=MAXIMUM_MODULES)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        modules = [module.id for module in self.modules]
        units = [unit for module in self.modules for unit in module.units]
        if len(set(modules)) < len(modules) or len(set(units)) < len(units):
            raise ValueError("names a module or unit twice")
        return self


class PrerequisiteChange(_Request):
    prerequisites: list[UUID] = Field(max_length=20, description="Courses that must be completed before this one")


class ReviewWrite(_Request):
    rating: Annotated[int, Strict(), Field(ge=1, le=5)]
    body: ReviewBody = Field(default="", description="Plain text")


class CatalogueQuery(_Request):
    """Which courses, in which order. Filters combine by and."""

    q: Search | None = Field(default=None, description='Words to find; "a phrase", or, -without')
    category: Category | None = None
    difficulty: Difficulty | None = None
    language: Language | None = None
    tag: list[Tag] = Field(default_factory=list, max_length=MAXIMUM_TAGS, description="All of these")
    instructor_id: UUID | None = None
    price_min: Price | None = None
    price_max: Price | None = None
    free: bool | None = None
    rating_min: float | None = Field(default=None, ge=1, le=5, description="Least `rating.average`")
    mine: bool = Field(default=False, description="What one teaches oneself, drafts and archived courses included")
    sort: Sort | None = Field(default=None, description="`relevance` where there is a `q`, otherwise `newest`")
    facets: bool = Field(default=False, description="Also count the courses by category, difficulty, language and tag")
    limit: int = Field(default=50, ge=1, le=200, description="How many items at the most")
    cursor: str | None = Field(default=None, max_length=4096, description="`next_cursor` of the page before")

    @model_validator(mode="after")
    def _relevance_needs_words(self) -> Self:
        if self.sort == "relevance" and self.q is None:
            raise ValueError("sort=relevance needs q")
        return self


class PassageQuery(_Request):
    q: QuestionText = Field(description="A question, or words")
    course_id: UUID | None = Field(default=None, description="Only in this course; default: in all one may read")
    limit: int = Field(default=10, ge=1, le=50)
