"""What the housekeeper does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from stores.metrics.registry import counter, gauge, histogram

SECONDS = histogram(
    "azora_duty_duration_seconds",
    "How long a duty took; the count is the number of its runs",
    ("duty",),
    (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 60.0, 300.0, 900.0),
)
FAILURES = counter("azora_duty_failures_total", "Runs of a duty that failed", ("duty",))
SUCCEEDED = gauge(
    "azora_duty_last_success_timestamp_seconds", "When a duty was last done", ("duty",), mode="livemostrecent"
)
INTERVAL = gauge("azora_duty_interval_seconds", "How often a duty is due", ("duty",), mode="livemostrecent")


@contextmanager
def counted_run(name: str, every: timedelta) -> Iterator[None]:
    """Count one run of a duty that is due so often, and its failure where the block raises."""
    INTERVAL.labels(name).set(every.total_seconds())
    FAILURES.labels(name)  # shown before the first one
    began = time.perf_counter()
    try:
        yield
    except Exception:
        FAILURES.labels(name).inc()
        raise
    else:
        SUCCEEDED.labels(name).set(time.time())
    finally:
        SECONDS.labels(name).observe(time.perf_counter() - began)
