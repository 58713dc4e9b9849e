"""How many calls a target gets at once, and how many may wait for their turn. Counted in one replica."""

from __future__ import annotations

import asyncio
from collections import deque

from deployments.llm.errors import ModelOverloaded


class Admission:
    """A bounded number of places and a bounded queue, first come first served. For one event loop."""

    def __init__(self, places: int, queue: int) -> None:
        self._places = places
        self._queue = queue
        self._waiting: deque[asyncio.Future[None]] = deque()
        self.taken = 0

    @property
    def free(self) -> bool:
        """Whether a call would get a place at once."""
        return self.taken < self._places

    @property
    def waiting(self) -> int:
        """How many calls wait."""
        return len(self._waiting)

    async def enter(self, patience_seconds: float) -> None:
        """Take a place, which `leave` gives back. Raises `ModelOverloaded` where the queue is full or too slow."""
        if self.taken < self._places:
            self.taken += 1
            return
        if len(self._waiting) >= self._queue:
            raise ModelOverloaded("Too many calls wait for this model")
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(patience_seconds):
                await turn
        except BaseException as error:
            self._give_up(turn)
            if isinstance(error, TimeoutError):
                raise ModelOverloaded("No place became free in time") from None
            raise

    def _give_up(self, turn: asyncio.Future[None]) -> None:
        if turn.done() and not turn.cancelled():
            self.leave()  # the place came in the same moment
        else:
            self._waiting.remove(turn)

    def leave(self) -> None:
        """Give the place to whoever waits longest, or back."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.taken -= 1
