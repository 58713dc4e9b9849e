"""Budgets of an organisation, and what is spent of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from deployments.llm.errors import BudgetExists, BudgetNotFound, BudgetSubjectUnknown
from stores.ids import new_id
from stores.postgres import Connection, violations
from stores.queries import load_queries

_queries = load_queries(__file__, "budgets.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBudget:
    """See the table."""

    subject: str
    user_id: UUID | None
    key_id: UUID | None
    feature: str | None
    unit: str
    period: str
    maximum: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBudget:
    """A budget and its present period. `most_spent`: by whoever spent most, where each has it by themselves."""

    id: UUID
    subject: str
    user_id: UUID | None
    key_id: UUID | None
    feature: str | None
    unit: str
    period: str
    maximum: int
    revision: int
    created_at: datetime
    updated_at: datetime
    spent: int
    reserved: int
    most_spent: int
    renewed_at: datetime | None


class BudgetRepository:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def insert(self, budget: NewBudget) -> UUID:
        """Make a budget with what was spent already. Raises `BudgetExists`, `BudgetSubjectUnknown`."""
        await _queries.hold_ledger(self._connection)
        errors = {
            "llm_budgets_once": BudgetExists,
            "llm_budgets_org_id_user_id_fkey": BudgetSubjectUnknown,
            "llm_budgets_org_id_key_id_fkey": BudgetSubjectUnknown,
        }
        with violations(errors):
            row = await _queries.insert(self._connection, id=new_id(), **asdict(budget))
        await _queries.open(self._connection, id=row["id"])
        budget_id: UUID = row["id"]
        return budget_id

    async def find(self, budget_id: UUID) -> StoredBudget:
        """Raises `BudgetNotFound`."""
        rows = _queries.page(self._connection, id=budget_id, after=None, limit=1)
        async for row in rows:
            return StoredBudget(**row)
        raise BudgetNotFound

    async def page(self, after: UUID | None, limit: int) -> list[StoredBudget]:
        """The newest first."""
        rows = _queries.page(self._connection, id=None, after=after, limit=limit)
        return [StoredBudget(**row) async for row in rows]

    async def locked_revision(self, budget_id: UUID) -> int:
        """The revision, held until the transaction ends. Raises `BudgetNotFound`."""
        row = await _queries.lock(self._connection, id=budget_id)
        if row is None:
            raise BudgetNotFound
        return int(row["revision"])

    async def change(self, budget_id: UUID, maximum: int) -> None:
        """Another maximum, from the next call on."""
        await _queries.change(self._connection, id=budget_id, maximum=maximum)

    async def delete(self, budget_id: UUID) -> None:
        """End it, with its counters."""
        await _queries.hold_ledger(self._connection)
        await _queries.delete(self._connection, id=budget_id)
