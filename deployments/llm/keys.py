"""Keys of organisations: how they look, and whom they stand for.

A key is `azk_` and 48 bytes in base64url: the id that finds it, and 32 random bytes of which only the SHA-256 is kept.
With that much chance in it a slow hash would protect nothing.
"""

from __future__ import annotations

import binascii
import hmac
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Literal
from uuid import UUID

from deployments.kit.errors import InvalidToken
from deployments.kit.gate import Authenticates
from deployments.kit.principal import Principal
from deployments.llm.memory import Memory
from deployments.llm.repository.keys import KnownKey, find_key
from stores.ids import new_id
from stores.postgres import Database

PREFIX = "azk_"
_SECRET_BYTES = 32
_LENGTH = len(PREFIX) + 64
_UNKNOWN_SECONDS = 5.0
_UNKNOWN_REMEMBERED = 10_000

# What a key may do. `courses`: be answered from every published course, since it is nobody's and is enrolled in none.
Scope = Literal["chat", "embeddings", "courses"]


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key as it is shown once, and what is kept of it."""

    id: UUID
    text: str
    digest: bytes

    @classmethod
    def make(cls) -> NewKey:
        id_, secret = new_id(), secrets.token_bytes(_SECRET_BYTES)
        text = PREFIX + urlsafe_b64encode(id_.bytes + secret).decode()
        return cls(id_, text, sha256(secret).digest())


def parsed(text: str) -> tuple[UUID, bytes]:
    """The id and the digest of what a key says. Raises `InvalidToken`."""
    try:
        raw = urlsafe_b64decode(text.removeprefix(PREFIX)) if len(text) == _LENGTH else b""
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 16 + _SECRET_BYTES:
        raise InvalidToken("The key is not valid")
    return UUID(bytes=raw[:16]), sha256(raw[16:]).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHolder(Principal):
    """Whoever presents a key. `user_id` and `session_id` are the key's own id: nobody's."""

    key_id: UUID
    scopes: frozenset[str]
    feature: str

    def may(self, permission: str) -> bool:
        """A key opens the routes of models and nothing else."""
        return permission == "llm.use" or (permission == "courses.any" and "courses" in self.scopes)


class KeyAuthenticator:
    """Knows keys, and leaves everything else to `people`."""

    def __init__(self, people: Authenticates, database: Database) -> None:
        self._people = people
        self._database = database
        self._unknown: dict[UUID, float] = {}
        self.memory: Memory[UUID, KnownKey] = Memory(self._read)

    def remembered(self, token: str) -> Principal | None:
        """See `Authenticates`."""
        if not token.startswith(PREFIX):
            return self._people.remembered(token)
        key_id, digest = parsed(token)
        key = self.memory.known(key_id)
        return None if key is None else _holder(key, digest)

    async def authenticate(self, token: str) -> Principal:
        """See `Authenticates`."""
        if not token.startswith(PREFIX):
            return await self._people.authenticate(token)
        key_id, digest = parsed(token)
        now = time.monotonic()
        key = None if self._unknown.get(key_id, 0.0) > now else await self.memory.get(key_id)
        if key is None:
            self._note_unknown(key_id, now)
            raise InvalidToken("The key is not valid, or was revoked")
        return _holder(key, digest)

    async def _read(self, key_id: UUID) -> tuple[UUID, KnownKey] | None:
        async with self._database.single_statements() as connection:
            key = await find_key(connection, key_id)
        return None if key is None else (key.org_id, key)

    def _note_unknown(self, key_id: UUID, now: float) -> None:
        # So that whoever tries the same again does not keep the database busy.
        if self._unknown.pop(key_id, 0.0) <= now:
            while len(self._unknown) >= _UNKNOWN_REMEMBERED:
                del self._unknown[next(iter(self._unknown))]
        self._unknown[key_id] = now + _UNKNOWN_SECONDS


def _holder(key: KnownKey, digest: bytes) -> KeyHolder:
    if not hmac.compare_digest(key.digest, digest):
        raise InvalidToken("The key is not valid, or was revoked")
    if key.expires_at is not None and key.expires_at <= datetime.now(UTC):
        raise InvalidToken("The key has expired")
    return KeyHolder(
        user_id=key.id,
        org_id=key.org_id,
        role="key",
        session_id=key.id,
        token_id=key.id.hex,
        issued_at=0.0,
        expires_at=float("inf"),
        key_id=key.id,
        scopes=key.scopes,
        feature=key.feature,
    )
