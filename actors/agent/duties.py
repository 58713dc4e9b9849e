"""What agents have housekeeping do: call them when there is work, and forget what ended long ago."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from actors.agent import store
from actors.agent.making import Roles
from actors.housekeeper.duties import Duty
from configs.settings import Settings
from stores.postgres import Database

_ROWS_AT_ONCE = 500


@dataclass(frozen=True)
class SummonAgents:
    """Makes the agents where a task is due and none of them is there: nobody pays for agents that nobody needs.

    An agent that is there hears of its work by itself, so this only matters for the first task after a quiet time.
    """

    settings: Settings
    roles: Roles

    async def __call__(self, database: Database) -> int:
        """Returns how many there are, where there is something to do."""
        if not await store.anything_due(database):
            return 0
        return await asyncio.to_thread(self._summon)

    def _summon(self) -> int:
        from actors.agent.actor import start_agents  # whoever lists duties need not have Ray

        return len(start_agents(self.settings, self.roles))


@dataclass(frozen=True)
class ForgetTasks:
    """Deletes tasks, with all that belongs to them, some time after they ended."""

    age: timedelta

    async def __call__(self, database: Database) -> int:
        total = 0
        while True:  # in short transactions: a long one holds up the log's readers
            count = await store.forget_ended(database, self.age, _ROWS_AT_ONCE)
            total += count
            if count < _ROWS_AT_ONCE:
                return total


@dataclass(frozen=True)
class MailOwed:
    """Mails people about requests for approval that came too soon after another for a mail of their own."""

    base_url: str

    async def __call__(self, database: Database) -> int:
        return await store.mail_owed(database, self.base_url, _ROWS_AT_ONCE)


def duties(settings: Settings, roles: Roles) -> list[Duty]:
    """All of them."""
    return [
        Duty(name="summon_agents", every=timedelta(seconds=1), run=SummonAgents(settings, roles)),
        Duty(name="mail_approvers", every=timedelta(minutes=1), run=MailOwed(settings.base_url)),
        Duty(name="forget_agent_tasks", every=timedelta(hours=1), run=ForgetTasks(settings.agent_task_retention)),
    ]
