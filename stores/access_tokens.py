"""Signs access tokens: JSON Web Tokens (RFC 7519), RS256."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from stores.sealing import Keyring
from stores.signing_keys import KeyDirectory


@dataclass(frozen=True, slots=True)
class Delegate:
    """Who acts for the person (`act`, RFC 8693 section 4.1), and the permissions that it was handed (`scope`)."""

    name: str
    scope: Collection[str]

    def claims(self) -> dict[str, Any]:
        return {"act": {"sub": self.name}, "scope": " ".join(sorted(self.scope))}


class TokenIssuer:
    """Signs with the key that is active now."""

    def __init__(self, keys: KeyDirectory, keyring: Keyring, issuer: str, lifetime_seconds: int) -> None:
        self._keys = keys
        self._keyring = keyring
        self._issuer = issuer
        self._lifetime_seconds = lifetime_seconds
        self._private: tuple[str, RSAPrivateKey] | None = None

    async def issue(
        self,
        *,
        user_id: UUID,
        org_id: UUID,
        role: str,
        session_id: UUID,
        session_ends: datetime,
        delegate: Delegate | None = None,
    ) -> tuple[str, int]:
        """A token and the seconds it lives, never longer than its session."""
        kid, private = await self._signing_key()
        now = int(time.time())
        expires_at = min(now + self._lifetime_seconds, int(session_ends.timestamp()))
        claims = {
            "iss": self._issuer,
            "sub": str(user_id),
            "org": str(org_id),
            "role": role,
            "sid": str(session_id),
            "jti": uuid4().hex,
            "iat": now,
            "exp": expires_at,
            **(delegate.claims() if delegate else {}),
        }
        return jwt.encode(claims, private, algorithm="RS256", headers={"kid": kid}), expires_at - now

    async def _signing_key(self) -> tuple[str, RSAPrivateKey]:
        key = await self._keys.signing("access")
        if self._private is None or self._private[0] != key.kid:
            self._private = (key.kid, key.private(self._keyring))
        return self._private
