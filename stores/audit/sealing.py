"""The sealer: numbers entries without gaps and chains them, in the order of their transactions.

It goes on only from an end that it knows to be right: the one it left itself, or one whose signature holds and from
which the end remembered in Valkey does not differ. A chain that was tampered with is left as it is, its entries wait,
and somebody is told; `azora audit accept` continues it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from configs.settings import Settings
from stores import valkey
from stores.audit import anchors
from stores.audit.chain import GENESIS
from stores.audit.heads import Head, HeadKeys
from stores.errors import StoreError
from stores.keyrings import following_keyring
from stores.metrics import audit as metrics
from stores.postgres import Connection, Database
from stores.queries import load_queries
from stores.signing_keys import KeyDirectory
from stores.valkey import Valkey

_queries = load_queries(__file__)
log = structlog.get_logger("azora.audit")

SEAL_EVERY = timedelta(milliseconds=500)
_CHAINS_AT_ONCE = 200
_ENTRIES_AT_ONCE = 2_000
_CHECKPOINT_EVERY = timedelta(hours=1)
_CHECKPOINT_ENTRIES = 10_000
_REPORT_EVERY_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chain:
    """A chain with entries to seal, as the database has it."""

    head: Head
    token: str | None
    checkpoint: int
    checkpoint_at: datetime | None

    @classmethod
    def from_row(cls, row: Any) -> _Chain:
        head = Head(UUID(str(row["org_id"])), row["number"], row["hash"] or GENESIS)
        return cls(head=head, token=row["token"], checkpoint=row["checkpoint"], checkpoint_at=row["checkpoint_at"])

    def due(self, number: int) -> bool:
        """Whether an end at that number is to be kept for ever."""
        old = self.checkpoint_at is None or datetime.now(UTC) - self.checkpoint_at >= _CHECKPOINT_EVERY
        return old or number - self.checkpoint >= _CHECKPOINT_ENTRIES


class Sealer:
    """Chains what waits. Several may run: they take turns at each chain."""

    def __init__(self, database: Database, keys: HeadKeys, client: Valkey) -> None:
        self._database = database
        self._keys = keys
        self._client = client
        self._left: dict[UUID, Head] = {}
        self._broken: dict[UUID, str] = {}
        self._reported_at = 0.0

    @property
    def broken(self) -> dict[UUID, str]:
        """The chains that do not hold, and why."""
        return dict(self._broken)

    async def run(self) -> int:
        """Seal until nothing waits. Returns how many entries were chained. Raises `StoreUnavailable`."""
        total = 0
        while sealed := await self._pass():
            total += sealed
        await self._report()
        return total

    async def _pass(self) -> int:
        async with self._database.single_statements() as connection:
            rows = [row async for row in _queries.chains_to_seal(connection, limit=_CHAINS_AT_ONCE)]
        chains = [_Chain.from_row(row) for row in rows]
        if not chains:
            return 0
        sound = await self._sound(chains)
        heads: list[Head] = []
        sealed = 0
        for chain in sound:
            if head := await self._seal(chain):
                heads.append(head)
                sealed += head.number - chain.head.number
        self._left |= {head.org_id: head for head in heads}
        await self._remember(heads)
        metrics.sealed(sealed)
        return sealed

    async def _sound(self, chains: Sequence[_Chain]) -> list[_Chain]:
        unknown = [chain for chain in chains if self._left.get(chain.head.org_id) != chain.head]
        remembered = await self._remembered([chain.head.org_id for chain in unknown])
        if unknown:
            await self._keys.refresh()
        for chain in unknown:
            org_id = chain.head.org_id
            reason = self._unsigned(chain) or await self._departs(chain.head, remembered.get(org_id))
            if reason is None:
                self._broken.pop(org_id, None)
            elif self._broken.get(org_id) != reason:
                self._broken[org_id] = reason
                log.error("audit chain broken", org_id=str(org_id), number=chain.head.number, reason=reason)
        return [chain for chain in chains if chain.head.org_id not in self._broken]

    def _unsigned(self, chain: _Chain) -> str | None:
        if chain.head.number == 0:
            return None
        if chain.token is None or Head.of_token(chain.token, self._keys.public) != chain.head:
            return "its end is not signed"
        return None

    async def _departs(self, head: Head, remembered: Head | None) -> str | None:
        """How the chain differs from the end that was remembered last."""
        if remembered == head:
            return None
        known = max(filter(None, (remembered, self._left.get(head.org_id))), key=lambda h: h.number, default=None)
        if known is None or known.number == 0:
            return None
        if known.number > head.number:
            return f"it was longer: {known.number} entries"
        async with self._database.single_statements() as connection:
            found = await _queries.hash_at(connection, org_id=head.org_id, number=known.number)
        return None if found == known.hash else f"entry {known.number} is not the one that was"

    async def _remembered(self, org_ids: Sequence[UUID]) -> dict[UUID, Head]:
        try:
            return await anchors.find(self._client, org_ids)
        except StoreError as error:  # the signatures have to do
            log.warning("remembered ends of audit chains not read", cause=repr(error))
            return {}

    async def _remember(self, heads: Sequence[Head]) -> None:
        try:
            await anchors.remember(self._client, heads)
        except StoreError as error:  # the next ones will be
            log.warning("ends of audit chains not remembered", cause=repr(error))

    async def _seal(self, chain: _Chain) -> Head | None:
        head = chain.head
        async with self._database.transaction(None) as connection:
            row = await _queries.seal(
                connection, org_id=head.org_id, from_number=head.number, from_hash=head.hash, limit=_ENTRIES_AT_ONCE
            )
            if row is None:
                return None
            ended = Head(head.org_id, row["number"], row["hash"])
            await self._sign(connection, ended, keep=chain.due(ended.number))
            return ended

    async def _sign(self, connection: Connection, head: Head, *, keep: bool) -> None:
        await _queries.end_chain(
            connection,
            org_id=head.org_id,
            number=head.number,
            hash=head.hash,
            token=await self._keys.sign(head),
            keep=keep,
        )

    async def _report(self) -> None:
        if time.monotonic() - self._reported_at < _REPORT_EVERY_SECONDS:
            return
        self._reported_at = time.monotonic()
        async with self._database.single_statements() as connection:
            row = await _queries.waiting(connection)
        metrics.waiting(row["entries"], row["seconds"])
        metrics.broken(len(self._broken))


class SealAudit:
    """A duty: seal what waits."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sealer: Sealer | None = None
        self._held: AsyncExitStack | None = None

    async def __call__(self, database: Database) -> int:
        """Returns how many entries were chained."""
        if self._sealer is None:
            self._sealer = await self._made(database)
        return await self._sealer.run()

    async def _made(self, database: Database) -> Sealer:
        async with AsyncExitStack() as held:
            keyring = await held.enter_async_context(following_keyring(self._settings))
            client = valkey.connect(self._settings)
            held.push_async_callback(client.aclose)
            self._held = held.pop_all()
        return Sealer(database, HeadKeys(KeyDirectory(database), keyring), client)

    async def aclose(self) -> None:
        """Let its connections go."""
        if self._held is not None:
            await self._held.aclose()
