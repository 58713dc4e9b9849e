"""How long to wait before a server that died is started again."""

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class Backoff:
    """At once the first time, then `first_seconds`, doubling up to `cap_seconds`.

    A server that was up for `stable_seconds` has earned a fresh start.
    """

    first_seconds: float = 0.5
    cap_seconds: float = 30.0
    stable_seconds: float = 60.0
    _failures: int = 0

    def next_delay(self, uptime_seconds: float) -> float:
        """The delay after a server ended that had been ready for that long (0 if it never was)."""
        if uptime_seconds >= self.stable_seconds:
            self._failures = 0
        self._failures += 1
        if self._failures == 1:
            return 0.0
        # The exponent is bounded too: a float has room for only so many doublings.
        return min(self.first_seconds * 2.0 ** min(self._failures - 2, 32), self.cap_seconds)
