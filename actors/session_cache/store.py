"""Follows the stream of revocations in Valkey, which is the truth; nothing needs a checkpoint of its own."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from uuid import UUID, uuid4

from actors.session_cache.state import Epoch, Revocation, RevocationLog, Revocations
from stores import valkey
from stores.errors import StoreError, StoreUnavailable
from stores.session_keys import EPOCH, REVOCATIONS
from stores.valkey import Valkey

# How long a read waits for news, and so how often an idle feed proves itself fresh. A lease spans five of them.
BLOCK_MILLISECONDS = 150
_ANSWER_SECONDS = 0.6


class RevocationFollower:
    """A `RevocationFeed` straight from Valkey."""

    def __init__(self, client: Valkey) -> None:
        self._client = client
        self._log = RevocationLog()
        self._begun = 0
        self._done = 0
        self._read_done = asyncio.Condition()

    async def changes(self, epoch: str, cursor: str) -> Revocations:
        """See `RevocationFeed`. Without news it answers after a read that began later than the call."""
        wanted = self._begun + 1
        try:
            async with asyncio.timeout(_ANSWER_SECONDS), self._read_done:
                while True:
                    await self._read_done.wait()
                    found = self._log.since(epoch, cursor)
                    if self._done >= wanted:
                        return found
                    if found.sessions:
                        return replace(found, proven=False)
        except TimeoutError:
            raise StoreUnavailable("The session store does not answer; try again shortly") from None

    async def run(self) -> None:
        """Follow until cancelled."""
        task = asyncio.current_task()
        # The driver's wait_for (Python 3.11) can swallow a cancellation; the task still knows that it was asked for.
        while task is None or not task.cancelling():
            try:
                with valkey.translated():
                    await self._read()
            except StoreError:
                await asyncio.sleep(0.05)

    async def _read(self) -> None:
        self._begun += 1
        reading = self._begun
        if self._log.begin(await self._epoch()):
            entries = await self._client.xrange(REVOCATIONS)
        else:
            position = self._log.last_position or "0-0"
            found = await self._client.xread({REVOCATIONS: position}, block=BLOCK_MILLISECONDS)
            entries = found[0][1] if found else []
        self._log.add([_revocation(*entry) for entry in entries], time.time())
        async with self._read_done:
            self._done = reading
            self._read_done.notify_all()

    async def _epoch(self) -> Epoch:
        stored = await self._client.get(EPOCH)
        if stored is None:
            await self._client.set(EPOCH, f"{uuid4().hex}:{time.time()}", nx=True)
            stored = await self._client.get(EPOCH)
        identity, _, started_at = stored.decode().partition(":")
        return Epoch(identity, float(started_at))


def _revocation(position: bytes, fields: dict[bytes, bytes]) -> Revocation:
    return Revocation(position.decode(), UUID(hex=fields[b"sid"].decode()), float(fields[b"until"]))
