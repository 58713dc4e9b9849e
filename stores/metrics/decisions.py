"""How automated decisions stand, over all organisations."""

from __future__ import annotations

from stores.metrics.registry import gauge

STOPPED = gauge(
    "azora_automated_decisions_stopped",
    "Organisations in which automated decisions of a kind are stopped",
    ("kind",),
    mode="livemostrecent",
)
ALERTING = gauge(
    "azora_automated_decisions_alerting",
    "Organisations in which the last figures of fairness or drift call for a person",
    ("kind",),
    mode="livemostrecent",
)


def report(kind: str, *, stopped: int, alerting: int) -> None:
    """Report one kind. Of all processes one at a time does this."""
    STOPPED.labels(kind).set(stopped)
    ALERTING.labels(kind).set(alerting)
