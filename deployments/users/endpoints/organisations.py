"""Organisations: one's own, and for platform administrators all of them."""

from __future__ import annotations

from uuid import UUID

from fastapi import Response

from deployments.kit.etags import etag
from deployments.kit.paging import Page, decode_cursor, split_page
from deployments.kit.parameters import CurrentPrincipal, CurrentWork, Cursor, IfMatch, Limit
from deployments.kit.routes import service_router
from deployments.users.endpoints.common import Users
from deployments.users.repository.organisations import OrganisationRow
from deployments.users.schemas import (
    CreatedOrganisation,
    NewOrganisation,
    Organisation,
    OrganisationChange,
    TenantChange,
)

router = service_router("/api/users")


def _organisation(row: OrganisationRow, response: Response) -> Organisation:
    response.headers["etag"] = etag(row.revision)
    return Organisation.model_validate(row, from_attributes=True)


@router.get("/organisation", summary="One's organisation")
async def own_organisation(
    principal: CurrentPrincipal, work: CurrentWork, users: Users, response: Response
) -> Organisation:
    return _organisation(await users.organisations.find(work, principal.org_id), response)


@router.patch("/organisation", summary="Change one's organisation")
async def change_own_organisation(
    body: OrganisationChange,
    principal: CurrentPrincipal,
    work: CurrentWork,
    users: Users,
    response: Response,
    if_match: IfMatch = None,
) -> Organisation:
    changed = await users.organisations.change(work, principal, principal.org_id, body, if_match)
    return _organisation(changed, response)


@router.get("/organisations", summary="All organisations, the oldest first")
async def list_organisations(
    work: CurrentWork, users: Users, limit: Limit = 50, cursor: Cursor = None
) -> Page[Organisation]:
    position = decode_cursor(cursor, UUID)
    rows = await users.organisations.page(work, position[0] if position else None, limit + 1)
    kept, next_cursor = split_page(rows, limit, lambda row: (row.id,))
    items = [Organisation.model_validate(row, from_attributes=True) for row in kept]
    return Page(items=items, next_cursor=next_cursor)


@router.post("/organisations", status_code=201, summary="Create an organisation, with its first administrator")
async def create_organisation(
    body: NewOrganisation, work: CurrentWork, users: Users, response: Response
) -> CreatedOrganisation:
    row, administrator = await users.organisations.create(work, body)
    response.headers["location"] = f"/api/users/organisations/{row.id}"
    created = _organisation(row, response)
    return CreatedOrganisation(**created.model_dump(), administrator_id=administrator.id if administrator else None)


@router.get("/organisations/{org_id}", summary="One organisation")
async def get_organisation(org_id: UUID, work: CurrentWork, users: Users, response: Response) -> Organisation:
    return _organisation(await users.organisations.find(work, org_id), response)


@router.patch("/organisations/{org_id}", summary="Change, suspend or reinstate an organisation")
async def change_organisation(
    org_id: UUID,
    body: TenantChange,
    principal: CurrentPrincipal,
    work: CurrentWork,
    users: Users,
    response: Response,
    if_match: IfMatch = None,
) -> Organisation:
    return _organisation(await users.organisations.change(work, principal, org_id, body, if_match), response)
