"""What the rules share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

from actors.agent.store import NEWS_CHANNEL, WORK_CHANNEL
from deployments.agents.repository.tasks import hint
from deployments.kit.errors import PeopleOnly
from deployments.kit.logs import get_logger
from deployments.kit.principal import Principal
from deployments.kit.work import Work
from stores.errors import StoreError
from stores.postgres import Database

log = get_logger("agents")


def in_person(principal: Principal) -> None:
    """Raises `PeopleOnly` for what acts in a person's name: no task asks for tasks, or answers for people."""
    if principal.acting is not None:
        raise PeopleOnly()


def call_agents(work: Work, database: Database, task_id: UUID, *, let_go: bool = False) -> None:
    """Once the transaction is committed: tell agents that there is work (or what to let go of), and who watches."""
    work.after_commit(_hint(database, WORK_CHANNEL, task_id.hex if let_go else ""))
    work.after_commit(_hint(database, NEWS_CHANNEL, task_id.hex))


def _hint(database: Database, channel: str, payload: str) -> Callable[[], Awaitable[None]]:
    async def tell() -> None:
        try:
            await hint(database, channel, payload)
        except StoreError as error:  # they look by themselves, a little later
            log.warning("hint lost", channel=channel, cause=repr(error))

    return tell
