"""The people of an organisation, for those who administer or audit it."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query, Response

from deployments.kit.paging import Page, decode_cursor, split_page
from deployments.kit.parameters import CurrentPrincipal, CurrentWork, Cursor, IfMatch, Limit
from deployments.kit.routes import service_router
from deployments.users.endpoints.common import ZIP_RESPONSE, Users, archive, person
from deployments.users.fields import Line, Role
from deployments.users.repository.people import PeopleFilter
from deployments.users.schemas import ErasureReceipt, NewPerson, Person, PersonChange, RoleChange

router = service_router("/api/users")


async def _filter(
    role: Role | None = None,
    status: Literal["active", "deactivated"] | None = None,
    q: Annotated[Line | None, Query(max_length=100, description="How a name or the e-mail address begins")] = None,
) -> PeopleFilter:
    return PeopleFilter(role=role, status=status, prefix=q)


@router.get("", summary="The organisation's people, the newest first")
async def list_people(
    work: CurrentWork,
    users: Users,
    wanted: Annotated[PeopleFilter, Depends(_filter)],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Person]:
    position = decode_cursor(cursor, UUID)
    rows = await users.people.page(work, wanted, position[0] if position else None, limit + 1)
    kept, next_cursor = split_page(rows, limit, lambda row: (row.id,))
    return Page(items=[Person.model_validate(row, from_attributes=True) for row in kept], next_cursor=next_cursor)


@router.post("", status_code=201, summary="Make an account for somebody")
async def create_person(
    body: NewPerson, principal: CurrentPrincipal, work: CurrentWork, users: Users, response: Response
) -> Person:
    user = await users.people.create(work, principal, body)
    response.headers["location"] = f"/api/users/{user.id}"
    return person(user, response)


@router.get("/{user_id}", summary="One person")
async def get_person(user_id: UUID, work: CurrentWork, users: Users, response: Response) -> Person:
    return person(await users.people.find(work, user_id), response)


@router.patch("/{user_id}", summary="Change somebody's profile")
async def change_person(
    user_id: UUID,
    body: PersonChange,
    principal: CurrentPrincipal,
    work: CurrentWork,
    users: Users,
    response: Response,
    if_match: IfMatch = None,
) -> Person:
    return person(await users.people.change(work, principal, user_id, body, if_match), response)


@router.put("/{user_id}/role", summary="Give somebody another role; ends their sessions")
async def set_role(
    user_id: UUID,
    body: RoleChange,
    principal: CurrentPrincipal,
    work: CurrentWork,
    users: Users,
    response: Response,
    if_match: IfMatch = None,
) -> Person:
    return person(await users.people.set_role(work, principal, user_id, body.role, if_match), response)


@router.post("/{user_id}/deactivate", summary="Keep somebody from signing in; ends their sessions")
async def deactivate(
    user_id: UUID, principal: CurrentPrincipal, work: CurrentWork, users: Users, response: Response
) -> Person:
    return person(await users.people.deactivate(work, principal, user_id), response)


@router.post("/{user_id}/reactivate", summary="Let somebody sign in again")
async def reactivate(
    user_id: UUID, principal: CurrentPrincipal, work: CurrentWork, users: Users, response: Response
) -> Person:
    return person(await users.people.reactivate(work, principal, user_id), response)


@router.get(
    "/{user_id}/export",
    summary="All that is held on somebody",
    response_class=Response,
    responses=ZIP_RESPONSE,
)
async def export_person(user_id: UUID, principal: CurrentPrincipal, work: CurrentWork, users: Users) -> Response:
    return archive(await users.export.export(work, principal, user_id), user_id)


@router.post("/{user_id}/erase", summary="Erase somebody, for ever")
async def erase_person(user_id: UUID, principal: CurrentPrincipal, work: CurrentWork, users: Users) -> ErasureReceipt:
    receipt = await users.erasure.erase(work, principal, user_id)
    return ErasureReceipt.model_validate(receipt, from_attributes=True)
