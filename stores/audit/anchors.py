"""The newest heads, kept in Valkey too: whoever can cut a chain off in PostgreSQL alone is found out."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from stores import valkey
from stores.audit.heads import Head
from stores.valkey import Valkey

_KEY = "audit:heads"


def _read(org_id: UUID, text: bytes) -> Head:
    number, _, digest = text.decode().partition(":")
    return Head(org_id, int(number), bytes.fromhex(digest))


async def find(client: Valkey, org_ids: Sequence[UUID]) -> dict[UUID, Head]:
    """The remembered heads of these chains. Raises `StoreUnavailable`."""
    if not org_ids:
        return {}
    with valkey.translated():
        found = await client.hmget(_KEY, [str(org_id) for org_id in org_ids])
    return {org_id: _read(org_id, text) for org_id, text in zip(org_ids, found, strict=True) if text}


async def all_of_them(client: Valkey) -> dict[UUID, Head]:
    """Every remembered head. Raises `StoreUnavailable`."""
    with valkey.translated():
        found = await client.hgetall(_KEY)
    return {UUID(name.decode()): _read(UUID(name.decode()), text) for name, text in found.items()}


async def remember(client: Valkey, heads: Sequence[Head]) -> None:
    """Put heads in place of the former ones. Raises `StoreUnavailable`."""
    if heads:
        with valkey.translated():
            await client.hset(_KEY, mapping={str(h.org_id): f"{h.number}:{h.hash.hex()}" for h in heads})
