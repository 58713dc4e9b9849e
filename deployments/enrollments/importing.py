"""Enrolling people by the thousand, from a CSV file: wholly or not at all."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from deployments.enrollments.announcements import announce, first_price
from deployments.enrollments.enrolling import Enrolling
from deployments.enrollments.import_plan import Entry, Planned, judge, match, read
from deployments.enrollments.lifecycle import Status
from deployments.enrollments.repository.imports import ImportRepository, NewEnrollment, Pair
from deployments.enrollments.repository.rows import Course, Enrollment
from deployments.enrollments.seats import Seats
from deployments.kit.csv_import import Faults, ImportReport, Row
from deployments.kit.work import Work


@dataclass(frozen=True, kw_only=True)
class Importing:
    """Reads all that the rows are about, judges them as a whole, then writes."""

    enrolling: Enrolling
    seats: Seats

    async def run(
        self, work: Work, rows: Sequence[Row], *, course_id: UUID | None, force: bool, dry_run: bool
    ) -> ImportReport:
        """Enrol the people of a file, `course_id` standing in where a row names no course.

        Whoever is enrolled already is left as they are. `force` passes over prerequisites and capacity.
        Raises `ImportRefused` with every fault, `StoreConflict` where somebody enrolled one of them meanwhile.
        """
        faults = Faults()
        # Reading tens of thousands of rows takes a while; the loop stays free for other requests.
        entries = await asyncio.to_thread(read, rows, faults, course_id)
        courses, planned = await self._plan(work, entries, faults, force=force)
        if dry_run:
            return faults.report(rows, [one.report({}) for one in planned], dry_run=True)
        faults.refuse()
        created = await self._create(work, [one for one in planned if one.outcome == "created"])
        await self._readmit(work, [one for one in planned if one.outcome == "readmitted"])
        for course in courses.values():
            await self.seats.settle(work, course)
        return faults.report(rows, [one.report(created) for one in planned], dry_run=False)

    async def _plan(
        self, work: Work, entries: Sequence[Entry], faults: Faults, *, force: bool
    ) -> tuple[Mapping[UUID, Course], list[Planned]]:
        repository = ImportRepository(await work.connection())
        await repository.plan_for_many()
        courses = await repository.lock_courses({wanted.course_id for _, wanted in entries})
        emails = {wanted.email for _, wanted in entries if wanted.email is not None}
        external_ids = {wanted.external_id for _, wanted in entries if wanted.external_id is not None}
        people = await repository.people(emails, external_ids)
        matches = match(entries, courses, people, faults)
        pairs = [one.pair for one in matches]
        existing = await repository.existing(pairs)
        if force:
            return courses, judge(matches, existing, frozenset(), {}, faults, force=True)
        unprepared = await repository.unprepared(pairs)
        claimed = await repository.seats_claimed(courses)
        return courses, judge(matches, existing, unprepared, claimed, faults, force=False)

    async def _create(self, work: Work, planned: Sequence[Planned]) -> dict[Pair, UUID]:
        new = [
            NewEnrollment(
                course=one.match.course,
                user_id=one.match.person.id,
                status=one.match.wanted.status,
                enrolled_at=one.match.wanted.enrolled_at,
            )
            for one in planned
        ]
        created = await ImportRepository(await work.connection()).insert_many(work.org_id, new) if new else []
        courses = {one.course.id: one.course for one in new}
        for enrollment in created:
            price = first_price(courses[enrollment.course_id], enrollment, before=None)
            announce(work, "enrollment.created", enrollment, before=None, price=price)
        return {(enrollment.course_id, enrollment.user_id): enrollment.id for enrollment in created}

    async def _readmit(self, work: Work, planned: Sequence[Planned]) -> None:
        """Former learners of one course come back together."""
        repository = ImportRepository(await work.connection())
        met = [one.enrollment.id for one in planned if one.enrollment]
        locked = {enrollment.id: enrollment for enrollment in await repository.lock_many(met)} if met else {}
        groups: dict[tuple[UUID, bool], list[Enrollment]] = defaultdict(list)
        courses = {one.match.course.id: one.match.course for one in planned}
        for one in planned:
            if one.enrollment is not None:
                seated = one.match.wanted.status is Status.ACTIVE
                groups[one.match.course.id, seated].append(locked[one.enrollment.id])
        for (course_id, seated), returning in groups.items():
            await self.enrolling.readmit(work, courses[course_id], returning, seats=seated)
