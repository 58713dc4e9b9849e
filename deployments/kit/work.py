"""The unit of work: one request, one transaction.

A service asks `work` for the connection, says what happened, and never commits; the route that opened the work does
(`deployments.kit.routes`). What happens to people, their sessions and organisations is written to the audit log by
itself, under the id of who asked. The transaction begins at the first use of the connection, so that slow work such
as hashing a password can come before it without holding one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from deployments.kit import correlation
from deployments.kit.principal import Principal
from stores import audit, events
from stores.audit import AUDITED, PLATFORM, Entry
from stores.audit.entries import Outcome
from stores.events import Event, Topic
from stores.metrics import event_log
from stores.postgres import NIL_ORG, PLAN_ANEW, Connection, Database


class Work:
    """A lazily begun transaction with its tenant, its events, and what must follow the commit."""

    def __init__(
        self,
        database: Database,
        org_id: UUID | None,
        source: str,
        *,
        readonly: bool = False,
        by: Principal | None = None,
    ) -> None:
        self._database = database
        self._org_id = org_id or NIL_ORG
        self._source = source
        self._readonly = readonly
        self._by = by
        self._stack = AsyncExitStack()
        self._connection: Connection | None = None
        self._plans_anew = False
        self._events: list[Event] = []
        self._entries: list[Entry] = []
        self._refusals: list[Entry] = []
        self._after_commit: list[Callable[[], Awaitable[None]]] = []

    @property
    def org_id(self) -> UUID:
        """The tenant of this work; the nil UUID before one is known."""
        return self._org_id

    async def connection(self, *, plan_anew: bool = False) -> Connection:
        """The connection, inside the transaction; with `plan_anew` all that follows is planned for what it asks (see
        `Database.transaction`). Raises `StoreUnavailable`.
        """
        if self._connection is None:
            self._connection = await self._stack.enter_async_context(
                self._database.transaction(self._org_id, readonly=self._readonly, plan_anew=plan_anew)
            )
            self._plans_anew = plan_anew
        elif plan_anew and not self._plans_anew:
            await self._connection.execute(PLAN_ANEW)
            self._plans_anew = True
        return self._connection

    async def bind(self, org_id: UUID) -> None:
        """Name the tenant of a request that came without a token. The transaction, if begun, follows."""
        changed, self._org_id = org_id != self._org_id, org_id
        if changed and self._connection is not None:
            await self._connection.execute(f"set local azora.org_id = '{org_id}'")

    def entered(self, org_id: UUID) -> None:
        """Note the tenant that a statement of this transaction has declared itself (`set_config`)."""
        self._org_id = org_id

    def publish(self, topic: Topic, type: str, *, subject: UUID, key: UUID, data: dict[str, Any]) -> None:
        """Say what happened; it is written to the outbox in this transaction.

        Raises `InvalidEvent` for what the catalogue of `stores.events` does not admit.
        """
        ids = correlation.current.get()
        self._events.append(
            Event(
                topic=topic,
                type=type,
                source=f"/{self._source}",
                subject=str(subject),
                key=str(key),
                org_id=self._org_id,
                data=data,
                traceparent=ids.traceparent if ids else None,
            )
        )
        if action := AUDITED.get(type):
            self.audit(action, subject=subject, **data)

    def audit(self, action: str, *, subject: UUID | str | None = None, platform: bool = False, **details: Any) -> None:
        """Write to the audit log in this transaction; with `platform`, to the platform's own chain.

        `details` are ids, figures and fixed words. Raises `UnknownAction`.
        """
        self._entries.append(self._entry(action, subject, PLATFORM if platform else self._org_id, details))

    def record(self, entry: Entry) -> None:
        """Write an entry that somebody else made to the audit log: in this transaction, or where that only reads, in
        one of its own after it.
        """
        if self._readonly:
            self._after_commit.append(partial(self._append, entry))
        else:
            self._entries.append(entry)

    async def _append(self, entry: Entry) -> None:
        async with self.apart() as connection:
            await audit.append(connection, [entry])

    async def audit_now(
        self, action: str, *, subject: UUID | str | None = None, outcome: Outcome = "done", **details: Any
    ) -> None:
        """Write to the audit log at once, in a transaction of its own: for what is only read.

        Where the connection of this work is in use it takes a second one; refusals are told with `audit_refusal`.
        """
        entry = replace(self._entry(action, subject, self._org_id, details), outcome=outcome)
        async with self._database.transaction(self._org_id) as connection:
            await audit.append(connection, [entry])

    def audit_refusal(self, action: str, *, subject: UUID | str | None = None, **details: Any) -> None:
        """Write to the audit log that something is refused, once the error that says so has ended the transaction.

        Not before: whoever holds a connection and waits for another one may wait for people who do the same.
        """
        self._refusals.append(replace(self._entry(action, subject, self._org_id, details), outcome="refused"))

    def _entry(self, action: str, subject: UUID | str | None, org_id: UUID, details: dict[str, Any]) -> Entry:
        ids = correlation.current.get()
        return Entry(
            org_id=org_id,
            action=action,
            source=self._source,
            actor=self._by.user_id if self._by else None,
            role=self._by.role if self._by else None,
            subject=subject,
            trace=ids.trace_id if ids else None,
            details={name: value for name, value in details.items() if value != subject} | self._acting(),
        )

    def _acting(self) -> dict[str, str]:
        # Who acts in the person's name, where it is not the person.
        acting = self._by.acting if self._by else None
        return {"acting": acting} if acting else {}

    def apart(self) -> AbstractAsyncContextManager[Connection]:
        """A transaction of its own, of the same tenant: for what is kept of mere reading."""
        return self._database.transaction(self._org_id)

    def after_commit(self, action: Callable[[], Awaitable[None]]) -> None:
        """Do something once the transaction is committed. For what may be lost: caches, hints."""
        self._after_commit.append(action)

    async def flush(self) -> None:
        """Write the events and audit entries so far. Called by the boundary before it commits."""
        if self._events:
            pending, self._events = self._events, []
            await events.append(await self.connection(), pending)
            event_log.published(event.topic for event in pending)
        if self._entries:
            entries, self._entries = self._entries, []
            await audit.append(await self.connection(), entries)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            try:
                await self.flush()
            except BaseException as failure:
                await self._stack.__aexit__(type(failure), failure, failure.__traceback__)
                raise
        await self._stack.__aexit__(kind, error, trace)
        if kind is not None and self._refusals:
            async with self.apart() as connection:
                await audit.append(connection, self._refusals)
        if kind is None:
            for action in self._after_commit:
                await action()
