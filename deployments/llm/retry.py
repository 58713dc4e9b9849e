"""When to ask a target again. Pure."""

from __future__ import annotations

from random import Random

from deployments.llm.errors import LlmError, UpstreamBusy, UpstreamError

_FIRST_PAUSE_SECONDS = 0.25
_LONGEST_PAUSE_SECONDS = 4.0
_PATIENCE_SECONDS = 5.0  # with an upstream that says when to come back
_EXHAUSTED_REST_SECONDS = 60.0
_LONGEST_REST_SECONDS = 600.0


def pause_seconds(error: LlmError, tries: int, *, alone: bool, random: Random) -> float | None:
    """How long to wait before the same target is asked again, after `tries` that failed; None: not at all.

    Full jitter (Brooker, "Exponential Backoff And Jitter", 2015): anything from nothing to a limit that doubles. An
    upstream that names a time is believed, and waited for only where it is short and nothing else could answer.
    """
    if not error.again or error.consumed or (isinstance(error, UpstreamBusy) and error.exhausted):
        return None
    jitter = random.uniform(0, min(_FIRST_PAUSE_SECONDS * 2 ** (tries - 1), _LONGEST_PAUSE_SECONDS))
    if error.retry_after_seconds is not None:
        patient = alone and error.retry_after_seconds <= _PATIENCE_SECONDS
        return error.retry_after_seconds + jitter if patient else None
    if isinstance(error, UpstreamBusy) and not alone:
        return None  # another target answers sooner
    return jitter


def rest_seconds(error: LlmError) -> float:
    """How long the target is to be left alone by every call; 0: not at all."""
    if isinstance(error, UpstreamBusy) and error.exhausted:
        return _EXHAUSTED_REST_SECONDS
    if isinstance(error, UpstreamError):
        return min(error.retry_after_seconds or 0.0, _LONGEST_REST_SECONDS)
    return 0.0
