"""A settled call as an event."""

from __future__ import annotations

from deployments.llm.metering.ledger import Settlement
from stores.events import Event

_NOBODY = "nobody"


def metered(settlement: Settlement) -> Event:
    """What `ai_events` tells of a call: figures, ids and fixed words."""
    call, last = settlement.call, settlement.lines[-1]
    return Event(
        topic="ai_events",
        type="completion.metered.v1",
        source="/llm",
        subject=str(call.id),
        key=str(call.user_id or call.key_id or _NOBODY),
        org_id=call.org_id,
        data={
            "user_id": call.user_id,
            "key_id": call.key_id,
            "course_id": call.course_id,
            "capability": call.kind,
            "feature": call.feature,
            "provider": last.provider,
            "model": call.model,
            "input_tokens": sum(line.input_tokens for line in settlement.lines),
            "output_tokens": sum(line.output_tokens for line in settlement.lines),
            "cost_microdollars": settlement.microdollars,
            "cached": any(line.cached for line in settlement.lines),
            "latency_ms": settlement.latency_ms,
            "outcome": settlement.outcome,
        },
    )
