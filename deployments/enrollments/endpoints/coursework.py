"""Working through units: ticking off, quizzes, assignments."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import Response

from deployments.enrollments.endpoints.common import PREFIX, Service, ShortLimit, number
from deployments.enrollments.repository.rows import Attempt, Enrollment
from deployments.enrollments.schemas import (
    Answers,
    AttemptView,
    ChangeView,
    HandIn,
    NewAttemptView,
    QuestionView,
    SubmissionView,
)
from deployments.enrollments.scoring import Quiz
from deployments.kit.etags import etag
from deployments.kit.paging import Page, split_page
from deployments.kit.parameters import CurrentPrincipal, CurrentWork, Cursor
from deployments.kit.routes import service_router

_UNIT = "/{enrollment_id}/units/{unit_id}"
router = service_router(PREFIX)


@router.put(f"{_UNIT}/completion", summary="Tick off a text or a video")
async def tick(
    enrollment_id: UUID, unit_id: UUID, principal: CurrentPrincipal, work: CurrentWork, service: Service
) -> ChangeView:
    return _change(await service.coursework.tick(work, principal, enrollment_id, unit_id), unit_id)


@router.delete(f"{_UNIT}/completion", summary="Undo ticking off a text or a video")
async def untick(
    enrollment_id: UUID, unit_id: UUID, principal: CurrentPrincipal, work: CurrentWork, service: Service
) -> ChangeView:
    return _change(await service.coursework.untick(work, principal, enrollment_id, unit_id), unit_id)


def _change(enrollment: Enrollment, unit_id: UUID) -> ChangeView:
    return ChangeView(
        enrollment_id=enrollment.id,
        unit_id=unit_id,
        status=enrollment.status,
        progress=enrollment.progress,
        score=enrollment.score,
        completed_at=enrollment.completed_at,
    )


@router.post(f"{_UNIT}/attempts", status_code=201, summary="Take a quiz")
async def attempt(
    enrollment_id: UUID,
    unit_id: UUID,
    body: Answers,
    principal: CurrentPrincipal,
    work: CurrentWork,
    service: Service,
) -> NewAttemptView:
    made = await service.coursework.attempt(work, principal, enrollment_id, unit_id, body.answers)
    return NewAttemptView(**_attempt(made.attempt, made.quiz, made.explained), attempts_left=made.attempts_left)


@router.get(f"{_UNIT}/attempts", summary="Attempts at a quiz, the newest first")
async def list_attempts(
    enrollment_id: UUID,
    unit_id: UUID,
    principal: CurrentPrincipal,
    work: CurrentWork,
    service: Service,
    limit: ShortLimit = 20,
    cursor: Cursor = None,
) -> Page[AttemptView]:
    found = await service.reading.attempts(
        work, principal, enrollment_id, unit_id, before=number(cursor), limit=limit + 1
    )
    kept, following = split_page(found.items, limit, lambda one: (one.number,))
    items = [AttemptView(**_attempt(one, found.quiz, found.explained)) for one in kept]
    return Page(items=items, next_cursor=following)


def _attempt(attempt: Attempt, quiz: Quiz, explained: bool) -> dict[str, Any]:
    explanations = {question.id: question.explanation for question in quiz.questions if explained}
    return {
        "id": attempt.id,
        "number": attempt.number,
        "score": attempt.score,
        "points": attempt.points,
        "maximum_points": attempt.maximum_points,
        "passed": attempt.passed,
        "questions": [
            QuestionView(**result, explanation=explanations.get(result["question_id"])) for result in attempt.result
        ],
        "answers": attempt.answers,
        "created_at": attempt.created_at,
    }


@router.post(f"{_UNIT}/submissions", status_code=201, summary="Hand in an assignment")
async def submit(
    enrollment_id: UUID,
    unit_id: UUID,
    body: HandIn,
    principal: CurrentPrincipal,
    work: CurrentWork,
    service: Service,
    response: Response,
) -> SubmissionView:
    submission = await service.coursework.submit(work, principal, enrollment_id, unit_id, body.body)
    response.headers["etag"] = etag(submission.revision)
    return SubmissionView.model_validate(submission)


@router.get(f"{_UNIT}/submissions", summary="What was handed in, the newest first, with grades")
async def list_submissions(
    enrollment_id: UUID,
    unit_id: UUID,
    principal: CurrentPrincipal,
    work: CurrentWork,
    service: Service,
    limit: ShortLimit = 10,
    cursor: Cursor = None,
) -> Page[SubmissionView]:
    found = await service.reading.submissions(
        work, principal, enrollment_id, unit_id, before=number(cursor), limit=limit + 1
    )
    kept, following = split_page(found, limit, lambda one: (one.number,))
    return Page(items=[SubmissionView.model_validate(one) for one in kept], next_cursor=following)
