"""Which constitution is in force, as agents ask for it."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from learning.governance.constitution import Constitution


class Law(Protocol):
    """Knows the constitution of each organisation."""

    async def in_force(self, org_id: UUID) -> Constitution:
        """The organisation's own, or else the platform's. Raises `StoreUnavailable`."""
        ...
