"""`Idempotency-Key`: a changing request repeated with the same key gets the first answer, and one effect.

The key's row is written in the transaction of the effect. A concurrent repetition waits on that row; if the first
attempt fails, its row is gone with it and the repetition does the work. Work that is slow before it has its effect goes
by `deployments.kit.reservations`.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from fastapi import Request, Response

from deployments.kit.errors import Conflict, Invalid, PersonNotFound
from deployments.kit.principal import Principal
from deployments.kit.work import Work
from stores.postgres import Connection
from stores.queries import load_queries

HEADER = "idempotency-key"
_MAXIMUM_KEY_CHARS = 255
_HASHED_AT_ONCE_BYTES = 1_048_576
_KEPT_HEADERS = ("content-type", "location", "etag")
_queries = load_queries(__file__, "idempotency.sql")


class KeyReused(Conflict):
    type = "idempotency-key-reused"
    title = "This Idempotency-Key was used for a different request"


async def once(
    work: Work, principal: Principal | None, request: Request, handler: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Run the handler under the request's key, or answer what it answered before. Raises `KeyReused`, `Invalid`, and
    `PersonNotFound` where whoever asks was erased a moment ago.
    """
    key, fingerprint = read_key(request), await fingerprint_of(request)
    # Strangers share no keys: without a person to own it, a key counts together with what it was sent with.
    actor = str(principal.user_id) if principal else fingerprint.hex()
    owner = work.org_id
    connection = await work.connection()
    person = principal.user_id if principal else None
    claimed = await _queries.claim(
        connection, org_id=owner, actor=actor, key=key, fingerprint=fingerprint, person=person
    )
    if claimed is None:
        row = await _queries.find(connection, org_id=owner, actor=actor, key=key)
        return replayed(row, fingerprint)
    if not claimed:
        raise PersonNotFound()
    response = await handler(request)
    bound = work.org_id
    await work.bind(owner)
    if response.headers.get("cache-control") == "no-store":  # tokens and the like are kept nowhere
        await _queries.forget(connection, org_id=owner, actor=actor, key=key)
    else:
        await _keep(connection, owner, actor, key, response)
    await work.bind(bound)
    return response


def read_key(request: Request) -> str:
    """The key of a request that has one. Raises `Invalid`."""
    key = request.headers[HEADER]
    if not 0 < len(key) <= _MAXIMUM_KEY_CHARS or not key.isprintable():
        raise Invalid([{"pointer": "/header/Idempotency-Key", "code": "length", "message": "1 to 255 characters"}])
    return key


async def fingerprint_of(request: Request) -> bytes:
    """What tells one request from another under the same key."""
    digest = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
    body = await request.body()
    if len(body) > _HASHED_AT_ONCE_BYTES:
        await asyncio.to_thread(digest.update, body)  # the loop stays free for other requests
    else:
        digest.update(body)
    return digest.digest()


async def _keep(connection: Connection, owner: UUID, actor: str, key: str, response: Response) -> None:
    await _queries.keep(
        connection,
        org_id=owner,
        actor=actor,
        key=key,
        status=response.status_code,
        headers=kept_headers(response),
        body=bytes(response.body),
    )


def kept_headers(response: Response) -> dict[str, str]:
    """Headers that a repetition gets as well."""
    return {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}


def replayed(row: Mapping[str, Any] | None, fingerprint: bytes) -> Response:
    """The answer of before. Raises `KeyReused`."""
    if row is None or row["fingerprint"] != fingerprint:
        raise KeyReused()
    headers = {**row["headers"], "idempotent-replayed": "true"}
    return Response(row["body"], row["status"], headers)
