"""Chains to write, seal, verify and tamper with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg

from configs.settings import Settings
from stores import audit, valkey
from stores.audit import anchors
from stores.audit.heads import Head, HeadKeys
from stores.audit.sealing import Sealer
from stores.audit.verifying import Report, Verifier
from stores.ids import new_id
from stores.postgres import Database
from stores.sealing import Keyring
from stores.signing_keys import KeyDirectory
from stores.valkey import Valkey


@dataclass
class Chain:
    """The chain of an organisation of the test's own."""

    settings: Settings
    app: Database
    system: Database
    client: Valkey
    keys: HeadKeys
    sealer: Sealer
    org_id: UUID = field(default_factory=new_id)

    @classmethod
    @asynccontextmanager
    async def opened(cls, settings: Settings) -> AsyncIterator[Chain]:
        app, system = Database.from_settings(settings), Database.from_settings(settings, role="azora_system")
        assert settings.data_keys is not None
        keys = HeadKeys(KeyDirectory(system), Keyring.parse(settings.data_keys.get_secret_value()))
        await keys.refresh()
        client = valkey.connect(settings)
        yield cls(settings, app, system, client, keys, Sealer(system, keys, client))
        await client.aclose()
        await app.close()
        await system.close()

    def entry(self, number: int = 0, **more: Any) -> audit.Entry:
        return audit.Entry(
            org_id=self.org_id, **{"action": "session.started", "source": "test", "details": {"n": number}, **more}
        )

    async def write(self, count: int) -> None:
        """Entries in one transaction, as the application writes them."""
        async with self.app.transaction(self.org_id) as connection:
            await audit.append(connection, [self.entry(number) for number in range(count)])

    async def filled(self, count: int, batches: int = 1) -> None:
        """Written and sealed."""
        for _ in range(batches):
            await self.write(count)
            await self.sealer.run()

    def fresh_sealer(self) -> Sealer:
        """One that remembers nothing, as after a restart."""
        return Sealer(self.system, self.keys, self.client)

    async def verify(self, known: Sequence[Head] = ()) -> Report:
        return await Verifier(self.system, self.keys.public, {self.org_id: known}).verify(self.org_id)

    async def remembered(self) -> Head:
        return (await anchors.find(self.client, [self.org_id]))[self.org_id]

    async def rows(self) -> list[dict[str, Any]]:
        async with self.system.transaction(None, readonly=True) as connection:
            rows = await connection.fetch("select * from audit_log where org_id = $1 order by number", self.org_id)
        return [dict(row) for row in rows]

    async def tamper(self, *statements: str) -> None:
        """What somebody who owns the database, but no data key, can do. `$1` is the organisation."""
        assert self.settings.database_url is not None
        owner = await asyncpg.connect(self.settings.database_url.get_secret_value())
        try:
            async with owner.transaction():
                await owner.execute("alter table audit_log disable trigger final")
                await owner.execute("alter table audit_checkpoints disable trigger final")
                for statement in statements:
                    await owner.execute(statement.replace("$1", f"'{self.org_id}'"))
                await owner.execute("alter table audit_log enable trigger final")
                await owner.execute("alter table audit_checkpoints enable trigger final")
        finally:
            await owner.close()
