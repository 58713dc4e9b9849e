"""What the courses service gives."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from actors.retrieval_index.search import Found
from deployments.courses.outlines import UnitKind
from deployments.courses.repository.catalogue import Entry
from deployments.courses.repository.courses import CoursePage, Status
from deployments.courses.repository.prerequisites import Prerequisite
from deployments.courses.repository.reviews import Review
from deployments.courses.repository.versions import Version
from deployments.courses.schemas import Difficulty
from deployments.kit.paging import Page
from stores.retrieval import Kind


class View(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class InstructorView(View):
    id: UUID
    name: str


class RatingView(View):
    """`average` is the plain mean; `fair` is drawn towards the organisation's mean, the more the fewer the ratings."""

    average: float | None
    count: int
    fair: float | None


class PrerequisiteBrief(View):
    id: UUID
    title: str


class OutlineUnit(View):
    id: UUID
    kind: UnitKind
    title: str


class OutlineModule(View):
    id: UUID
    title: str
    units: list[OutlineUnit]


class CourseView(View):
    """A course's page. `modules` is the outline of the published version; without one both are empty."""

    id: UUID
    title: str
    description: str = Field(description="Markdown")
    description_html: str
    instructor: InstructorView
    category: str
    difficulty: Difficulty
    duration_minutes: int
    price: Decimal
    currency: str
    language: str
    tags: list[str]
    capacity: int | None
    access_days: int | None
    status: Status
    rating: RatingView
    prerequisites: list[PrerequisiteBrief]
    version: int | None
    modules: list[OutlineModule]
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None

    @classmethod
    def of(cls, page: CoursePage, description_html: str) -> Self:
        fields: dict[str, Any] = {
            name: getattr(page.course, name) for name in cls.model_fields if hasattr(page.course, name)
        }
        return cls(
            **fields,
            description_html=description_html,
            instructor=InstructorView(id=page.course.instructor_id, name=page.instructor_name),
            rating=RatingView.model_validate(page.rating),
            prerequisites=[PrerequisiteBrief(**prerequisite) for prerequisite in page.prerequisites],
            version=page.version,
            modules=[OutlineModule(**module) for module in page.outline],
        )


class CatalogueEntry(View):
    """A course in a list; `excerpt` is the beginning of its description, in Markdown."""

    id: UUID
    title: str
    excerpt: str
    instructor: InstructorView
    category: str
    difficulty: Difficulty
    duration_minutes: int
    price: Decimal
    currency: str
    language: str
    tags: list[str]
    status: Status
    rating: RatingView
    created_at: datetime
    published_at: datetime | None

    @classmethod
    def of(cls, entry: Entry) -> Self:
        fields: dict[str, Any] = {name: getattr(entry, name) for name in cls.model_fields if hasattr(entry, name)}
        return cls(**fields, instructor=InstructorView(id=entry.instructor_id, name=entry.instructor_name))


class FacetCount(View):
    value: str
    count: int


class Facets(View):
    """How many courses each choice would give, the other filters being as they are; the most frequent ones."""

    category: list[FacetCount]
    difficulty: list[FacetCount]
    language: list[FacetCount]
    tag: list[FacetCount]

    @classmethod
    def of(cls, counts: dict[str, list[tuple[str, int]]]) -> Self:
        return cls(
            **{
                facet: [FacetCount(value=value, count=count) for value, count in values]
                for facet, values in counts.items()
            }
        )


class CataloguePage(Page[CatalogueEntry]):
    facets: Facets | None = None


class PrerequisiteView(View):
    id: UUID
    title: str
    status: Status


class PrerequisiteList(View):
    items: list[PrerequisiteView]

    @classmethod
    def of(cls, prerequisites: list[Prerequisite]) -> Self:
        return cls(items=[PrerequisiteView.model_validate(prerequisite) for prerequisite in prerequisites])


class VersionView(View):
    """A published version; `units` says how many it has."""

    number: int
    title: str
    published_by: UUID
    published_at: datetime
    units: int

    @classmethod
    def of(cls, version: Version) -> Self:
        return cls.model_validate(version)


class ReviewView(View):
    """A review; `mine` where the reader wrote it."""

    id: UUID
    reviewer: str = Field(description="First name and initial")
    rating: int
    body: str = Field(description="Plain text")
    mine: bool
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, review: Review, reader_id: UUID) -> Self:
        fields: dict[str, Any] = {name: getattr(review, name) for name in cls.model_fields if hasattr(review, name)}
        return cls(**fields, mine=review.user_id == reader_id)


class PassageView(View):
    """A part of a unit. `heading` leads to it: module, unit, sections; `score` orders, and means nothing else."""

    course_id: UUID
    course_title: str
    version_id: UUID
    unit_id: UUID
    kind: Kind
    heading: str
    text: str
    score: float
    similarity: float | None = Field(description="Cosine of the angle to the question; null: not near it in meaning")
    coverage: float = Field(description="How much of the question's words it has, rare ones weighing more, up to 1")

    @classmethod
    def of(cls, found: Found) -> Self:
        passage = found.passage
        return cls(
            course_id=passage.course_id,
            course_title=passage.course_title,
            version_id=passage.version_id,
            unit_id=passage.unit_id,
            kind=passage.kind,
            heading=passage.heading,
            text=passage.text,
            score=found.score,
            similarity=found.similarity,
            coverage=found.coverage,
        )


class PassagesView(View):
    """The best first. `by_meaning`: passages were compared by meaning too, not by words alone."""

    items: list[PassageView]
    by_meaning: bool
