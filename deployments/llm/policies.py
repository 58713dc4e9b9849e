"""The policy of each organisation."""

from __future__ import annotations

from uuid import UUID

from deployments.llm.memory import Memory
from deployments.llm.policy import Policy
from deployments.llm.repository.settings import SettingsRepository
from stores.postgres import Database


class Policies:
    """Read once, and remembered until it changes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.memory: Memory[UUID, Policy] = Memory(self._read)

    async def of(self, org_id: UUID) -> Policy:
        """Raises `StoreUnavailable`."""
        policy = self.memory.known(org_id) or await self.memory.get(org_id)
        assert policy is not None, "an organisation without settings has the defaults"
        return policy

    async def _read(self, org_id: UUID) -> tuple[UUID, Policy]:
        async with self._database.transaction(org_id, readonly=True) as connection:
            return org_id, await SettingsRepository(connection).policy()
