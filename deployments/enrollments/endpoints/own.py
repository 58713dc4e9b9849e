"""One's own enrolments: joining, leaving, looking."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from deployments.enrollments.content import Unit
from deployments.enrollments.endpoints.common import PREFIX, Service, position, view
from deployments.enrollments.lifecycle import Status
from deployments.enrollments.reading import Progress
from deployments.enrollments.repository.coursework import UnitUsage
from deployments.enrollments.schemas import Enrol, EnrollmentView, ProgressView, UnitView
from deployments.kit.paging import Page, split_page
from deployments.kit.parameters import CurrentPrincipal, CurrentWork, Cursor, Limit
from deployments.kit.routes import service_router

router = service_router(PREFIX)


@router.post("", status_code=201, summary="Enrol in a course, or join its waiting list")
async def enrol(
    body: Enrol, principal: CurrentPrincipal, work: CurrentWork, service: Service, response: Response
) -> EnrollmentView:
    enrollment = await service.enrolling.enrol_oneself(work, principal, body.course_id)
    response.headers["location"] = f"{PREFIX}/{enrollment.id}"
    return view(await service.reading.shown(work, enrollment.id), response)


@router.get("", summary="One's own enrolments, the newest first")
async def list_own(
    principal: CurrentPrincipal,
    work: CurrentWork,
    service: Service,
    status: Annotated[Status | None, Query()] = None,
    course_id: Annotated[UUID | None, Query()] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[EnrollmentView]:
    rows = await service.reading.own(
        work, principal, status=status, course_id=course_id, before=position(cursor), limit=limit + 1
    )
    kept, following = split_page(rows, limit, lambda row: (row["created_at"], row["id"]))
    return Page(items=[view(row) for row in kept], next_cursor=following)


@router.get("/{enrollment_id}", summary="An enrolment: one's own, or a learner's of a course one may look into")
async def one(
    enrollment_id: UUID, principal: CurrentPrincipal, work: CurrentWork, service: Service, response: Response
) -> EnrollmentView:
    return view(await service.reading.one(work, principal, enrollment_id), response)


@router.post("/{enrollment_id}/drop", summary="Leave a course or its waiting list")
async def drop(
    enrollment_id: UUID, principal: CurrentPrincipal, work: CurrentWork, service: Service, response: Response
) -> EnrollmentView:
    dropped = await service.enrolling.drop(work, principal, enrollment_id)
    return view(await service.reading.shown(work, dropped.id), response)


@router.post("/{enrollment_id}/upgrade", summary="Move to the newest version of the course")
async def upgrade(
    enrollment_id: UUID, principal: CurrentPrincipal, work: CurrentWork, service: Service, response: Response
) -> EnrollmentView:
    upgraded = await service.enrolling.upgrade(work, principal, enrollment_id)
    return view(await service.reading.shown(work, upgraded.id), response)


@router.get("/{enrollment_id}/progress", summary="Every unit: completed or not, score, attempts left")
async def progress(
    enrollment_id: UUID, principal: CurrentPrincipal, work: CurrentWork, service: Service
) -> ProgressView:
    return _progress(await service.reading.progress(work, principal, enrollment_id))


def _progress(found: Progress) -> ProgressView:
    return ProgressView(
        enrollment_id=found.enrollment["id"],
        status=found.enrollment["status"],
        progress=found.enrollment["progress"],
        score=found.enrollment["score"],
        completed_units=sum(usage.record.completed_at is not None for _, usage in found.units),
        units=[_unit(unit, usage) for unit, usage in found.units],
    )


def _unit(unit: Unit, usage: UnitUsage) -> UnitView:
    return UnitView(
        unit_id=unit.id,
        module_id=unit.module_id,
        title=unit.title,
        kind=unit.kind,
        completed_at=usage.record.completed_at,
        score=usage.record.score,
        attempts_used=usage.attempts if unit.quiz else None,
        attempts_left=unit.quiz.attempts_left(usage.attempts) if unit.quiz else None,
        submissions=usage.submissions if unit.assignment else None,
    )
