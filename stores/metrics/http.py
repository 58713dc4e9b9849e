"""Requests, by service and route."""

from __future__ import annotations

from prometheus_client import Histogram

from stores.metrics.registry import counter, gauge, histogram

# Where no route was reached: paths that do not exist, and requests that were refused before they had one.
UNMATCHED = "unmatched"
_METHODS = {name: name for name in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")}
_ABORTED = "aborted"
_FAILED = "5xx"

DURATION = histogram(
    "azora_http_request_duration_seconds",
    "From the request's head to the response's; the status is a class such as 2xx, or aborted",
    ("service", "method", "route", "status"),
    (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
IN_FLIGHT = gauge("azora_http_requests_in_flight", "Requests being answered", ("service",))
PROBLEMS = counter("azora_http_problems_total", "Problem documents answered, by type", ("type",))


class Traffic:
    """What passes through the door of one service."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._in_flight = IN_FLIGHT.labels(service)
        self._durations: dict[tuple[str, str, int], Histogram] = {}

    def began(self) -> None:
        """Count a request in."""
        self._in_flight.inc()

    def ended(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count it out. `route` is the template, never the path; `status` is 0 where nothing was answered."""
        self._in_flight.dec()
        key = (_METHODS.get(method, "other"), route, status // 100)
        duration = self._durations.get(key) or self._first(key)
        duration.observe(seconds)

    def _first(self, key: tuple[str, str, int]) -> Histogram:
        method, route, hundreds = key
        # Failures are shown from the beginning: what appears with its first one has not grown in Prometheus' eyes.
        DURATION.labels(self._service, method, route, _FAILED)
        shown = f"{hundreds}xx" if hundreds else _ABORTED
        duration = self._durations[key] = DURATION.labels(self._service, method, route, shown)
        return duration


def problem(type: str) -> None:
    """Count a problem document."""
    PROBLEMS.labels(type).inc()
