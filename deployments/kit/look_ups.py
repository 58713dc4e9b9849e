"""Asking the store which sessions are alive, for all requests that wait at the same time in one round trip.

Where memory's lease lapses, every request of a busy replica has to ask at once. One by one they would wait for each
other's connections until they give up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import islice
from uuid import UUID

from stores.errors import StoreError

_AT_ONCE = 500

Ask = Callable[[Sequence[UUID]], Awaitable[Sequence[bool]]]


class LookUps:
    """For one event loop. `ask` tells of each session whether it is alive, and raises a `StoreError` where it cannot.

    A question is answered by a round that begins after it, never by the one under way: what that one read may be from
    before the session was revoked.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._waiting: dict[UUID, asyncio.Future[bool]] = {}
        self._rounds: asyncio.Task[None] | None = None

    async def is_live(self, session_id: UUID) -> bool:
        """Whether the session is alive. Raises what `ask` raises."""
        answer = self._waiting.get(session_id)
        if answer is None:
            answer = self._waiting[session_id] = asyncio.get_running_loop().create_future()
            answer.add_done_callback(_look)
        if self._rounds is None or self._rounds.done():
            self._rounds = asyncio.create_task(self._answer_all())
        return await asyncio.shield(answer)

    async def _answer_all(self) -> None:
        while self._waiting:
            asked = dict(islice(self._waiting.items(), _AT_ONCE))
            for session_id in asked:
                del self._waiting[session_id]
            await self._answer(asked)

    async def _answer(self, asked: dict[UUID, asyncio.Future[bool]]) -> None:
        try:
            found = await self._ask(list(asked))
        except StoreError as error:
            for answer in asked.values():
                answer.set_exception(error)
        except BaseException:
            for answer in (*asked.values(), *self._waiting.values()):
                answer.cancel()
            raise
        else:
            for answer, is_live in zip(asked.values(), found, strict=True):
                answer.set_result(is_live)


def _look(answer: asyncio.Future[bool]) -> None:
    # Whoever asked may have left; an error that nobody looks at would be logged.
    if not answer.cancelled():
        answer.exception()
