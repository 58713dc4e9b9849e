"""Every call is reserved before it is asked, and settled after it ended, however it ended."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID

from configs.models import Target
from deployments.llm.errors import BudgetExhausted
from deployments.llm.metering.ledger import Line, Refusal, Reservation, Settlement
from deployments.llm.metering.prices import Prices
from deployments.llm.metering.reservations import Reservations, worded
from deployments.llm.metering.settling import Settler
from deployments.llm.receipts import Bound, Receipt
from stores.ids import new_id
from stores.metrics import models

# A reservation is given up for lost so long after the call must have ended.
_GRACE = timedelta(minutes=2)
# What calls in progress hold is waited for so often, since most come to far less than they could.
_PATIENCE = 3
# So long an answer to a task waits at the most for what it came to.
_PAID_SECONDS = 2.0
MEMORY = "memory"  # the provider of answers that were given before


class Spender(Protocol):
    """On whose behalf: the caller."""

    @property
    def org_id(self) -> UUID: ...
    @property
    def user_id(self) -> UUID | None: ...
    @property
    def key_id(self) -> UUID | None: ...
    @property
    def course_id(self) -> UUID | None: ...
    @property
    def feature(self) -> str: ...
    @property
    def task_id(self) -> UUID | None: ...
    @property
    def maximum_microdollars(self) -> int | None: ...


class Meter:
    """Opens the meters of calls."""

    def __init__(
        self, targets: Mapping[str, Target], prices: Prices, reservations: Reservations, settler: Settler
    ) -> None:
        self._targets = targets
        self._prices = prices
        self._reservations = reservations
        self._settler = settler

    async def open(
        self, caller: Spender, kind: str, model: str, bounds: Sequence[Bound], *, budgets: bool
    ) -> MeteredCall:
        """Reserve a call. Where there are budgets, or a task pays, it fits into all of them; where there are none,
        writing it goes on while the model is asked. Raises `BudgetExhausted` (also where it might cost more than the
        caller wants, or than its task has left), `RateExceeded`, `MeterUnavailable`.
        """
        now = datetime.now(UTC)
        targets = [self._targets[bound.target] for bound in bounds]
        reservation = Reservation(
            id=new_id(),
            org_id=caller.org_id,
            user_id=caller.user_id,
            key_id=caller.key_id,
            course_id=caller.course_id,
            feature=caller.feature,
            kind=kind,
            model=model,
            provider=targets[0].provider if targets else MEMORY,
            target=bounds[0].target if bounds else MEMORY,
            input_tokens=sum(bound.prompt_tokens for bound in bounds),
            output_tokens=max((bound.completion_tokens for bound in bounds), default=0),
            microdollars=self._prices.most(bounds, now),
            began_at=now,
            expires_at=now + max((t.timeouts.total for t in targets), default=timedelta(0)) + _GRACE,
            task_id=caller.task_id,
        )
        most = caller.maximum_microdollars
        if most is not None and reservation.microdollars > most:
            raise BudgetExhausted(f"The call may cost {reservation.microdollars} microdollars; it is to cost {most}")
        call = MeteredCall(self, reservation)
        await call.reserve(self._reservations, budgets)
        return call

    def lines(self, receipt: Receipt, at: datetime) -> list[Line]:
        """What each attempt came to; the request itself counts where it ended. None for one that no target got."""
        lines: list[Line] = []
        for attempt in receipt.attempts:
            is_last = attempt is receipt.attempts[-1]
            lines.append(
                Line(
                    provider=self._targets[attempt.target].provider,
                    target=attempt.target,
                    requests=int(is_last),
                    failed=int(is_last and receipt.usage.total_tokens == 0 and receipt.outcome == "failed"),
                    cached=0,
                    input_tokens=attempt.usage.prompt_tokens,
                    output_tokens=attempt.usage.completion_tokens,
                    microdollars=self._prices.microdollars(attempt.target, attempt.usage, at),
                )
            )
        return lines

    def owe(self, settlement: Settlement) -> None:
        """Have a call settled."""
        self._settler.owe(settlement)

    async def settled(self, call_id: UUID) -> None:
        """Have a call that is still owed written now, or tried to."""
        await self._settler.written(call_id)


class MeteredCall:
    """One call's meter: `written` before anything reaches the caller, and exactly one of the others at its end."""

    def __init__(self, meter: Meter, reservation: Reservation) -> None:
        self._meter = meter
        self._reservation = reservation
        self._writing: asyncio.Future[Refusal | None] | None = None
        self._budgets = False
        self._done = False
        self.microdollars = 0  # what it came to, once it has ended

    async def reserve(self, reservations: Reservations, budgets: bool) -> None:
        """See `Meter.open`."""
        self._budgets = budgets
        limited = budgets or self._reservation.task_id is not None
        try:
            for patience in reversed(range(_PATIENCE)):
                self._writing = reservations.submit(self._reservation, alone=budgets)
                if not limited:
                    return
                refusal = await asyncio.shield(self._writing)
                if refusal is None:
                    return
                if not (patience and refusal.may_pass):
                    raise worded(refusal)
                await reservations.make_room()
        except BaseException:
            self.release()
            raise

    async def written(self) -> None:
        """Wait until the reservation is durable. Raises `MeterUnavailable`; and a `BudgetError` where the first budget
        was made a moment ago.
        """
        if self._writing is not None and (refusal := await asyncio.shield(self._writing)) is not None:
            raise worded(refusal)

    def settle(self, receipt: Receipt) -> None:
        """The call came to this."""
        if self._done:  # a second time, as the conversation is left
            return
        _count(receipt)
        self._end(self._meter.lines(receipt, self._reservation.began_at), receipt.outcome, receipt.seconds)

    async def paid(self) -> None:
        """Where a task pays for the call, which has ended: wait a moment until it has paid no more than what the call
        came to, so that it finds its cost right as soon as it has its answer.
        """
        if self._reservation.task_id is not None:
            with suppress(TimeoutError):  # what cannot be written now is written later; the answer need not wait
                async with asyncio.timeout(_PAID_SECONDS):
                    await self._meter.settled(self._reservation.id)

    def settle_from_memory(self, seconds: float) -> None:
        """It was answered from memory, which costs nothing."""
        models.remembered()
        self._end([_empty(self._reservation, cached=1)], "completed", seconds)

    def settle_blocked(self, seconds: float) -> None:
        """A rule about content ended it before anybody was asked."""
        self._end([_empty(self._reservation, failed=1)], "blocked", seconds)

    def release(self) -> None:
        """It came to nothing, and is not told of."""
        self._end([], "released", 0.0)

    def _end(self, lines: Sequence[Line], outcome: str, seconds: float) -> None:
        if self._done:
            return
        self._done = True
        self.microdollars = sum(line.microdollars for line in lines)

        def owe(writing: asyncio.Future[Refusal | None]) -> None:
            unknown = writing.cancelled() or writing.exception() is not None  # it may have been written all the same
            reserved = not unknown and writing.result() is None
            if reserved or lines or (unknown and self._reservation.task_id is not None):
                self._meter.owe(
                    Settlement(
                        call=self._reservation,
                        reserved=reserved,
                        lines=tuple(lines),
                        outcome=outcome,
                        latency_ms=round(seconds * 1000),
                        budgets=self._budgets,
                    )
                )

        assert self._writing is not None, "it was reserved, or nothing was begun"
        if self._writing.done():
            owe(self._writing)
        else:  # what ends a reservation must come after it
            self._writing.add_done_callback(owe)


def _count(receipt: Receipt) -> None:
    for attempt in receipt.attempts:
        models.attempted(
            attempt.target,
            attempt.outcome,
            queued_seconds=attempt.queued_seconds,
            first_token_seconds=attempt.first_token_seconds,
            seconds=attempt.seconds,
            prompt_tokens=attempt.usage.prompt_tokens,
            completion_tokens=attempt.usage.completion_tokens,
        )


def _empty(call: Reservation, *, cached: int = 0, failed: int = 0) -> Line:
    return Line(
        provider=MEMORY if cached else call.provider,
        target=MEMORY if cached else call.target,
        requests=1,
        failed=failed,
        cached=cached,
        input_tokens=0,
        output_tokens=0,
        microdollars=0,
    )
