"""The event log: what is written to it, and how its consumers keep up."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable
from typing import Protocol

from stores.metrics.registry import counter, gauge, histogram

PUBLISHED = counter("azora_events_published_total", "Events written to the outbox", ("topic",))
HANDLED = counter("azora_events_handled_total", "Events that a consumer took", ("consumer",))
POISONED = counter("azora_events_dead_lettered_total", "Events that a consumer set aside", ("consumer",))
DUPLICATES = counter("azora_events_duplicate_total", "Events that a consumer met again and skipped", ("consumer",))
FAILURES = counter("azora_event_consumer_failures_total", "Rounds of a consumer that were rolled back", ("consumer",))
FLUSH = histogram(
    "azora_event_flush_seconds",
    "The transaction in which a consumer takes effect and advances; a sample of at most one a second",
    ("consumer",),
    (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0),
)
CLAIMS = gauge("azora_event_consumer_partitions", "Partitions that members of a consumer hold", ("consumer",))

LAG_SECONDS = gauge(
    "azora_event_lag_seconds", "Age of the oldest event that a consumer has not taken", ("consumer",),
    mode="livemostrecent",
)  # fmt: skip
LAG_ENTRIES = gauge(
    "azora_event_lag_entries", "Events that a consumer has not taken", ("consumer",), mode="livemostrecent"
)
DEAD_LETTERS = gauge(
    "azora_event_dead_letters", "Events set aside and not yet replayed or discarded", ("consumer",),
    mode="livemostrecent",
)  # fmt: skip


class Figures(Protocol):
    """What a consumer's member says of itself; all but `partitions` and `last_flush_seconds` only grow."""

    partitions: int
    events: int
    duplicates: int
    rejected: int
    flushes: int
    failures: int
    last_flush_seconds: float


def published(topics: Iterable[str]) -> None:
    """Count events on their way into the outbox, by their topics."""
    for topic, count in Tally(topics).items():
        PUBLISHED.labels(topic).inc(count)


class Member:
    """One member of a consumer. Have it look at the member's figures about once a second."""

    def __init__(self, consumer: str) -> None:
        self._counters = {
            "events": HANDLED.labels(consumer),
            "duplicates": DUPLICATES.labels(consumer),
            "rejected": POISONED.labels(consumer),
            "failures": FAILURES.labels(consumer),
        }
        self._claims = CLAIMS.labels(consumer)
        self._flush = FLUSH.labels(consumer)
        self._seen = dict.fromkeys(self._counters, 0)
        self._flushes = 0

    def observe(self, figures: Figures) -> None:
        """Report what changed since the last look."""
        for name, metric in self._counters.items():
            now: int = getattr(figures, name)
            metric.inc(now - self._seen[name])
            self._seen[name] = now
        if figures.flushes > self._flushes:
            self._flushes = figures.flushes
            self._flush.observe(figures.last_flush_seconds)
        self._claims.set(figures.partitions)


def lag(consumer: str, *, entries: int, seconds: float) -> None:
    """How far a consumer is behind. Reported by one process for all, so that a dead consumer's lag shows."""
    LAG_ENTRIES.labels(consumer).set(entries)
    LAG_SECONDS.labels(consumer).set(seconds)


def dead_letters(consumer: str, count: int) -> None:
    """How many of its events wait for somebody to look at them."""
    DEAD_LETTERS.labels(consumer).set(count)
