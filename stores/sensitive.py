"""How the fields of a person that are kept encrypted are sealed: bound to their row."""

from __future__ import annotations

from uuid import UUID


def sensitive_context(user_id: UUID) -> str:
    """What the sealed fields of a person are bound to."""
    return f"users.sensitive:{user_id}"
