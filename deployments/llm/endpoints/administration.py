"""Settings, keys, budgets, usage, transcripts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from deployments.kit.etags import etag
from deployments.kit.paging import Page, decode_cursor, split_page
from deployments.kit.parameters import CurrentPrincipal, CurrentWork, Cursor, IfMatch, Limit
from deployments.kit.routes import service_router
from deployments.kit.times import Date
from deployments.kit.work import Work
from deployments.llm.repository.budgets import StoredBudget
from deployments.llm.repository.settings import LlmSettings
from deployments.llm.repository.transcripts import NewTranscript
from deployments.llm.repository.usage import UsageRow
from deployments.llm.schemas import (
    ApiKeyView,
    BudgetChange,
    BudgetView,
    Dimension,
    NewApiKey,
    NewBudgetBody,
    SettingsChange,
    SettingsView,
    ShownApiKey,
    TranscriptView,
    UsageGroup,
    UsageReport,
)
from deployments.llm.service.administration import Administration

PREFIX = "/api/llm"
router = service_router(PREFIX)


async def _administration(request: Request) -> Administration:
    service = request.app.state.service
    assert isinstance(service, Administration)
    return service


Service = Annotated[Administration, Depends(_administration)]
First = Annotated[Date | None, Query(description="The first day, in UTC; thirty days before the last by default")]
Last = Annotated[Date | None, Query(description="The last day, in UTC; today by default")]
By = Annotated[list[Dimension] | None, Query(max_length=6, description="What the groups are made by")]
Groups = Annotated[int, Query(ge=1, le=10_000, description="How many groups at the most, the dearest first")]


def _settings(settings: LlmSettings, response: Response) -> SettingsView:
    response.headers["etag"] = etag(settings.revision)
    return SettingsView.model_validate(settings, from_attributes=True)


@router.get("/settings", summary="What the organisation has decided about models")
async def read_settings(work: CurrentWork, service: Service, response: Response) -> SettingsView:
    return _settings(await service.settings(work), response)


@router.put("/settings", summary="Decide anew, all of it")
async def put_settings(
    body: SettingsChange, work: CurrentWork, service: Service, response: Response, if_match: IfMatch = None
) -> SettingsView:
    return _settings(await service.change_settings(work, body, if_match), response)


@router.get("/keys", summary="Keys of the organisation, the newest first")
async def list_keys(work: CurrentWork, service: Service, limit: Limit = 50, cursor: Cursor = None) -> Page[ApiKeyView]:
    rows = await service.keys(work, _after(cursor), limit + 1)
    kept, next_cursor = split_page(rows, limit, lambda row: (row.id,))
    items = [ApiKeyView.model_validate(row, from_attributes=True) for row in kept]
    return Page(items=items, next_cursor=next_cursor)


@router.post("/keys", status_code=201, summary="Make a key; it is shown this once")
async def make_key(
    body: NewApiKey, principal: CurrentPrincipal, work: CurrentWork, service: Service, response: Response
) -> ShownApiKey:
    key, stored = await service.make_key(work, principal, body)
    response.headers["cache-control"] = "no-store"
    view = ApiKeyView.model_validate(stored, from_attributes=True)
    return ShownApiKey(key=key.text, **view.model_dump())


@router.delete("/keys/{key_id}", summary="Revoke a key")
async def revoke_key(key_id: UUID, work: CurrentWork, service: Service) -> ApiKeyView:
    return ApiKeyView.model_validate(await service.revoke_key(work, key_id), from_attributes=True)


def _budget(budget: StoredBudget, response: Response) -> BudgetView:
    response.headers["etag"] = etag(budget.revision)
    return BudgetView.model_validate(budget, from_attributes=True)


@router.get("/budgets", summary="Budgets and what is spent of them, the newest first")
async def list_budgets(
    work: CurrentWork, service: Service, limit: Limit = 50, cursor: Cursor = None
) -> Page[BudgetView]:
    rows = await service.budgets(work, _after(cursor), limit + 1)
    kept, next_cursor = split_page(rows, limit, lambda row: (row.id,))
    items = [BudgetView.model_validate(row, from_attributes=True) for row in kept]
    return Page(items=items, next_cursor=next_cursor)


@router.post("/budgets", status_code=201, summary="Set a budget, or with the period minute a rate limit")
async def make_budget(body: NewBudgetBody, work: CurrentWork, service: Service, response: Response) -> BudgetView:
    return _budget(await service.make_budget(work, body), response)


@router.patch("/budgets/{budget_id}", summary="Change what may be spent")
async def change_budget(
    budget_id: UUID,
    body: BudgetChange,
    work: CurrentWork,
    service: Service,
    response: Response,
    if_match: IfMatch = None,
) -> BudgetView:
    return _budget(await service.change_budget(work, budget_id, body.maximum, if_match), response)


@router.delete("/budgets/{budget_id}", status_code=204, summary="End a budget")
async def delete_budget(budget_id: UUID, work: CurrentWork, service: Service) -> None:
    await service.delete_budget(work, budget_id)


def _group(row: UsageRow) -> UsageGroup:
    fields = {name: getattr(row, name) for name in UsageGroup.model_fields if name != "cost_microdollars"}
    return UsageGroup(**fields, cost_microdollars=row.microdollars)


async def _usage(
    work: Work,
    service: Administration,
    first: date | None,
    last: date | None,
    by: Sequence[Dimension],
    user_id: UUID | None,
    limit: int,
) -> UsageReport:
    report = await service.usage(work, first, last, list(by), user_id, limit)
    groups = [_group(row) for row in report.groups]
    return UsageReport(first=report.first, last=report.last, total=_group(report.total), groups=groups)


@router.get("/usage", summary="What the organisation's calls came to")
async def usage(
    work: CurrentWork, service: Service, first: First = None, last: Last = None, by: By = None, limit: Groups = 1_000
) -> UsageReport:
    return await _usage(work, service, first, last, by or (), None, limit)


@router.get("/usage/mine", summary="What one's own calls came to")
async def usage_of_oneself(
    principal: CurrentPrincipal,
    work: CurrentWork,
    service: Service,
    first: First = None,
    last: Last = None,
    by: By = None,
    limit: Groups = 1_000,
) -> UsageReport:
    return await _usage(work, service, first, last, by or (), principal.user_id, limit)


def _transcripts(service: Administration, rows: Sequence[NewTranscript], limit: int) -> Page[TranscriptView]:
    kept, next_cursor = split_page(rows, limit, lambda row: (row.id,))
    items = [
        TranscriptView(
            id=row.id, user_id=row.user_id, key_id=row.key_id, model=row.model,
            created_at=row.created_at, expires_at=row.expires_at, **service.opened(row),
        )
        for row in kept
    ]  # fmt: skip
    return Page(items=items, next_cursor=next_cursor)


@router.get("/transcripts", summary="Conversations that are kept, the newest first")
async def list_transcripts(
    work: CurrentWork,
    service: Service,
    user_id: Annotated[UUID | None, Query(description="Of one person only")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[TranscriptView]:
    return _transcripts(service, await service.page_of_transcripts(work, user_id, _after(cursor), limit + 1), limit)


@router.get("/transcripts/mine", summary="One's own conversations that are kept, the newest first")
async def list_own_transcripts(
    principal: CurrentPrincipal, work: CurrentWork, service: Service, limit: Limit = 50, cursor: Cursor = None
) -> Page[TranscriptView]:
    rows = await service.page_of_transcripts(work, principal.user_id, _after(cursor), limit + 1)
    return _transcripts(service, rows, limit)


@router.delete("/transcripts/{transcript_id}", status_code=204, summary="Delete a kept conversation")
async def delete_transcript(
    transcript_id: UUID, principal: CurrentPrincipal, work: CurrentWork, service: Service
) -> None:
    await service.delete_transcript(work, principal, transcript_id)


def _after(cursor: str | None) -> UUID | None:
    position = decode_cursor(cursor, UUID)
    return position[0] if position else None
