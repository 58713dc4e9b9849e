"""The chain's arithmetic, as whoever verifies needs it; the database does the same in `audit_hash`."""

from __future__ import annotations

import hashlib
import struct
from datetime import UTC, datetime, timedelta
from uuid import UUID

GENESIS = bytes(32)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def link(previous: bytes, number: int, recorded_at: datetime, org_id: UUID, body: str) -> bytes:
    """The hash of an entry: SHA-256 over the one before, the number, the time, the organisation and the body.

    Number and time (microseconds since 2000-01-01 UTC) are eight bytes each, big-endian; everything before the body has
    a fixed length, so no two entries have the same input.
    """
    head = previous + struct.pack(">qq", number, (recorded_at - _EPOCH) // _MICROSECOND) + org_id.bytes
    return hashlib.sha256(head + body.encode()).digest()
