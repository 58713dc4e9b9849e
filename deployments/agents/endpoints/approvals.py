"""What tasks ask people, and the answers."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query

from deployments.agents.endpoints.common import PREFIX, Agents, position
from deployments.agents.schemas import Answer, ApprovalDetail, ApprovalSummary, ApprovalView, Edit, Refusal
from deployments.kit.paging import Page, split_page
from deployments.kit.parameters import CurrentPrincipal, CurrentWork, Cursor, Limit
from deployments.kit.routes import service_router

router = service_router(PREFIX)
ApprovalStatus = Literal["pending", "approved", "refused", "edited", "expired", "withdrawn", "all"]


@router.get("/approvals", summary="What one is asked to approve, the oldest first")
async def queue(
    principal: CurrentPrincipal,
    work: CurrentWork,
    agents: Agents,
    status: Annotated[ApprovalStatus, Query()] = "pending",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ApprovalView]:
    wanted = None if status == "all" else status
    rows = await agents.approvals.queue(work, principal, status=wanted, after=position(cursor), limit=limit + 1)
    kept, following = split_page(rows, limit, lambda row: (row["created_at"], row["id"]))
    return Page(items=[ApprovalView.of(row) for row in kept], next_cursor=following)


@router.get("/approvals/{approval_id}", summary="The plan, the data it touches and the draft, to be approved")
async def one(approval_id: UUID, principal: CurrentPrincipal, work: CurrentWork, agents: Agents) -> ApprovalDetail:
    asked = await agents.approvals.one(work, principal, approval_id)
    return ApprovalDetail.of_parts(asked.approval, asked.steps)


@router.post("/approvals/{approval_id}/approve", summary="Let the task go on with this plan")
async def approve(
    approval_id: UUID, body: Answer, principal: CurrentPrincipal, work: CurrentWork, agents: Agents
) -> ApprovalSummary:
    plan_hash = bytes.fromhex(body.plan_hash)
    return ApprovalSummary.of(await agents.approvals.approve(work, principal, approval_id, plan_hash))


@router.post("/approvals/{approval_id}/refuse", summary="Have the task end, and say why")
async def refuse(
    approval_id: UUID, body: Refusal, principal: CurrentPrincipal, work: CurrentWork, agents: Agents
) -> ApprovalSummary:
    plan_hash = bytes.fromhex(body.plan_hash)
    return ApprovalSummary.of(await agents.approvals.refuse(work, principal, approval_id, plan_hash, body.reason))


@router.post("/approvals/{approval_id}/edit", summary="Change what may be changed; the task then asks anew")
async def edit(
    approval_id: UUID, body: Edit, principal: CurrentPrincipal, work: CurrentWork, agents: Agents
) -> ApprovalSummary:
    plan_hash = bytes.fromhex(body.plan_hash)
    return ApprovalSummary.of(await agents.approvals.edit(work, principal, approval_id, plan_hash, body.changes))
