"""Proposals for the draft of a course."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request

from deployments.courses.endpoints.common import MEBIBYTE, PREFIX, Courses
from deployments.courses.proposal_schemas import ProposalView, Wanted
from deployments.kit.parameters import CurrentPrincipal
from deployments.kit.routes import service_router

router = service_router(PREFIX, slow=True)  # a proposal takes its time, and has no effect


@router.post(
    "/{course_id}/proposals", summary="Propose content for the draft, checked, and kept nowhere",
    max_body_size=4 * MEBIBYTE,
)  # fmt: skip
async def propose(
    course_id: UUID, body: Wanted, request: Request, principal: CurrentPrincipal, courses: Courses
) -> ProposalView:
    token = request.headers["authorization"].split()[-1]
    return await courses.proposals.propose(principal, token, course_id, body)
