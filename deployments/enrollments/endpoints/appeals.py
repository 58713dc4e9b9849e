"""Appeals against grades."""

from __future__ import annotations

from uuid import UUID

from deployments.enrollments.endpoints.common import PREFIX, Service, learner
from deployments.enrollments.grading_schemas import AppealDecision, AppealNew, Appeals, AppealView, QueuedAppeal
from deployments.kit.paging import Page, decode_cursor, split_page
from deployments.kit.parameters import CurrentPrincipal, CurrentWork, Cursor, Limit
from deployments.kit.routes import service_router

router = service_router(PREFIX)


@router.post("/submissions/{submission_id}/appeals", status_code=201, summary="Appeal against one's grade")
async def appeal(
    submission_id: UUID, body: AppealNew, principal: CurrentPrincipal, work: CurrentWork, service: Service
) -> AppealView:
    return AppealView.model_validate(await service.appealing.appeal(work, principal, submission_id, body.reason))


@router.get("/submissions/{submission_id}/appeals", summary="Appeals against a submission's grades, the newest first")
async def appeals(submission_id: UUID, principal: CurrentPrincipal, work: CurrentWork, service: Service) -> Appeals:
    found = await service.appealing.of_submission(work, principal, submission_id)
    return Appeals(items=[AppealView.model_validate(one) for one in found])


@router.post("/attempts/{attempt_id}/appeals", status_code=201, summary="Appeal against the marks of one's quiz")
async def appeal_attempt(
    attempt_id: UUID, body: AppealNew, principal: CurrentPrincipal, work: CurrentWork, service: Service
) -> AppealView:
    return AppealView.model_validate(await service.quiz_appeals.appeal(work, principal, attempt_id, body.reason))


@router.get("/attempts/{attempt_id}/appeals", summary="Appeals against the marks of an attempt, the newest first")
async def attempt_appeals(
    attempt_id: UUID, principal: CurrentPrincipal, work: CurrentWork, service: Service
) -> Appeals:
    found = await service.quiz_appeals.of_attempt(work, principal, attempt_id)
    return Appeals(items=[AppealView.model_validate(one) for one in found])


@router.get("/courses/{course_id}/appeals", summary="A course's appeals that wait for an answer, the oldest first")
async def queue(
    course_id: UUID,
    principal: CurrentPrincipal,
    work: CurrentWork,
    service: Service,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[QueuedAppeal]:
    position = decode_cursor(cursor, UUID)
    rows = await service.appealing.queue(
        work, principal, course_id, after=position[0] if position else None, limit=limit + 1
    )
    kept, following = split_page(rows, limit, lambda row: (row["id"],))
    items = [QueuedAppeal.model_validate({**row, "learner": learner(row)}) for row in kept]
    return Page(items=items, next_cursor=following)


@router.post("/appeals/{appeal_id}/decision", summary="Answer an appeal, with another grade where it is upheld")
async def decide(
    appeal_id: UUID, body: AppealDecision, principal: CurrentPrincipal, work: CurrentWork, service: Service
) -> AppealView:
    found = await service.appealing.decide(
        work, principal, appeal_id, points=body.points, right=body.right, decision=body.decision,
        feedback=body.feedback,
    )  # fmt: skip
    return AppealView.model_validate(found)


@router.delete("/appeals/{appeal_id}", summary="Take one's appeal back")
async def withdraw(appeal_id: UUID, principal: CurrentPrincipal, work: CurrentWork, service: Service) -> AppealView:
    return AppealView.model_validate(await service.appealing.withdraw(work, principal, appeal_id))
