"""Registering, and what people do with their own account."""

from __future__ import annotations

from fastapi import Response

from deployments.kit.etags import etag
from deployments.kit.parameters import ClientAddress, CurrentPrincipal, CurrentWork, IfMatch
from deployments.kit.problems import documented
from deployments.kit.routes import service_router
from deployments.users.endpoints.common import ZIP_RESPONSE, Users, archive, person
from deployments.users.schemas import (
    ErasureConfirmation,
    ErasureReceipt,
    PasswordChange,
    Person,
    ProfileChange,
    Register,
    Sensitive,
)

router = service_router("/api/users")


@router.post(
    "/register", status_code=201, summary="Make an account where registration is open", responses=documented(403)
)
async def register(
    body: Register, work: CurrentWork, users: Users, address: ClientAddress, response: Response
) -> Person:
    user = await users.registration.register(work, body, address)
    response.headers["location"] = f"/api/users/{user.id}"
    return person(user, response)


@router.get("/me", summary="Oneself")
async def me(principal: CurrentPrincipal, work: CurrentWork, users: Users, response: Response) -> Person:
    return person(await users.profiles.me(work, principal), response)


@router.patch("/me", summary="Change one's profile")
async def change_me(
    body: ProfileChange,
    principal: CurrentPrincipal,
    work: CurrentWork,
    users: Users,
    response: Response,
    if_match: IfMatch = None,
) -> Person:
    return person(await users.profiles.change(work, principal, body, if_match), response)


@router.get("/me/sensitive", summary="One's fields that are kept encrypted")
async def sensitive(principal: CurrentPrincipal, work: CurrentWork, users: Users, response: Response) -> Sensitive:
    user, fields = await users.profiles.sensitive(work, principal)
    response.headers.update({"etag": etag(user.revision), "cache-control": "no-store"})
    return fields


@router.put("/me/sensitive", summary="Replace one's fields that are kept encrypted")
async def replace_sensitive(
    body: Sensitive,
    principal: CurrentPrincipal,
    work: CurrentWork,
    users: Users,
    response: Response,
    if_match: IfMatch = None,
) -> Sensitive:
    user = await users.profiles.replace_sensitive(work, principal, body, if_match)
    response.headers.update({"etag": etag(user.revision), "cache-control": "no-store"})
    return body


@router.put("/me/password", status_code=204, summary="Change one's password; ends one's other sessions")
async def change_password(body: PasswordChange, principal: CurrentPrincipal, work: CurrentWork, users: Users) -> None:
    await users.credentials.change(work, principal, body)


@router.get(
    "/me/export",
    summary="All that is held on oneself",
    response_class=Response,
    responses=ZIP_RESPONSE,
)
async def export_me(principal: CurrentPrincipal, work: CurrentWork, users: Users) -> Response:
    return archive(await users.export.export(work, principal, principal.user_id), principal.user_id)


@router.post("/me/erase", summary="Have oneself erased, for ever")
async def erase_me(
    body: ErasureConfirmation, principal: CurrentPrincipal, work: CurrentWork, users: Users
) -> ErasureReceipt:
    receipt = await users.erasure.erase_oneself(work, principal, body.password)
    return ErasureReceipt.model_validate(receipt, from_attributes=True)
