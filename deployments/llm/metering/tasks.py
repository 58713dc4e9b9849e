"""What a task of an agent pays for its models, whichever service asks them for it.

A call is charged to the task at the most that it can come to before it is asked, and corrected in the transaction that
settles it. So a task never has more than its budget, and its cost is what the ledger says however a call ends: where a
replica dies, both stay at the most.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from deployments.llm.errors import BudgetExhausted, MeterUnavailable
from deployments.llm.metering.ledger import Reservation, Settlement
from stores.errors import StoreError
from stores.postgres import Connection, Database
from stores.queries import load_queries

_queries = load_queries(__file__, "tasks.sql")


class Tasks:
    """The tasks' side of metering."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def charge(self, task_id: UUID, call: Reservation) -> None:
        """Raises `BudgetExhausted` where the task has not as much left, `MeterUnavailable`."""
        try:
            async with self._database.transaction(call.org_id) as connection:
                charged = await _queries.charge(
                    connection, id=task_id, tokens=call.tokens, microdollars=call.microdollars
                )
        except StoreError as error:
            raise MeterUnavailable() from error
        if charged is None:
            most = f"{call.tokens} tokens and {call.microdollars} microdollars"
            raise BudgetExhausted(f"The call may come to {most}, and its task has less left")


async def correct(connection: Connection, settlements: Sequence[Settlement]) -> None:
    """Have tasks pay what calls came to instead of the most that they could. In the tenant's transaction."""
    await _queries.correct(
        connection,
        ids=[each.call.task_id for each in settlements],
        tokens=[each.tokens - each.call.tokens for each in settlements],
        microdollars=[each.microdollars - each.call.microdollars for each in settlements],
    )
