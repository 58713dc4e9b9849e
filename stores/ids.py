"""Identifiers."""

from __future__ import annotations

from uuid import UUID

from uuid_utils import compat


def new_id() -> UUID:
    """A UUID version 7 (RFC 9562): unique everywhere, ordered by time, so that indexes grow at one end."""
    return compat.uuid7()
