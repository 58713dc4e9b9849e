"""One try at one target: its place, its time limits, its count, and what it says of the target's health."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

from deployments.llm.conversation import (
    Accepted,
    ChatRequest,
    Event,
    Finish,
    FinishReason,
    ProviderEvent,
    RefusalDelta,
    Reported,
    Stopped,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from deployments.llm.errors import LlmError, UpstreamBroken, UpstreamTimeout
from deployments.llm.lanes import Lane, Visit
from deployments.llm.metering.tokens import Tally
from deployments.llm.receipts import AttemptRecord, Outcome

# After the model stopped, its counts are waited for only so long.
_TAIL_SECONDS = 5.0


class Attempt:
    """`first`, then `next` until it gives None; `close` in any case. For one task at a time."""

    def __init__(self, lane: Lane, request: ChatRequest, prompt_estimate: int, deadline: float) -> None:
        self.lane = lane
        limit = lane.answer_limit(request, prompt_estimate)
        self._request = replace(request, max_tokens=limit)
        self._tally = Tally(prompt_estimate, limit)
        self._deadline = deadline
        self._visit = Visit(lane)
        self._stream: AsyncGenerator[Sequence[ProviderEvent], None] | None = None
        self._working = False
        self._reason: FinishReason | None = None
        self.ended = False
        self._outcome: Outcome = "running"
        self._error: str | None = None
        self._began_at = self._asked_at = time.monotonic()
        self._first_at: float | None = None
        self._closed_at: float | None = None

    @property
    def accepted(self) -> bool:
        """Whether the upstream took the request, and may charge for it."""
        return self._tally.accepted

    @property
    def usage(self) -> Usage:
        """What was consumed so far."""
        return self._tally.usage()

    def record(self) -> AttemptRecord:
        """What it came to, or how far it is."""
        until = self._closed_at or time.monotonic()
        return AttemptRecord(
            target=self.lane.name,
            outcome=self._outcome,
            error=self._error,
            usage=self.usage,
            queued_seconds=self._asked_at - self._began_at,
            first_token_seconds=None if self._first_at is None else self._first_at - self._asked_at,
            seconds=until - self._began_at,
        )

    async def first(self) -> list[Event]:
        """Ask, and wait for the first events that are worth sending. Raises `LlmError`; closed then."""
        try:
            await self._visit.enter(self._deadline)
            self._stream = self.lane.provider.chat(self._request)
            asked = self._asked_at = time.monotonic()
            until = asked + self.lane.first_token_seconds
            self._deadline = min(self._deadline, asked + self.lane.total_seconds)
            while not (events := await self._pull(until)):
                if self._working:
                    until = time.monotonic() + self.lane.idle_seconds
            self._first_at = time.monotonic()
            return events
        except BaseException as error:
            await self.close(error)
            raise

    async def next(self) -> list[Event]:
        """What comes next; nothing at the end. Raises `LlmError`; closed then."""
        if self.ended:
            return []
        try:
            while not (events := await self._pull(time.monotonic() + self.lane.idle_seconds)):
                pass
            return events
        except BaseException as error:
            await self.close(error)
            raise

    async def close(self, error: BaseException | None = None) -> None:
        """End the call at the upstream, give the place back, and say how it went. Safe to call twice."""
        if self._closed_at is not None:
            return
        self._closed_at = time.monotonic()
        self._outcome = self._verdict(error)
        if isinstance(error, LlmError):
            self._error = error.type
            error.consumed = self.accepted
        self._visit.leave(error, answered=self._first_at is not None)
        if self._stream is not None:
            await self._stream.aclose()

    async def _pull(self, until: float) -> list[Event]:
        """What the provider says next, as events; a Finish at the end. Empty where none of it is for the caller."""
        assert self._stream is not None
        if self._reason is not None:
            until = min(until, time.monotonic() + _TAIL_SECONDS)
        try:
            async with asyncio.timeout(max(min(until, self._deadline) - time.monotonic(), 0.0)):
                said = await anext(self._stream, None)
        except (TimeoutError, UpstreamBroken) as error:
            if self._reason is not None:  # the answer is whole; only its end is missing
                return [self._finish(self._reason)]
            if isinstance(error, UpstreamBroken):
                raise
            if self._first_at is None:
                raise UpstreamTimeout from None
            raise UpstreamBroken("The upstream fell silent, or went on for too long") from None
        if said is None:
            if self._reason is None:
                raise UpstreamBroken("The upstream ended without an end of the answer")
            return [self._finish(self._reason)]
        return self._take(said)

    def _take(self, said: Sequence[ProviderEvent]) -> list[Event]:
        tally = self._tally
        events: list[Event] = []
        reported = False
        for event in said:
            if isinstance(event, TextDelta | RefusalDelta):
                tally.count(event.text)
                events.append(event)
            elif isinstance(event, ToolCallDelta):
                tally.count((event.name or "") + event.arguments)
                events.append(event)
            elif isinstance(event, Reported):
                tally.report(event)
                reported = True
            elif isinstance(event, Stopped):
                self._reason = self._reason or event.reason
            elif isinstance(event, Accepted):
                tally.accepted = True
            else:
                self._working = True
        if reported and self._reason is not None:
            tally.final = True
        if tally.runaway:
            events.append(self._finish("length"))
        return events

    def _finish(self, reason: FinishReason) -> Finish:
        self._reason = reason
        self.ended = True
        return Finish(reason, self.usage)

    def _verdict(self, error: BaseException | None) -> Outcome:
        if isinstance(error, Exception):
            return "failed" if self._first_at is None else "broken"
        return "completed" if self.ended else "cancelled"
