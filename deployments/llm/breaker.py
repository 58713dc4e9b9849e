"""A circuit breaker: stops asking a target that keeps failing, and finds out by single probes when it is back.

Pure: the caller passes the time, in seconds of a clock that never goes back.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

_OUTCOMES = 20  # remembered at the most
_WINDOW_SECONDS = 60.0
_FAILURES = 5
_SHARE = 0.5
_FIRST_REST_SECONDS = 2.0
_LONGEST_REST_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to make one call; `probe`: the call that finds out whether the target is back."""

    probe: bool


class Breaker:
    """Opens when at least five and at least half of the last twenty outcomes within a minute are failures.

    An open breaker rests: two seconds, then twice as long after each probe that fails, up to a minute. When the rest is
    over one call is let through as a probe; only its success closes the breaker.
    """

    __slots__ = ("_open", "_outcomes", "_probing", "_rest_seconds", "_until")

    def __init__(self) -> None:
        self._outcomes: deque[tuple[float, bool]] = deque(maxlen=_OUTCOMES)
        self._open = False
        self._probing = False
        self._rest_seconds = _FIRST_REST_SECONDS
        self._until = 0.0

    def ready(self, now: float) -> bool:
        """Whether a call would be let through."""
        return now >= self._until and not (self._open and self._probing)

    def wait_seconds(self, now: float) -> float:
        """How long until it is worth asking again; 0 when ready."""
        if self.ready(now):
            return 0.0
        return max(self._until - now, 0.0) or _FIRST_REST_SECONDS

    def take(self, now: float) -> Permit | None:
        """Leave to call, or None. Each permit goes to exactly one of `succeeded`, `failed`, `abandoned`."""
        if not self.ready(now):
            return None
        self._probing = self._open
        return Permit(self._open)

    def succeeded(self, permit: Permit, now: float) -> None:
        """The call went well. One from before the breaker opened changes nothing."""
        if permit.probe:
            self._open = self._probing = False
            self._rest_seconds = _FIRST_REST_SECONDS
            self._outcomes.clear()
        if not self._open:
            self._outcomes.append((now, True))

    def failed(self, permit: Permit, now: float) -> None:
        """The call failed, and the target is to blame."""
        if permit.probe:
            self._probing = False
            self._rest_seconds = min(self._rest_seconds * 2, _LONGEST_REST_SECONDS)
            self.rest(now + self._rest_seconds)
        elif not self._open:
            self._outcomes.append((now, False))
            recent = [well for at, well in self._outcomes if now - at <= _WINDOW_SECONDS]
            failures = recent.count(False)
            if failures >= _FAILURES and failures >= _SHARE * len(recent):
                self._open = True
                self.rest(now + self._rest_seconds)

    def abandoned(self, permit: Permit) -> None:
        """The call said nothing about the target's health: it was cancelled, or the request was at fault."""
        if permit.probe:
            self._probing = False

    def rest(self, until: float) -> None:
        """The target is left alone until then; also because it asked for it."""
        self._until = max(self._until, until)
