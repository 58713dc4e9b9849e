"""Authenticated encryption of what must not lie in the clear: AES-256-GCM (NIST SP 800-38D) with rotating keys."""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from configs.errors import AzoraError, ConfigurationError

_FORMAT = 1
_NONCE_BYTES = 12
_KEY_BYTES = 32
_KEY_ID = re.compile(r"^[A-Za-z0-9._-]{1,32}$")


class SealBroken(AzoraError):
    """The sealed bytes were changed, belong elsewhere, or their key is gone."""

    type = "seal-broken"
    title = "Stored data cannot be decrypted"


@dataclass
class Keyring:
    """Named 256-bit keys. The active one seals; all of them open. Only `adopt` changes one."""

    active: str
    keys: Mapping[str, bytes] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `id:base64,id:base64`; the first is active. Raises `ConfigurationError`, which never holds a key."""
        keys: dict[str, bytes] = {}
        for entry in filter(None, (part.strip() for part in text.split(","))):
            name, _, encoded = entry.partition(":")
            try:
                key = base64.b64decode(encoded, validate=True)
            except binascii.Error:
                key = b""
            if not _KEY_ID.match(name) or len(key) != _KEY_BYTES or name in keys:
                raise ConfigurationError(["AZORA_DATA_KEYS: each entry must be `id:base64 of 32 bytes`, ids once"])
            keys[name] = key
        if not keys:
            raise ConfigurationError(["AZORA_DATA_KEYS: holds no key"])
        return cls(next(iter(keys)), keys)

    @staticmethod
    def new_key(name: str) -> str:
        """A fresh entry for `AZORA_DATA_KEYS`."""
        return f"{name}:{base64.b64encode(os.urandom(_KEY_BYTES)).decode()}"

    def adopt(self, newer: Keyring) -> bool:
        """Take over another ring's keys, as after a rotation; whether that changed anything.

        Keys that are gone from it are kept until the process ends: what was sealed in between must open.
        """
        merged = {**self.keys, **newer.keys}
        if merged == dict(self.keys) and newer.active == self.active:
            return False
        self.keys, self.active = merged, newer.active  # the keys first: the active one is always among them
        return True

    def seal(self, plain: bytes, context: str) -> bytes:
        """Encrypt. `context` (which row, which column) is authenticated: sealed bytes open only where they belong.

        Layout: format (1 byte), length of the key id (1), key id, nonce (12), ciphertext with tag.
        """
        name = self.active.encode()
        header = bytes((_FORMAT, len(name))) + name
        nonce = os.urandom(_NONCE_BYTES)
        body = AESGCM(self.keys[self.active]).encrypt(nonce, plain, header + context.encode())
        return header + nonce + body

    def open(self, sealed: bytes, context: str) -> bytes:
        """Decrypt what `seal` made for the same context. Raises `SealBroken`."""
        name, header_length = self.key_of(sealed)
        key = self.keys.get(name)
        if key is None:
            raise SealBroken(f"The key {name!r} is not among the configured keys")
        nonce = sealed[header_length : header_length + _NONCE_BYTES]
        body = sealed[header_length + _NONCE_BYTES :]
        try:
            return AESGCM(key).decrypt(nonce, body, sealed[:header_length] + context.encode())
        except (InvalidTag, ValueError):
            raise SealBroken() from None

    @staticmethod
    def key_of(sealed: bytes) -> tuple[str, int]:
        """The id of the key that sealed, and the length of the header. Raises `SealBroken`."""
        if len(sealed) < 2 or sealed[0] != _FORMAT:
            raise SealBroken()
        end = 2 + sealed[1]
        return sealed[2:end].decode("ascii", "replace"), end
