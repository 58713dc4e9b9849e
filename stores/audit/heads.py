"""Ends of chains, signed: JSON Web Signatures (RFC 7515, RS256) by the keys of purpose `audit`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from stores.audit.chain import GENESIS
from stores.sealing import Keyring, SealBroken
from stores.signing_keys import KeyDirectory

_ALGORITHM = "RS256"
_TYPE = "azora-audit-head"

KeyOf = Callable[[str], RSAPublicKey | None]


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ends: with the entry of that number, of that hash. Number 0 is an empty chain."""

    org_id: UUID
    number: int = 0
    hash: bytes = GENESIS

    def sign(self, kid: str, key: RSAPrivateKey, at: datetime) -> str:
        """A token that proves this head to whoever has the public key."""
        claims = {"org": str(self.org_id), "number": self.number, "hash": self.hash.hex(), "iat": int(at.timestamp())}
        return jwt.encode(claims, key, algorithm=_ALGORITHM, headers={"kid": kid, "typ": _TYPE})

    @classmethod
    def of_token(cls, token: str, key_of: KeyOf) -> Self | None:
        """The head that a token proves; None where it proves nothing."""
        try:
            header = jwt.get_unverified_header(token)
            key = key_of(str(header.get("kid", "")))
            if key is None or header.get("typ") != _TYPE:
                return None
            claims: dict[str, Any] = jwt.decode(
                token, key, algorithms=[_ALGORITHM], options={"require": ["iat"], "verify_iat": False}
            )
            return cls(UUID(claims["org"]), int(claims["number"]), bytes.fromhex(claims["hash"]))
        except (jwt.InvalidTokenError, KeyError, ValueError, TypeError):
            return None


class HeadKeys:
    """The keys that sign heads.

    A public key counts only where the private one, which lies in the database sealed under a data key, belongs to it:
    whoever can write into the database but has no data key can put no key of their own in the place of ours.
    """

    def __init__(self, directory: KeyDirectory, keyring: Keyring) -> None:
        self._directory = directory
        self._keyring = keyring
        self._private: dict[str, RSAPrivateKey] = {}

    async def refresh(self) -> None:
        """Read the keys anew. Raises `StoreUnavailable`."""
        await self._directory.refresh()

    async def sign(self, head: Head) -> str:
        """Sign with the key of the day. Raises `StoreUnavailable`, `SealBroken`."""
        key = await self._directory.signing("audit")
        private = self._opened(key.kid)
        if private is None:
            raise SealBroken("The key that signs the audit log cannot be opened")
        return head.sign(key.kid, private, datetime.now(UTC))

    def public(self, kid: str) -> RSAPublicKey | None:
        """The public key of that id, if it is one of ours."""
        private = self._opened(kid)
        return private.public_key() if private else None

    def _opened(self, kid: str) -> RSAPrivateKey | None:
        if kid not in self._private:
            key = self._directory.known(kid)
            if key is None or key.purpose != "audit":
                return None
            try:
                self._private[kid] = key.private(self._keyring)
            except SealBroken:  # for now: its data key may yet come
                return None
        return self._private[kid]
