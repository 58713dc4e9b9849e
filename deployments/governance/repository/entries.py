"""Entries of the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from stores.audit.chain import GENESIS
from stores.postgres import Connection

_COLUMNS = "number, recorded_at, body, hash"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry as it was chained; `body` is its canonical JSON."""

    number: int
    recorded_at: datetime
    body: str
    hash: bytes

    @property
    def fields(self) -> dict[str, Any]:
        """What the body says; absent fields are None."""
        said: dict[str, Any] = orjson.loads(self.body)
        names = ("action", "source", "outcome", "actor", "role", "subject", "trace")
        return {**{name: said.get(name) for name in names}, "details": said.get("details", {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFilter:
    """Which entries; what is None does not matter. An action that ends with a full stop stands for all it begins."""

    action: str | None = None
    actor: UUID | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> list[tuple[str, object]]:
        """Conditions with `{}` for the parameter, and its value."""
        found: list[tuple[str, object]] = []
        if self.action is not None and self.action.endswith("."):
            found.append(("starts_with(action, {})", self.action))
        elif self.action is not None:
            found.append(("action = {}", self.action))
        if self.actor is not None:
            found.append(("actor = {}", str(self.actor)))
        if self.subject is not None:
            found.append(("subject = {}", self.subject))
        if self.since is not None:
            found.append(("recorded_at >= {}", self.since))
        if self.until is not None:
            found.append(("recorded_at < {}", self.until))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Where a chain ends, and how many entries wait to be chained."""

    number: int
    hash: bytes
    token: str | None
    waiting: int


class EntryRepository:
    """Of one chain."""

    def __init__(self, connection: Connection, org_id: UUID) -> None:
        self._connection = connection
        self._org_id = org_id

    async def page(self, wanted: EntryFilter, before: int | None, limit: int) -> list[Entry]:
        """The newest first."""
        position = [("number < {}", before)] if before is not None else []
        return await self._select([*wanted.conditions(), *position], "number desc", limit)

    async def after(self, wanted: EntryFilter, after: int, limit: int) -> list[Entry]:
        """The oldest first."""
        return await self._select([*wanted.conditions(), ("number > {}", after)], "number", limit)

    async def find(self, number: int) -> Entry | None:
        found = await self._select([("number = {}", number)], "number", 1)
        return found[0] if found else None

    async def end(self) -> End:
        row = await self._connection.fetchrow(
            "select c.number, c.hash, c.token, (select count(*) from audit_pending p where p.org_id = $1) as waiting"
            "  from (select 1) as one left join audit_chains c on c.org_id = $1",
            self._org_id,
        )
        assert row is not None
        return End(number=row["number"] or 0, hash=row["hash"] or GENESIS, token=row["token"], waiting=row["waiting"])

    async def _select(self, conditions: list[tuple[str, object]], order: str, limit: int) -> list[Entry]:
        # The texts of conditions are this module's own; values go as parameters.
        texts = [text.format(f"${place}") for place, (text, _) in enumerate(conditions, start=3)]
        where = " and ".join(["org_id = $1", *texts])
        sql = f"select {_COLUMNS} from audit_log where {where} order by {order} limit $2"  # noqa: S608
        rows = await self._connection.fetch(sql, self._org_id, limit, *(value for _, value in conditions))
        return [Entry(**dict(row)) for row in rows]
