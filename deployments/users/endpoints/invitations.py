"""Invitations."""

from __future__ import annotations

from uuid import UUID

from fastapi import Response

from deployments.kit.paging import Page, decode_cursor, split_page
from deployments.kit.parameters import ClientAddress, CurrentPrincipal, CurrentWork, Cursor, Limit
from deployments.kit.problems import documented
from deployments.kit.routes import service_router
from deployments.users.endpoints.common import Users, person
from deployments.users.repository.links import InvitationRow
from deployments.users.schemas import Invitation, InvitationAcceptance, NewInvitation, Person

router = service_router("/api/users/invitations")


def _invitation(row: InvitationRow) -> Invitation:
    return Invitation.model_validate(row, from_attributes=True)


@router.get("", summary="Invitations of the organisation, the newest first")
async def list_invitations(
    work: CurrentWork, users: Users, limit: Limit = 50, cursor: Cursor = None
) -> Page[Invitation]:
    position = decode_cursor(cursor, UUID)
    rows = await users.invitations.page(work, position[0] if position else None, limit + 1)
    kept, next_cursor = split_page(rows, limit, lambda row: (row.id,))
    return Page(items=[_invitation(row) for row in kept], next_cursor=next_cursor)


@router.post("", status_code=201, summary="Mail an invitation; an open one of the address is replaced")
async def invite(body: NewInvitation, principal: CurrentPrincipal, work: CurrentWork, users: Users) -> Invitation:
    return _invitation(await users.invitations.invite(work, principal, body))


@router.delete("/{invitation_id}", status_code=204, summary="Revoke an open invitation")
async def revoke_invitation(invitation_id: UUID, work: CurrentWork, users: Users) -> None:
    await users.invitations.revoke(work, invitation_id)


@router.post("/accept", status_code=201, summary="Make the account one was invited to make", responses=documented(403))
async def accept_invitation(
    body: InvitationAcceptance, work: CurrentWork, users: Users, address: ClientAddress, response: Response
) -> Person:
    user = await users.invitations.accept(work, body, address)
    response.headers["location"] = f"/api/users/{user.id}"
    return person(user, response)
