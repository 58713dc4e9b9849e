"""What the service has housekeeping do."""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby

import structlog

from actors.housekeeper.duties import Duty
from deployments.llm.metering.ledger import Ledger, Line, Reservation, Settlement
from deployments.llm.metering.settling import write
from stores.postgres import Database

log = structlog.get_logger("azora.llm")
_ROWS_AT_ONCE = 500


async def settle_lost_calls(database: Database) -> int:
    """Settle the calls whose process died, at the most that they can have come to: a budget is never exceeded, and
    nothing that may have been spent is forgotten. Returns how many."""
    total = 0
    while True:
        async with database.transaction(None) as connection:
            overdue = await Ledger(connection).overdue(_ROWS_AT_ONCE)
        for org_id, calls in groupby(overdue, lambda call: call.org_id):
            total += await write(database, org_id, [_lost(call) for call in calls])
        if len(overdue) < _ROWS_AT_ONCE:
            if total:
                log.warning("lost calls settled", count=total)
            return total


def _lost(call: Reservation) -> Settlement:
    line = Line(
        provider=call.provider,
        target=call.target,
        requests=1,
        failed=0,
        cached=0,
        input_tokens=call.input_tokens,
        output_tokens=call.output_tokens,
        microdollars=call.microdollars,
    )
    seconds = (call.expires_at - call.began_at).total_seconds()
    return Settlement(call=call, reserved=True, lines=(line,), outcome="lost", latency_ms=round(seconds * 1000))


async def forget_past(database: Database) -> int:
    """Delete transcripts whose time is over, and counters of periods long past. Returns how many rows."""
    total = 0
    while True:
        async with database.transaction(None) as connection:
            count = await Ledger(connection).forget_transcripts(_ROWS_AT_ONCE)
        total += count
        if count < _ROWS_AT_ONCE:
            break
    async with database.transaction(None) as connection:
        return total + await Ledger(connection).forget_counters()


def duties() -> list[Duty]:
    """All of them."""
    return [
        Duty(name="settle_lost_calls", every=timedelta(seconds=30), run=settle_lost_calls),
        Duty(name="forget_model_past", every=timedelta(minutes=15), run=forget_past),
    ]
