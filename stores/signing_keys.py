"""RSA keys that sign tokens (purpose `access`), certificates and the ends of audit chains, kept in PostgreSQL, the
private part sealed.

A new key is published before it signs, and an old one is published until what it signed has expired; so a rotation
signs nobody out. Keys of certificates and of the audit log are published for ever.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Literal, get_args

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

from stores.errors import StoreUnavailable
from stores.postgres import Connection, Database
from stores.queries import load_queries
from stores.sealing import Keyring

Purpose = Literal["access", "certificate", "audit"]
_queries = load_queries(__file__, "signing_keys.sql")
_RSA_BITS = 2048
# Longer than the readers' refresh: everyone knows a key before it signs.
PUBLICATION_LEAD = timedelta(seconds=60)
REFRESH_SECONDS = 20.0


@dataclass(frozen=True, kw_only=True)
class SigningKey:
    """One RSA key. `private` is opened only by whoever signs."""

    kid: str
    purpose: Purpose
    public: RSAPublicKey
    private_sealed: bytes
    activates_at: datetime
    expires_at: datetime | None

    @cached_property
    def jwk(self) -> dict[str, Any]:
        """The public part as a JSON Web Key (RFC 7517)."""
        return {
            **RSAAlgorithm.to_jwk(self.public, as_dict=True),
            "kid": self.kid,
            "use": "sig",
            "alg": "RS256",
        }

    def private(self, keyring: Keyring) -> RSAPrivateKey:
        """The private part. Raises `SealBroken`."""
        pem = keyring.open(self.private_sealed, f"signing_keys:{self.kid}")
        key = serialization.load_pem_private_key(pem, None)
        assert isinstance(key, RSAPrivateKey)
        return key


def _thumbprint(public_der: bytes) -> str:
    digest = hashes.Hash(hashes.SHA256())
    digest.update(public_der)
    return digest.finalize().hex()[:32]


def _from_row(row: Mapping[str, Any]) -> SigningKey:
    public = serialization.load_pem_public_key(row["public_pem"].encode())
    assert isinstance(public, RSAPublicKey)
    return SigningKey(
        kid=row["kid"],
        purpose=row["purpose"],
        public=public,
        private_sealed=row["private_sealed"],
        activates_at=row["activates_at"],
        expires_at=row["expires_at"],
    )


async def create_key(connection: Connection, keyring: Keyring, purpose: Purpose, activates_at: datetime) -> str:
    """Generate and store a key. Returns its kid."""
    private = await asyncio.to_thread(generate_private_key, 65537, _RSA_BITS)
    encoding = serialization.Encoding
    public_format = serialization.PublicFormat.SubjectPublicKeyInfo
    kid = _thumbprint(private.public_key().public_bytes(encoding.DER, public_format))
    pem = private.private_bytes(encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    await _queries.insert_key(
        connection,
        kid=kid,
        purpose=purpose,
        public_pem=private.public_key().public_bytes(encoding.PEM, public_format).decode(),
        private_sealed=keyring.seal(pem, f"signing_keys:{kid}"),
        activates_at=activates_at,
    )
    return kid


async def ensure_keys(database: Database, keyring: Keyring) -> None:
    """Make sure that there is a key of each purpose. Safe to run anywhere, any number of times."""
    async with database.transaction(None) as connection:
        await _queries.lock_keys(connection)
        for purpose in get_args(Purpose):
            if not await _queries.has_key(connection, purpose=purpose):
                await create_key(connection, keyring, purpose, datetime.now(UTC))


async def rotate_key(connection: Connection, keyring: Keyring, purpose: Purpose, lifetime: timedelta) -> str:
    """Publish a new key that begins to sign in a minute; older access keys stay until their last token expires.

    `lifetime` is that of what the key signs. Returns the new kid. Runs in the caller's transaction.
    """
    activates_at = datetime.now(UTC) + PUBLICATION_LEAD
    await _queries.lock_keys(connection)
    if purpose == "access":
        await _queries.expire_keys(connection, purpose=purpose, expires_at=activates_at + lifetime + PUBLICATION_LEAD)
    return await create_key(connection, keyring, purpose, activates_at)


async def reseal_keys(database: Database, keyring: Keyring) -> int:
    """Seal every private key again under the active data key. Returns how many changed."""
    changed = 0
    async with database.transaction(None) as connection:
        await _queries.lock_keys(connection)
        async for row in _queries.all_keys(connection):
            if keyring.key_of(row["private_sealed"])[0] != keyring.active:
                context = f"signing_keys:{row['kid']}"
                sealed = keyring.seal(keyring.open(row["private_sealed"], context), context)
                await _queries.replace_sealed(connection, kid=row["kid"], private_sealed=sealed)
                changed += 1
    return changed


class KeyDirectory:
    """The published keys, held in memory and read again every `REFRESH_SECONDS` or when an unknown kid turns up."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._keys: dict[str, SigningKey] = {}
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    def known(self, kid: str) -> SigningKey | None:
        """The key, if it is in memory and has not expired. Never waits."""
        key = self._keys.get(kid)
        if key is None or (key.expires_at is not None and key.expires_at <= datetime.now(UTC)):
            return None
        return key

    async def find(self, kid: str) -> SigningKey | None:
        """The key, asking the database where memory does not know it (at most once a second)."""
        if (key := self.known(kid)) is None and time.monotonic() - self._read_at > 1:
            await self.refresh()
            key = self.known(kid)
        return key

    async def signing(self, purpose: Purpose) -> SigningKey:
        """The key that signs now. Raises `StoreUnavailable` where there is none yet."""
        if time.monotonic() - self._read_at > REFRESH_SECONDS:
            await self.refresh()
        now = datetime.now(UTC)
        active = [k for k in self._keys.values() if k.purpose == purpose and k.activates_at <= now]
        if not active:
            raise StoreUnavailable("No signing key yet; try again shortly")
        return max(active, key=lambda k: k.activates_at)

    async def published(self, purpose: Purpose) -> list[SigningKey]:
        """Every key that a verifier may meet, those included that will sign soon."""
        if time.monotonic() - self._read_at > REFRESH_SECONDS:
            await self.refresh()
        return [k for k in self._keys.values() if k.purpose == purpose and self.known(k.kid)]

    async def refresh(self) -> None:
        """Read the keys. Concurrent callers share one reading."""
        asked_at = time.monotonic()
        async with self._reading:
            if self._read_at >= asked_at:
                return
            async with self._database.transaction(None, readonly=True) as connection:
                rows = [row async for row in _queries.published_keys(connection)]
            self._keys = {row["kid"]: _from_row(row) for row in rows}
            self._read_at = time.monotonic()

    async def keep_fresh(self) -> None:
        """Refresh for ever; a database that is down leaves the last known keys in force."""
        while True:
            try:
                await self.refresh()
            except StoreUnavailable:
                await asyncio.sleep(1)
            else:
                await asyncio.sleep(REFRESH_SECONDS)
