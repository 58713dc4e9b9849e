"""The names of session data in Valkey, known to whoever reads or writes them."""

from __future__ import annotations

from uuid import UUID

# Which memory the store has: created with the store, gone when the store loses its data.
EPOCH = "sessions:epoch"
# A stream of revocations: fields `sid`, `until`.
REVOCATIONS = "sessions:revoked"


def session_key(session_id: UUID) -> str:
    """The hash of one live session."""
    return f"session:{session_id.hex}"


def spent_key(session_id: UUID) -> str:
    """The refresh tokens a session has used up, as hashes."""
    return f"session:{session_id.hex}:spent"


def user_key(user_id: UUID) -> str:
    """The set of a person's sessions, by creation time."""
    return f"sessions:of:{user_id.hex}"
