"""The audit log."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Path, Query
from fastapi.responses import StreamingResponse

from deployments.governance.endpoints.common import Governance, router
from deployments.governance.exporting import MEDIA_TYPES, Format
from deployments.governance.repository.entries import Entry, EntryFilter
from deployments.governance.schemas import AuditKeys, EntryView, HeadView
from deployments.kit.paging import Page, decode_cursor, split_page
from deployments.kit.parameters import CurrentWork, Cursor, Limit
from deployments.kit.times import Moment
from deployments.kit.work import Work
from stores.audit import PLATFORM

_DOWNLOAD: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/jsonl": {}, "text/csv": {}}, "description": "The entries, the oldest first"}
}
Number = Annotated[int, Path(ge=1, le=2**53)]


async def _filter(
    action: Annotated[
        str | None,
        Query(max_length=64, pattern=r"^[a-z0-9_.]+$", description="An action; `session.` stands for all of sessions"),
    ] = None,
    actor: Annotated[UUID | None, Query(description="Who did it")] = None,
    subject: Annotated[
        str | None, Query(max_length=128, pattern=r"^[A-Za-z0-9._:-]+$", description="To whom or what it was done")
    ] = None,
    since: Annotated[Moment | None, Query()] = None,
    until: Annotated[Moment | None, Query(description="Before this time")] = None,
) -> EntryFilter:
    return EntryFilter(action=action, actor=actor, subject=subject, since=since, until=until)


Wanted = Annotated[EntryFilter, Depends(_filter)]


@router.get("/audit/entries", summary="Entries of the organisation's audit log, the newest first")
async def list_entries(
    work: CurrentWork, governance: Governance, wanted: Wanted, cursor: Cursor = None, limit: Limit = 50
) -> Page[EntryView]:
    return await _page(work, governance, wanted, cursor, limit)


@router.get("/audit/entries/{number}", summary="One entry")
async def read_entry(number: Number, work: CurrentWork, governance: Governance) -> EntryView:
    return _view(await governance.audit.find(work, number))


@router.get("/audit/head", summary="Where the organisation's log ends, signed")
async def read_head(work: CurrentWork, governance: Governance) -> HeadView:
    end = await governance.audit.end(work)
    return HeadView(number=end.number, hash=end.hash.hex(), token=end.token, waiting=end.waiting)


@router.get("/audit/keys", summary="The public keys that ends of logs are signed with")
async def read_keys(governance: Governance) -> AuditKeys:
    return AuditKeys(keys=await governance.audit.key_set())


@router.get(
    "/audit/export", summary="Entries as a file", response_class=StreamingResponse, responses=_DOWNLOAD
)  # fmt: skip
async def export_entries(
    work: CurrentWork,
    governance: Governance,
    wanted: Wanted,
    form: Annotated[Format, Query(alias="format")] = "jsonl",
) -> StreamingResponse:
    return await _export(work, governance, wanted, form)


@router.get("/audit/platform/entries", summary="Entries of the platform's own log, the newest first")
async def list_platform_entries(
    work: CurrentWork, governance: Governance, wanted: Wanted, cursor: Cursor = None, limit: Limit = 50
) -> Page[EntryView]:
    await work.bind(PLATFORM)
    return await _page(work, governance, wanted, cursor, limit)


@router.get(
    "/audit/platform/export", summary="The platform's own log as a file", response_class=StreamingResponse,
    responses=_DOWNLOAD,
)  # fmt: skip
async def export_platform_entries(
    work: CurrentWork,
    governance: Governance,
    wanted: Wanted,
    form: Annotated[Format, Query(alias="format")] = "jsonl",
) -> StreamingResponse:
    await work.bind(PLATFORM)
    return await _export(work, governance, wanted, form)


async def _page(
    work: Work, governance: Governance, wanted: EntryFilter, cursor: str | None, limit: int
) -> Page[EntryView]:
    position = decode_cursor(cursor, int)
    found = await governance.audit.page(work, wanted, position[0] if position else None, limit + 1)
    kept, following = split_page(found, limit, lambda entry: (entry.number,))
    return Page(items=[_view(entry) for entry in kept], next_cursor=following)


async def _export(work: Work, governance: Governance, wanted: EntryFilter, form: Format) -> StreamingResponse:
    disposition = f'attachment; filename="azora-audit.{form}"'
    return StreamingResponse(
        await governance.audit.export(work, wanted, form),
        media_type=MEDIA_TYPES[form],
        headers={"content-disposition": disposition, "cache-control": "no-store"},
    )


def _view(entry: Entry) -> EntryView:
    return EntryView(number=entry.number, recorded_at=entry.recorded_at, hash=entry.hash.hex(), **entry.fields)
