"""Running a course: its learners, its figures, its work to grade."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Response

from deployments.enrollments.endpoints.common import PREFIX, Service, learner, position, view
from deployments.enrollments.lifecycle import Status
from deployments.enrollments.reading import Summary
from deployments.enrollments.schemas import (
    EnrollmentView,
    Grade,
    LearnerView,
    Manage,
    QueuedSubmission,
    SubmissionView,
    SummaryView,
    UnitSummary,
)
from deployments.kit.etags import etag
from deployments.kit.paging import Page, split_page
from deployments.kit.parameters import CurrentPrincipal, CurrentWork, Cursor, IfMatch, Limit
from deployments.kit.routes import service_router

router = service_router(PREFIX)


@router.post("/manage", status_code=201, summary="Enrol a person in a course one runs")
async def enrol_other(
    body: Manage, principal: CurrentPrincipal, work: CurrentWork, service: Service, response: Response
) -> EnrollmentView:
    enrollment = await service.enrolling.enrol_other(work, principal, body.course_id, body.user_id, force=body.force)
    response.headers["location"] = f"{PREFIX}/{enrollment.id}"
    return view(await service.reading.shown(work, enrollment.id), response)


@router.get("/courses/{course_id}", summary="A course's enrolments with their learners, the oldest first")
async def list_of_course(
    course_id: UUID,
    principal: CurrentPrincipal,
    work: CurrentWork,
    service: Service,
    status: Annotated[Status | None, Query()] = None,
    user_id: Annotated[UUID | None, Query()] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[LearnerView]:
    rows = await service.reading.of_course(
        work, principal, course_id, status=status, user_id=user_id, after=position(cursor), limit=limit + 1
    )
    kept, following = split_page(rows, limit, lambda row: (row["created_at"], row["id"]))
    items = [LearnerView.model_validate({**row, "learner": learner(row)}) for row in kept]
    return Page(items=items, next_cursor=following)


@router.get("/courses/{course_id}/summary", summary="A course in figures")
async def summary(course_id: UUID, principal: CurrentPrincipal, work: CurrentWork, service: Service) -> SummaryView:
    return _summary(await service.reading.summary(work, principal, course_id))


def _summary(found: Summary) -> SummaryView:
    return SummaryView(
        course_id=found.course_id,
        enrolments=found.figures["enrolments"],
        by_status={status: found.figures[status] for status in Status},
        mean_progress=found.figures["mean_progress"],
        units=[
            UnitSummary(
                unit_id=unit.id,
                title=unit.title,
                kind=unit.kind,
                in_newest_version=current,
                learners_scored=figures.learners_scored,
                mean_score=figures.mean_score,
                submissions_ungraded=figures.submissions_ungraded,
            )
            for unit, current, figures in found.units
        ],
    )


@router.get("/courses/{course_id}/submissions", summary="A course's work to grade, or graded, the oldest first")
async def queue(
    course_id: UUID,
    principal: CurrentPrincipal,
    work: CurrentWork,
    service: Service,
    status: Annotated[Literal["ungraded", "graded", "all"], Query()] = "ungraded",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[QueuedSubmission]:
    rows = await service.reading.queue(
        work, principal, course_id, status=status, after=position(cursor), limit=limit + 1
    )
    kept, following = split_page(rows, limit, lambda row: (row["created_at"], row["id"]))
    items = [QueuedSubmission.model_validate({**row, "learner": learner(row)}) for row in kept]
    return Page(items=items, next_cursor=following)


@router.put("/submissions/{submission_id}/grade", summary="Grade a submission, or grade it again")
async def grade(
    submission_id: UUID,
    body: Grade,
    principal: CurrentPrincipal,
    work: CurrentWork,
    service: Service,
    response: Response,
    if_match: IfMatch = None,
) -> SubmissionView:
    graded = await service.grading.grade(
        work, principal, submission_id, points=body.points, feedback=body.feedback, if_match=if_match
    )
    response.headers["etag"] = etag(graded.revision)
    return SubmissionView.model_validate(graded)
