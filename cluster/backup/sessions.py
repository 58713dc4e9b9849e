"""Valkey's part: sessions, what of them was revoked, and the epoch, as values that any Valkey or Redis takes.

A line of the member is JSON: the key, its type, when it expires (milliseconds of the epoch, null for never) and its
value, with bytes as latin-1. What began after the database's snapshot, or belongs to somebody whom it does not know as
active, is left out; what ended in between is absent or revoked already. So the two parts agree, and where they could
not, the session is the one to go.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import orjson

from stores.session_keys import EPOCH, REVOCATIONS

_BATCH = 500
_PATTERN = "session*"
_NEVER, _ABSENT = -1, -2


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
        if (line := await _line(client, key)) is not None:
            yield line


async def _line(client: Any, key: bytes) -> bytes | None:
    """None where it ended meanwhile."""
    kind = (await client.type(key)).decode()
    if kind == "none":
        return None
    async with client.pipeline(transaction=True) as pipe:
        _ask(pipe, kind, key)
        pipe.pttl(key)
        pipe.time()
        value, left, (seconds, microseconds) = await pipe.execute()
    if left == _ABSENT:
        return None
    expires = None if left == _NEVER else seconds * 1000 + microseconds // 1000 + left
    return orjson.dumps({"key": _text(key), "type": kind, "expires": expires, "value": _plain(kind, value)}) + b"\n"


def _ask(pipe: Any, kind: str, key: bytes) -> None:
    if kind == "string":
        pipe.get(key)
    elif kind == "hash":
        pipe.hgetall(key)
    elif kind == "zset":
        pipe.zrange(key, 0, -1, withscores=True)
    elif kind == "stream":
        pipe.xrange(key)
    else:
        raise ValueError(f"Sessions have no {kind}")


def _plain(kind: str, value: Any) -> Any:
    if kind == "string":
        return _text(value)
    if kind == "hash":
        return _texts(value)
    if kind == "zset":
        return [(_text(member), score) for member, score in value]
    return [(_text(position), _texts(fields)) for position, fields in value]


def _text(raw: bytes) -> str:
    return raw.decode("latin-1")


def _texts(raw: dict[bytes, bytes]) -> dict[str, str]:
    return {_text(name): _text(value) for name, value in raw.items()}


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
    key = str(orjson.loads(line)["key"])
    return key.startswith("session:") and not key.endswith(":spent")


async def restore(client: Any, lines: AsyncIterator[bytes]) -> None:
    """Put back what has not expired meanwhile.

    The epoch comes last: as long as it is absent no token is believed without its session.
    """
    epoch = None
    async for line in lines:
        found = orjson.loads(line)
        if found["key"] == EPOCH:
            epoch = found
        else:
            await _put(client, found)
    if epoch is not None:
        await _put(client, epoch)


async def _put(client: Any, found: dict[str, Any]) -> None:
    key, value = _raw(found["key"]), found["value"]
    async with client.pipeline(transaction=True) as pipe:
        pipe.delete(key)
        if found["type"] == "string":
            pipe.set(key, _raw(value))
        elif found["type"] == "hash":
            pipe.hset(key, mapping=_raws(value))
        elif found["type"] == "zset":
            pipe.zadd(key, {_raw(member): score for member, score in value})
        else:
            for position, fields in value:
                pipe.xadd(key, _raws(fields), id=position)
        if found["expires"] is not None:
            pipe.pexpireat(key, found["expires"])
        await pipe.execute()


def _raw(text: str) -> bytes:
    return text.encode("latin-1")


def _raws(texts: dict[str, str]) -> dict[bytes, bytes]:
    return {_raw(name): _raw(value) for name, value in texts.items()}


async def restore_serialised(client: Any, lines: AsyncIterator[bytes]) -> None:
    """As `restore`, of a former backup: a key, when it expires (-1 for never) and what `DUMP` said, in base64.

    A server refuses what a newer one serialised.
    """
    async for line in lines:
        key, expires, value = line.split()
        deadline = max(0, int(expires))
        await client.restore(
            base64.b64decode(key), deadline, base64.b64decode(value), replace=True, absttl=deadline > 0
        )


async def forget(client: Any) -> None:
    """Remove what of a restore that failed is there already: everybody signs in again, rather than some."""
    async for key in client.scan_iter(match=_PATTERN, count=_BATCH):
        await client.delete(key)


async def require_none(client: Any) -> bool:
    """Whether there are no sessions yet."""
    async for _ in client.scan_iter(match="session:*", count=_BATCH):
        return False
    return True
