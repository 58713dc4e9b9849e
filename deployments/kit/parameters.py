"""What endpoints ask for by type: who is asking, the unit of work, paging, preconditions."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Query, Request

from deployments.kit.principal import Principal
from deployments.kit.work import Work

MAXIMUM_PAGE_SIZE = 200


async def _principal(request: Request) -> Principal:
    principal = request.scope["azora.principal"]
    assert isinstance(principal, Principal), "a public route asks for a principal"
    return principal


async def _work(request: Request) -> Work:
    work = request.scope["azora.work"]
    assert isinstance(work, Work)
    return work


async def _client_address(request: Request) -> str:
    address = request.scope["azora.client"]
    assert isinstance(address, str)
    return address


CurrentPrincipal = Annotated[Principal, Depends(_principal)]
CurrentWork = Annotated[Work, Depends(_work)]
ClientAddress = Annotated[str, Depends(_client_address)]

Limit = Annotated[int, Query(ge=1, le=MAXIMUM_PAGE_SIZE, description="How many items at the most")]
Cursor = Annotated[str | None, Query(max_length=1024, description="`next_cursor` of the page before")]
IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", max_length=200, description="`ETag` of the representation the change is based on"),
]
IfNoneMatch = Annotated[
    str | None, Header(alias="If-None-Match", max_length=500, description="`ETag` of a copy the reader holds")
]
