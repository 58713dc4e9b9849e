"""A file that is encrypted and authenticated in chunks, so that it can be written and read as a stream.

A data key of its own (AES-256-GCM) encrypts each file and lies in its header, sealed under the platform's active data
key. Chunks follow the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár: Online Authenticated-Encryption and its
Nonce-Reuse Misuse-Resistance, 2015): the nonce of each is a random prefix, its number, and whether it is the last, so
chunks that are changed, left out, repeated or cut off at the end do not open. The header is authenticated with each.

Layout: magic, length of the header (4 bytes), header (JSON); then per chunk its length (4 bytes) and the ciphertext.
"""

from __future__ import annotations

import base64
import hashlib
import os
import struct
from dataclasses import dataclass
from typing import IO, Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from configs.errors import AzoraError
from stores.sealing import Keyring, SealBroken

MAGIC = b"AZORA-BACKUP-1\n"
CHUNK_BYTES = 1 << 20
_TAG_BYTES = 16
_PREFIX_BYTES = 7
_LONGEST_HEADER = 1 << 16
_LENGTH = struct.Struct(">I")


class BackupUnreadable(AzoraError):
    """The file is no backup, was damaged or cut off, or its key is not among the data keys."""

    type = "backup-unreadable"
    title = "The backup cannot be read"


@dataclass(frozen=True)
class _Cipher:
    key: AESGCM
    prefix: bytes
    header: bytes

    def nonce(self, number: int, last: bool) -> bytes:
        return self.prefix + number.to_bytes(4, "big") + bytes((last,))

    def seal(self, number: int, last: bool, plain: bytes) -> bytes:
        return self.key.encrypt(self.nonce(number, last), plain, self.header)

    def open(self, number: int, last: bool, sealed: bytes) -> bytes:
        return self.key.decrypt(self.nonce(number, last), sealed, self.header)


class SealedWriter:
    """Encrypts what is written. Only `finish` makes the file whole."""

    def __init__(self, file: IO[bytes], keyring: Keyring, about: dict[str, Any]) -> None:
        key, prefix = AESGCM.generate_key(256), os.urandom(_PREFIX_BYTES)
        name = os.urandom(8).hex()
        header = orjson.dumps(
            {
                **about,
                "name": name,
                "prefix": base64.b64encode(prefix).decode(),
                "data_key": base64.b64encode(keyring.seal(key, f"backup:{name}")).decode(),
            }
        )
        self._file = file
        self._cipher = _Cipher(AESGCM(key), prefix, hashlib.sha256(header).digest())
        self._pending = bytearray()
        self._number = 0
        file.write(MAGIC + _LENGTH.pack(len(header)) + header)

    def write(self, plain: bytes) -> None:
        self._pending += plain
        while len(self._pending) > CHUNK_BYTES:  # never all of it: the last chunk must know that it is the last
            self._put(bytes(self._pending[:CHUNK_BYTES]), last=False)
            del self._pending[:CHUNK_BYTES]

    def finish(self) -> None:
        self._put(bytes(self._pending), last=True)
        self._pending.clear()
        self._file.flush()
        os.fsync(self._file.fileno())

    def _put(self, plain: bytes, *, last: bool) -> None:
        sealed = self._cipher.seal(self._number, last, plain)
        self._file.write(_LENGTH.pack(len(sealed)) + sealed)
        self._number += 1


class SealedReader:
    """Decrypts; whatever it returns is authentic. Raises `BackupUnreadable`."""

    def __init__(self, file: IO[bytes], keyring: Keyring) -> None:
        self._file = file
        if file.read(len(MAGIC)) != MAGIC:
            raise BackupUnreadable("This is no backup of Azora, or one of another format")
        raw = self._exactly(self._length(_LONGEST_HEADER))
        try:
            self.about: dict[str, Any] = orjson.loads(raw)
            key = keyring.open(base64.b64decode(self.about["data_key"]), f"backup:{self.about['name']}")
            prefix = base64.b64decode(self.about["prefix"])
        except SealBroken as error:
            raise BackupUnreadable(f"{error.detail}; set AZORA_DATA_KEYS to those of the time") from error
        except (ValueError, KeyError, TypeError) as error:
            raise BackupUnreadable("The header is damaged") from error
        self._cipher = _Cipher(AESGCM(key), prefix, hashlib.sha256(raw).digest())
        self._buffer = bytearray()
        self._number = 0
        self._ended = False

    def read(self, count: int) -> bytes:
        """Up to `count` bytes; fewer only at the end."""
        while len(self._buffer) < count and not self._ended:
            self._next()
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _next(self) -> None:
        sealed = self._exactly(self._length(CHUNK_BYTES + _TAG_BYTES))
        for last in (False, True):
            try:
                self._buffer += self._cipher.open(self._number, last, sealed)
            except InvalidTag:
                continue
            self._ended = last
            self._number += 1
            if last and self._file.read(1):
                raise BackupUnreadable("There is something behind the end")
            return
        raise BackupUnreadable(f"Chunk {self._number} was changed, or is not where it belongs")

    def _length(self, most: int) -> int:
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size))
        if length > most:
            raise BackupUnreadable("A length is damaged")
        return int(length)

    def _exactly(self, count: int) -> bytes:
        found = self._file.read(count)
        if len(found) != count:
            raise BackupUnreadable("The file is cut off")
        return found
