"""Writing to people."""

from __future__ import annotations

from deployments.kit.parameters import CurrentPrincipal, CurrentWork
from deployments.kit.routes import service_router
from deployments.users.endpoints.common import Users
from deployments.users.schemas import MessageSent, NewMessage

router = service_router("/api/users")


@router.post("/messages", status_code=202, summary="Send a person a message by mail")
async def send(body: NewMessage, principal: CurrentPrincipal, work: CurrentWork, users: Users) -> MessageSent:
    return MessageSent(id=await users.messages.send(work, principal, body.recipient_id, body.subject, body.body))
