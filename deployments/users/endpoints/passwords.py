"""Forgotten passwords."""

from __future__ import annotations

from deployments.kit.parameters import ClientAddress, CurrentWork
from deployments.kit.routes import service_router
from deployments.users.endpoints.common import Users
from deployments.users.schemas import PasswordResetAccepted, PasswordResetConfirmation, PasswordResetRequest

router = service_router("/api/users/password-resets")


@router.post("", status_code=202, summary="Have a link mailed to set a new password with")
async def request_reset(
    body: PasswordResetRequest, work: CurrentWork, users: Users, address: ClientAddress
) -> PasswordResetAccepted:
    await users.credentials.request_reset(work, body, address)
    return PasswordResetAccepted()


@router.post("/confirm", status_code=204, summary="Set a password with a mailed link; ends all sessions")
async def confirm_reset(
    body: PasswordResetConfirmation, work: CurrentWork, users: Users, address: ClientAddress
) -> None:
    await users.credentials.confirm_reset(work, body, address)
