"""Valkey's part: sessions, what of them was revoked, and the epoch, each as Valkey serialises it.

A line of the member is a key, when it expires (milliseconds of the epoch, -1 for never) and its value, in base64. What
began after the database's snapshot, or belongs to somebody whom it does not know as active, is left out; what ended in
between is absent or revoked already. So the two parts agree, and where they could not, the session is the one to go.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from stores.session_keys import EPOCH, REVOCATIONS

_BATCH = 500
_PATTERN = "session*"


async def dump(client: Any, people: set[str], before: datetime) -> AsyncIterator[bytes]:
    """Lines, each a live key of a person in `people` (hexadecimal ids) from before a moment."""
    kept: set[bytes] = set()
    batch: list[bytes] = []
    async for key in client.scan_iter(match=_PATTERN, count=_BATCH):
        batch.append(key)
        if len(batch) == _BATCH:
            async for line in _lines(client, batch, people, before, kept):
                yield line
            batch.clear()
    async for line in _lines(client, batch, people, before, kept):
        yield line


async def _lines(
    client: Any, keys: list[bytes], people: set[str], before: datetime, kept: set[bytes]
) -> AsyncIterator[bytes]:
    for key in keys:
        # A scan may show a key twice.
        if key in kept or not await _belongs(client, key, people, before):
            continue
        kept.add(key)
        async with client.pipeline(transaction=True) as pipe:
            pipe.dump(key)
            pipe.pexpiretime(key)
            value, expires = await pipe.execute()
        if value is not None:  # it may have ended meanwhile
            yield b"%s %d %s\n" % (base64.b64encode(key), int(expires), base64.b64encode(value))


async def _belongs(client: Any, key: bytes, people: set[str], before: datetime) -> bool:
    name = key.decode()
    if name in (EPOCH, REVOCATIONS):
        return True
    if name.startswith("sessions:of:"):
        return name.removeprefix("sessions:of:") in people
    session = ":".join(name.split(":")[:2])
    user, created = await client.hmget(session, "user", "created_at")
    if user is None or created is None:
        return False
    return user.decode() in people and float(created) <= before.timestamp()


def is_session(line: bytes) -> bool:
    """Whether a line is a session itself, and not what goes with one."""
    key = base64.b64decode(line.split(b" ", 1)[0])
    return key.startswith(b"session:") and not key.endswith(b":spent")


async def restore(client: Any, lines: AsyncIterator[bytes]) -> None:
    """Put back what has not expired meanwhile."""
    async for line in lines:
        key, expires, value = line.split()
        deadline = max(0, int(expires))
        await client.restore(
            base64.b64decode(key), deadline, base64.b64decode(value), replace=True, absttl=deadline > 0
        )


async def require_none(client: Any) -> bool:
    """Whether there are no sessions yet."""
    async for _ in client.scan_iter(match="session:*", count=_BATCH):
        return False
    return True
