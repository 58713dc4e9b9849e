"""What the endpoints share."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, cast
from uuid import UUID

from fastapi import Depends, Request

from deployments.agents.service import AgentsService
from deployments.kit.paging import decode_cursor

PREFIX = "/api/agents"


async def _service(request: Request) -> AgentsService:
    service = request.app.state.service
    assert isinstance(service, AgentsService)
    return service


Agents = Annotated[AgentsService, Depends(_service)]


def position(cursor: str | None) -> tuple[datetime, UUID] | None:
    """Where a page of things in order of their making goes on."""
    found = decode_cursor(cursor, datetime.fromisoformat, UUID)
    return cast("tuple[datetime, UUID]", tuple(found)) if found else None
