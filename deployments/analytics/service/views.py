"""Scopes in figures: their whole life, a range of days, the funnel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from deployments.analytics import documents
from deployments.analytics.authority import reached
from deployments.analytics.cells import Subject
from deployments.analytics.metrics import ACTIVE_LEARNERS
from deployments.analytics.remembered import CourseFigures, RememberedCourses
from deployments.analytics.repository.cells import CellRepository
from deployments.analytics.repository.courses import CourseRepository, OutlinedUnit
from deployments.analytics.schemas import CourseFiguresView, FunnelView, RangeView, ScopeView
from deployments.analytics.suppression import Suppressor
from deployments.analytics.windows import Granularity, Kept, Range, resolve
from deployments.kit.principal import Principal
from deployments.kit.work import Work

# More days than this are asked for as two ranges: every day brings sketches to merge.
MAXIMUM_DAYS = 400


@dataclass(frozen=True, kw_only=True)
class Views:
    """Answers what stands now and what happened between two days."""

    minimum_group: int
    kept: Kept
    remembered: RememberedCourses

    def days(self, start: datetime | None, end: datetime | None) -> Range | None:
        """The whole UTC days of a range; None where none was given. Raises `Invalid`."""
        if start is None and end is None:
            return None
        return resolve(start, end, Granularity.DAY, now=datetime.now(UTC), kept=self.kept, maximum=MAXIMUM_DAYS)

    async def platform(self, work: Work, days: Range | None) -> ScopeView:
        """All organisations together."""
        await work.bind(Subject.platform().org_id)
        return await self._scope(work, Subject.platform(), days)

    async def organisation(self, work: Work, days: Range | None) -> ScopeView:
        """The tenant."""
        return await self._scope(work, Subject.organisation(work.org_id), days)

    async def _scope(self, work: Work, subject: Subject, days: Range | None) -> ScopeView:
        repository = await self._repository(work)
        cell, _ = await repository.totals(subject)
        return ScopeView(
            scope=documents.scope_name(subject),
            id=documents.scope_id(subject),
            as_of=datetime.now(UTC),
            totals=documents.totals(cell, self.minimum_group),
            range=await self._range(repository, subject, days),
        )

    async def course(self, work: Work, principal: Principal, course_id: UUID, days: Range | None) -> CourseFiguresView:
        """A course with its units. Raises `CourseNotFound`, `NotYourCourse`."""
        found, outline = await CourseRepository(await work.connection(plan_anew=True)).find_with_units(course_id)
        course = reached(principal, found)
        repository = await self._repository(work)
        figures = await self.remembered.figures(
            course_id, outline, lambda: self._course(repository, work.org_id, course_id, outline)
        )
        return CourseFiguresView(
            scope="course",
            id=course_id,
            title=course.title,
            as_of=datetime.now(UTC),
            totals=figures.totals,
            range=await self._range(repository, Subject.course(work.org_id, course_id), days),
            funnel=figures.funnel,
            units=figures.units,
        )

    async def _course(
        self, repository: CellRepository, org_id: UUID, course_id: UUID, outline: Sequence[OutlinedUnit]
    ) -> CourseFigures:
        cell, unit_cells = await repository.course_with_units(org_id, course_id)
        return CourseFigures(
            outline=outline,
            totals=documents.totals(cell, self.minimum_group),
            funnel=documents.stages(cell, Suppressor(self.minimum_group)),
            units=documents.units(outline, unit_cells, self.minimum_group),
        )

    async def funnel(self, work: Work, subject: Subject) -> FunnelView:
        """From enrolment to certificate."""
        cell, _ = await (await self._repository(work)).totals(subject)
        return documents.funnel(subject, cell, self.minimum_group)

    async def course_subject(self, work: Work, principal: Principal, course_id: UUID) -> Subject:
        """The course as a subject. Raises `CourseNotFound`, `NotYourCourse`."""
        reached(principal, await CourseRepository(await work.connection(plan_anew=True)).find(course_id))
        return Subject.course(work.org_id, course_id)

    async def _range(self, repository: CellRepository, subject: Subject, days: Range | None) -> RangeView | None:
        if days is None:
            return None
        cells = await repository.windows(subject, days, ACTIVE_LEARNERS.columns)
        return documents.range_view(cells.values(), days, self.minimum_group)

    async def _repository(self, work: Work) -> CellRepository:
        return CellRepository(await work.connection(plan_anew=True))
