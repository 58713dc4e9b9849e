"""Reading the audit log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from deployments.governance import exporting
from deployments.governance.errors import AuditEntryNotFound
from deployments.governance.exporting import Format
from deployments.governance.repository.entries import End, Entry, EntryFilter, EntryRepository
from deployments.kit.work import Work
from stores.postgres import Database
from stores.signing_keys import KeyDirectory

_EXPORTED_AT_ONCE = 2_000


@dataclass(frozen=True, kw_only=True)
class AuditService:
    """The chain of the caller's organisation, or the platform's own where the work was bound to it."""

    database: Database
    keys: KeyDirectory

    async def page(self, work: Work, wanted: EntryFilter, before: int | None, limit: int) -> list[Entry]:
        """The newest first."""
        return await EntryRepository(await work.connection(), work.org_id).page(wanted, before, limit)

    async def find(self, work: Work, number: int) -> Entry:
        """Raises `AuditEntryNotFound`."""
        entry = await EntryRepository(await work.connection(), work.org_id).find(number)
        if entry is None:
            raise AuditEntryNotFound()
        return entry

    async def end(self, work: Work) -> End:
        """Where the chain ends."""
        return await EntryRepository(await work.connection(), work.org_id).end()

    async def key_set(self) -> list[dict[str, Any]]:
        """The public keys that ends are signed with."""
        return [key.jwk for key in await self.keys.published("audit")]

    async def export(self, work: Work, wanted: EntryFilter, form: Format) -> AsyncIterator[bytes]:
        """All entries that are wanted, the oldest first. That they were handed out is written down before."""
        narrowed = sorted(text.split()[0].partition("(")[0] for text, _ in wanted.conditions())
        await work.audit_now("audit.exported", format=form, filters=narrowed)
        return self._export(work.org_id, wanted, form)

    async def _export(self, org_id: UUID, wanted: EntryFilter, form: Format) -> AsyncIterator[bytes]:
        yield exporting.header(form)
        after = 0
        while entries := await self._batch(org_id, wanted, after):
            yield exporting.lines(form, entries)
            after = entries[-1].number
        async with self.database.transaction(org_id, readonly=True) as connection:
            end = await EntryRepository(connection, org_id).end()
        yield exporting.footer(form, end)

    async def _batch(self, org_id: UUID, wanted: EntryFilter, after: int) -> list[Entry]:
        # A transaction for each: a reader that takes its time holds no connection meanwhile.
        async with self.database.transaction(org_id, readonly=True) as connection:
            return await EntryRepository(connection, org_id).after(wanted, after, _EXPORTED_AT_ONCE)
