"""Which constitution is in force, and who judges by it."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol
from uuid import UUID

from learning.governance.constitution import Constitution, parse

_PLATFORMS = Path(__file__).parents[2] / "configs" / "constitution.json"


class Law(Protocol):
    """Knows the constitution of each organisation."""

    async def in_force(self, org_id: UUID) -> Constitution:
        """The organisation's own, or else the platform's. Raises `StoreUnavailable`."""
        ...


class PlatformLaw:
    """The platform's own constitution, for everybody."""

    def __init__(self) -> None:
        self._constitution = parse(_PLATFORMS.read_text())

    async def in_force(self, org_id: UUID) -> Constitution:
        return self._constitution
