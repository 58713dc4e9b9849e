"""Asking for tasks and looking after them."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Query, Request, Response

from actors.agent.state import Status
from deployments.agents.endpoints.common import PREFIX, Agents, position
from deployments.agents.schemas import KindList, KindView, NewTask, Retry, TaskDetail, TaskView, Word
from deployments.agents.service.tasks import Budget, permitted_kinds
from deployments.agents.stream.response import ProgressStream
from deployments.kit.paging import Page, split_page
from deployments.kit.parameters import CurrentPrincipal, CurrentWork, Cursor, Limit
from deployments.kit.routes import service_router
from deployments.kit.streaming import MEDIA_TYPE

router = service_router(PREFIX)
_STREAM = """Server-sent events: the lines of the task's journal, then `end` with the reason. `id` is a line's number:
send the last one as `Last-Event-ID` when you come back, and you are told what came after it."""


class _Documented(Response):
    media_type = MEDIA_TYPE


_STREAMED: dict[int | str, dict[str, Any]] = {
    200: {"description": "A stream of events", "content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}
}


@router.get("/kinds", summary="The kinds of tasks that one may ask for")
async def kinds(principal: CurrentPrincipal) -> KindList:
    return KindList(items=[KindView.of(kind) for kind in permitted_kinds(principal)])


@router.post("/tasks", status_code=201, summary="Ask for a task")
async def create(
    body: NewTask, principal: CurrentPrincipal, work: CurrentWork, agents: Agents, response: Response
) -> TaskView:
    budget = Budget(steps=body.budget.steps, tokens=body.budget.tokens, dollars=body.budget.dollars)
    row = await agents.tasks.create(
        work, principal, kind=body.kind, input=body.input, budget=budget, deadline=body.deadline
    )
    response.headers["location"] = f"{PREFIX}/tasks/{row['id']}"
    return TaskView.of(row)


@router.get("/tasks", summary="Tasks, the newest first: one's own, or everybody's")
async def list_tasks(
    principal: CurrentPrincipal,
    work: CurrentWork,
    agents: Agents,
    status: Annotated[Status | None, Query()] = None,
    kind: Annotated[Word | None, Query()] = None,
    everybody: Annotated[bool, Query(description="Of the whole organisation; needs `agents.any`")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[TaskView]:
    rows = await agents.tasks.page(
        work, principal, everybody=everybody, status=status, kind=kind, before=position(cursor), limit=limit + 1
    )
    kept, following = split_page(rows, limit, lambda row: (row["created_at"], row["id"]))
    return Page(items=[TaskView.of(row) for row in kept], next_cursor=following)


@router.get("/tasks/{task_id}", summary="A task with its plan, steps, decisions and cost")
async def one(task_id: UUID, principal: CurrentPrincipal, work: CurrentWork, agents: Agents) -> TaskDetail:
    found = await agents.tasks.one(work, principal, task_id)
    return TaskDetail.of_parts(found.task, found.steps, found.approvals)


@router.get(
    "/tasks/{task_id}/stream",
    summary="A task's progress as it happens",
    description=_STREAM,
    response_class=_Documented,
    responses=_STREAMED,
)
async def stream(
    task_id: UUID,
    request: Request,
    principal: CurrentPrincipal,
    work: CurrentWork,
    agents: Agents,
    last_event_id: Annotated[str | None, Header(alias="Last-Event-ID", max_length=64)] = None,
) -> ProgressStream:
    await agents.tasks.one(work, principal, task_id)
    context = request.app.state.context
    after = int(last_event_id) if last_event_id and last_event_id.isascii() and last_event_id.isdecimal() else 0
    return ProgressStream(agents.hub, context.database, context.sessions, task_id, principal, min(after, 2**62))


@router.post("/tasks/{task_id}/cancel", summary="End a task now")
async def cancel(task_id: UUID, principal: CurrentPrincipal, work: CurrentWork, agents: Agents) -> TaskView:
    return TaskView.of(await agents.tasks.cancel(work, principal, task_id))


@router.post("/tasks/{task_id}/retry", summary="Try a task once more, from where it stopped")
async def retry(
    task_id: UUID, principal: CurrentPrincipal, work: CurrentWork, agents: Agents, body: Retry | None = None
) -> TaskView:
    return TaskView.of(await agents.tasks.retry(work, principal, task_id, body.deadline if body else None))
