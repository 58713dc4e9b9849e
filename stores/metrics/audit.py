"""The audit log: what waits to be chained, and chains that do not hold."""

from __future__ import annotations

from stores.metrics.registry import counter, gauge

WAITING = gauge("azora_audit_waiting_entries", "Entries that are not chained yet", mode="livemostrecent")
WAITING_SECONDS = gauge(
    "azora_audit_waiting_seconds", "How long the oldest entry that is not chained has waited", mode="livemostrecent"
)
BROKEN = gauge(
    "azora_audit_broken_chains", "Chains that ended elsewhere than they were left, and are not continued",
    mode="livemostrecent",
)  # fmt: skip
SEALED = counter("azora_audit_sealed_entries_total", "Entries that were chained")


def waiting(entries: int, seconds: float) -> None:
    """Report what is not chained yet."""
    WAITING.set(entries)
    WAITING_SECONDS.set(seconds)


def broken(chains: int) -> None:
    """Report how many chains do not hold."""
    BROKEN.set(chains)


def sealed(entries: int) -> None:
    """Count entries that were chained."""
    SEALED.inc(entries)
