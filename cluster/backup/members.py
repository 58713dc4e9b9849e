"""What is inside a backup: members of any length, each with its hash, and a manifest at the end that lists them.

A record is its kind (1 byte), the length of its payload (4 bytes) and the payload: `N` the name of a member, `D` data,
`M` the manifest.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from cluster.backup.sealed_file import BackupUnreadable

_RECORD = struct.Struct(">cI")
_LONGEST = 1 << 26


class Sink(Protocol):
    def write(self, plain: bytes) -> None: ...


class Source(Protocol):
    def read(self, count: int) -> bytes: ...


@dataclass(frozen=True)
class TableState:
    """A table's rows: how many, and a sum of hashes that any order of them gives."""

    rows: int
    digest: str


@dataclass(frozen=True)
class Manifest:
    """What a backup must hold. `members` are SHA-256 by name."""

    created_at: str
    revision: str
    members: dict[str, str]
    tables: dict[str, TableState]
    sessions: int


@dataclass
class MemberWriter:
    """Writes members one after the other."""

    sink: Sink
    digests: dict[str, str] = field(default_factory=dict)
    _name: str | None = None
    _hash: Any = None

    def begin(self, name: str) -> None:
        self._end()
        self._name, self._hash = name, hashlib.sha256()
        self._record(b"N", name.encode())

    def data(self, plain: bytes) -> None:
        self._hash.update(plain)
        self._record(b"D", plain)

    def manifest(self, manifest: Manifest) -> None:
        self._record(b"M", orjson.dumps(manifest))

    def finished(self) -> dict[str, str]:
        """The digests of all members."""
        self._end()
        return dict(self.digests)

    def _end(self) -> None:
        if self._name is not None:
            self.digests[self._name] = self._hash.hexdigest()
            self._name = None

    def _record(self, kind: bytes, payload: bytes) -> None:
        self.sink.write(_RECORD.pack(kind, len(payload)) + payload)


def read_members(source: Source) -> Iterator[tuple[str, bytes] | Manifest]:
    """The pieces of each member by its name, and the manifest last.

    Raises `BackupUnreadable` where the manifest is missing or a member is not what it says.
    """
    digests: dict[str, Any] = {}
    name: str | None = None
    while head := source.read(_RECORD.size):
        kind, length = _unpacked(head)
        payload = source.read(length)
        if len(payload) != length:
            raise BackupUnreadable("A record is cut off")
        if kind == b"N":
            name = payload.decode()
            digests[name] = hashlib.sha256()
        elif kind == b"D" and name is not None:
            digests[name].update(payload)
            yield name, payload
        elif kind == b"M":
            manifest = _manifest(payload)
            if manifest.members != {member: digest.hexdigest() for member, digest in digests.items()}:
                raise BackupUnreadable("The members are not those of the manifest")
            yield manifest
            return
    raise BackupUnreadable("There is no manifest")


def _unpacked(head: bytes) -> tuple[bytes, int]:
    if len(head) != _RECORD.size:
        raise BackupUnreadable("A record is cut off")
    kind, length = _RECORD.unpack(head)
    if length > _LONGEST:
        raise BackupUnreadable("A record is damaged")
    return kind, length


def _manifest(payload: bytes) -> Manifest:
    document = orjson.loads(payload)
    document["tables"] = {name: TableState(**state) for name, state in document["tables"].items()}
    return Manifest(**document)
