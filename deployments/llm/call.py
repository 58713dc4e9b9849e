"""One chat from the caller's side."""

from __future__ import annotations

import time
from collections.abc import Sequence
from random import Random
from types import TracebackType
from typing import Protocol, Self

from deployments.kit.logs import get_logger
from deployments.llm.asking import ask
from deployments.llm.attempt import Attempt
from deployments.llm.conversation import NOTHING, ChatRequest, Event, Finish, Usage
from deployments.llm.lanes import Lane
from deployments.llm.receipts import Outcome, Receipt

log = get_logger("llm")


class Source(Protocol):
    """Where an answer comes from: a call, or what was said before."""

    @property
    def usage(self) -> Usage:
        """Everything consumed so far."""
        ...

    async def batch(self) -> list[Event]:
        """At least one event; nothing at the end. Raises an `LlmError`."""
        ...

    async def close(self) -> None:
        """End it, wherever it is. Safe to call twice."""
        ...


class Spoken:
    """An answer that is there already."""

    def __init__(self, events: Sequence[Event], usage: Usage) -> None:
        self._events = list(events)
        self.usage = usage

    async def batch(self) -> list[Event]:
        """See `Source`."""
        events, self._events = self._events, []
        return events

    async def close(self) -> None:
        """Nothing is open."""


class Call:
    """An asynchronous iterator of events: deltas, then exactly one `Finish`; or it raises an `LlmError`.

    `usage` and `receipt` tell at any time what was consumed so far, also when the call broke or was cancelled. Leave it
    with `close`, or use it as a context manager: that ends the call at the upstream where the caller stops early.
    """

    def __init__(self, request: ChatRequest, lanes: Sequence[Lane], prompt_estimate: int, random: Random) -> None:
        self._request = request
        self._lanes = lanes
        self._prompt_estimate = prompt_estimate
        self._random = random
        self._attempts: list[Attempt] = []
        self._speaking: Attempt | None = None
        self._ready: list[Event] = []  # of the first batch, until somebody asks for it
        self._pending: list[Event] = []  # of the present batch, last first
        self._outcome: Outcome = "running"
        self._began_at = time.monotonic()
        self._ended_at: float | None = None

    @property
    def usage(self) -> Usage:
        """Everything consumed so far, by every attempt."""
        return sum((attempt.usage for attempt in self._attempts), NOTHING)

    def receipt(self) -> Receipt:
        """What metering needs to know."""
        return Receipt(
            model=self._request.model,
            outcome=self._outcome,
            attempts=tuple(attempt.record() for attempt in self._attempts),
            usage=self.usage,
            seconds=(self._ended_at or time.monotonic()) - self._began_at,
        )

    async def begin(self) -> None:
        """Ask until a target speaks; iteration then gives what it said. Without it, iteration begins by itself.

        Raises an `LlmError`: so far nothing has been sent, and the answer can still be an HTTP status.
        """
        if self._speaking is None and self._outcome == "running":
            deadline = self._began_at + max(lane.total_seconds for lane in self._lanes)
            try:
                self._ready = await ask(
                    self._lanes, lambda lane: self._try(lane, deadline), deadline=deadline, random=self._random
                )
            except BaseException as error:
                await self._end(error)
                raise

    async def _try(self, lane: Lane, deadline: float) -> list[Event]:
        attempt = Attempt(lane, self._request, self._prompt_estimate, deadline)
        self._attempts.append(attempt)
        events = await attempt.first()
        self._speaking = attempt
        return events

    async def batch(self) -> list[Event]:
        """At least one event, all that arrived together; nothing at the end. Raises an `LlmError`."""
        await self.begin()
        if self._outcome != "running" or self._speaking is None:
            return []
        events, self._ready = self._ready, []
        if not events:
            try:
                events = await self._speaking.next()
            except BaseException as error:
                await self._end(error)
                raise
        if isinstance(last := events[-1], Finish):
            events[-1] = Finish(last.reason, self.usage)
            await self._end(None)
        return events

    async def close(self) -> None:
        """End the call, wherever it is. Safe to call twice."""
        await self._end(None)

    async def _end(self, error: BaseException | None) -> None:
        if self._outcome != "running":
            return
        self._ended_at = time.monotonic()
        finished = self._speaking is not None and self._speaking.ended
        if isinstance(error, Exception):
            self._outcome = "failed" if self._speaking is None else "broken"
            if self._speaking is not None:
                log.warning("answer broke off", target=self._speaking.lane.name, type=getattr(error, "type", None))
        else:
            self._outcome = "completed" if finished else "cancelled"
        if self._speaking is not None:
            await self._speaking.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        if not self._pending:
            self._pending = await self.batch()
            self._pending.reverse()
        if not self._pending:
            raise StopAsyncIteration
        return self._pending.pop()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
