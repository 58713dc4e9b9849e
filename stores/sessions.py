"""Live sessions in Valkey, which is the truth about them.

A session is a hash that expires when it has been idle too long. Its refresh token is used once: the hash of the
current one stands in the session, those of the spent ones beside it, and a spent one that comes back ends the session.
Every change that must be atomic is one Lua script (`sessions.lua`).
"""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from itertools import chain
from pathlib import Path
from typing import Any, Self
from uuid import UUID

from configs.settings import Settings
from stores import valkey
from stores.ids import new_id
from stores.session_keys import REVOCATIONS, session_key, spent_key, user_key
from stores.valkey import Valkey

_SCRIPTS = {
    part.split("\n", 1)[0].strip(): part.split("\n", 1)[1]
    for part in Path(__file__).with_name("sessions.lua").read_text().split("-- script: ")[1:]
}
# Longer than any clock skew between the platform's machines.
_SKEW_SECONDS = 30


class Rotation(Enum):
    """What became of a refresh token."""

    UNKNOWN = 0
    ROTATED = 1
    REUSED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One signed-in device."""

    id: UUID
    user_id: UUID
    org_id: UUID
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    user_agent: str
    address: str

    @classmethod
    def _read(cls, session_id: UUID, fields: dict[bytes, bytes]) -> Self:
        def moment(name: bytes) -> datetime:
            return datetime.fromtimestamp(float(fields[name]), UTC)

        return cls(
            id=session_id,
            user_id=UUID(hex=fields[b"user"].decode()),
            org_id=UUID(hex=fields[b"org"].decode()),
            created_at=moment(b"created_at"),
            last_used_at=moment(b"last_used_at"),
            expires_at=moment(b"expires_at"),
            user_agent=fields[b"user_agent"].decode(),
            address=fields[b"address"].decode(),
        )


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """An opaque secret bound to its session; `text` is what the client holds."""

    session_id: UUID
    secret: str

    @classmethod
    def create(cls, session_id: UUID) -> Self:
        return cls(session_id, secrets.token_urlsafe(32))

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The token, or None where the text is none."""
        session, _, secret = text.partition(".")
        try:
            return cls(UUID(hex=session), secret) if secret else None
        except ValueError:
            return None

    @property
    def text(self) -> str:
        return f"{self.session_id.hex}.{self.secret}"

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.secret.encode()).hexdigest()


class SessionStore:
    """Creates, rotates, lists and ends sessions. Every method raises `StoreUnavailable` where Valkey is away."""

    def __init__(self, client: Valkey, settings: Settings) -> None:
        self._client = client
        self._idle = settings.session_idle_lifetime
        self._absolute = settings.session_absolute_lifetime
        self._token_seconds = settings.access_token_lifetime.total_seconds() + _SKEW_SECONDS
        self._scripts: dict[str, Any] = {name: client.register_script(text) for name, text in _SCRIPTS.items()}

    async def create(self, user_id: UUID, org_id: UUID, user_agent: str, address: str) -> tuple[Session, RefreshToken]:
        """Begin a session."""
        now = datetime.now(UTC)
        session = Session(
            id=new_id(), user_id=user_id, org_id=org_id, created_at=now, last_used_at=now,
            expires_at=now + self._absolute, user_agent=user_agent[:255], address=address[:64],
        )  # fmt: skip
        token = RefreshToken.create(session.id)
        fields = {
            "user": user_id.hex, "org": org_id.hex, "refresh": token.digest,
            "created_at": now.timestamp(), "last_used_at": now.timestamp(),
            "expires_at": session.expires_at.timestamp(),
            "user_agent": session.user_agent, "address": session.address,
        }  # fmt: skip
        with valkey.translated():
            await self._scripts["create"](
                keys=[session_key(session.id), user_key(user_id)],
                args=[
                    session.id.hex, now.timestamp(),
                    _milliseconds(min(self._idle, self._absolute)), _milliseconds(self._absolute),
                    *chain.from_iterable(fields.items()),
                ],
            )  # fmt: skip
        return session, token

    async def find(self, session_id: UUID) -> Session | None:
        """The session, if it is alive."""
        with valkey.translated():
            fields = await self._client.hgetall(session_key(session_id))
        return Session._read(session_id, fields) if fields else None

    async def rotate(self, token: RefreshToken) -> tuple[Rotation, RefreshToken]:
        """Spend a refresh token for a new one. A token spent before ends its session (RFC 9700, section 4.14.2)."""
        successor = RefreshToken.create(token.session_id)
        with valkey.translated():
            outcome = await self._scripts["rotate"](
                keys=[session_key(token.session_id), spent_key(token.session_id), REVOCATIONS],
                args=[
                    token.digest, successor.digest, time.time(), _milliseconds(self._idle), token.session_id.hex,
                    *self._revocation_times(),
                ],
            )  # fmt: skip
        return Rotation(int(outcome)), successor

    async def of_user(self, user_id: UUID) -> list[Session]:
        """A person's live sessions, newest first. Forgets those that have expired."""
        with valkey.translated():
            members = await self._client.zrevrange(user_key(user_id), 0, -1)
            ids = [UUID(hex=member.decode()) for member in members]
            async with self._client.pipeline(transaction=False) as pipe:
                for session_id in ids:
                    pipe.hgetall(session_key(session_id))
                found = await pipe.execute()
            gone = [session_id.hex for session_id, fields in zip(ids, found, strict=True) if not fields]
            if gone:
                await self._client.zrem(user_key(user_id), *gone)
        return [Session._read(session_id, fields) for session_id, fields in zip(ids, found, strict=True) if fields]

    async def revoke(self, session_id: UUID) -> bool:
        """End a session everywhere. Returns whether it was alive."""
        with valkey.translated():
            ended = await self._scripts["revoke"](
                keys=[session_key(session_id), spent_key(session_id), REVOCATIONS],
                args=[session_id.hex, *self._revocation_times()],
            )
        return bool(ended)

    async def revoke_all(self, user_id: UUID, *, keep: UUID | None = None) -> int:
        """End all of a person's sessions but `keep`. Returns how many were alive."""
        sessions = [session.id for session in await self.of_user(user_id) if session.id != keep]
        return sum([await self.revoke(session_id) for session_id in sessions])

    def _revocation_times(self) -> tuple[float, int]:
        # Until when a token of the session may be met, and from when on the stream must remember.
        now = time.time()
        return now + self._token_seconds, int((now - self._token_seconds) * 1000)


def _milliseconds(duration: timedelta) -> int:
    return int(duration.total_seconds() * 1000)
