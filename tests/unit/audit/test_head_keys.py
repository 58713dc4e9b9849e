"""Keys that sign the ends of chains, where their data key comes later."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from stores.audit.heads import HeadKeys
from stores.sealing import Keyring
from stores.signing_keys import KeyDirectory, SigningKey


class OneKey:
    """A directory with one key in memory."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key

    def known(self, kid: str) -> SigningKey | None:
        return self._key if kid == self._key.kid else None


def _sealed(ring: Keyring) -> SigningKey:
    private = generate_private_key(65537, 2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return SigningKey(
        kid="k", purpose="audit", public=private.public_key(), private_sealed=ring.seal(pem, "signing_keys:k"),
        activates_at=datetime.now(UTC), expires_at=None,
    )  # fmt: skip


def test_a_key_counts_once_its_data_key_has_come() -> None:
    newer = Keyring.parse(Keyring.new_key("newer"))
    key = _sealed(newer)
    ring = Keyring.parse(Keyring.new_key("older"))
    keys = HeadKeys(cast(KeyDirectory, cast(Any, OneKey(key))), ring)
    assert keys.public("k") is None
    ring.adopt(newer)
    found = keys.public("k")
    assert found is not None
    assert found.public_numbers() == key.public.public_numbers()
