"""Refusals of the analytics service."""

from __future__ import annotations

from configs.errors import AzoraError
from deployments.kit.errors import NotFound, TooManyRequests


class LearnerNotFound(NotFound):
    type = "learner-not-found"
    title = "There is no learner with this pseudonym"


class TooManyStreams(TooManyRequests):
    type = "too-many-streams"
    title = "You have as many live streams open as one person may"


class StreamsExhausted(AzoraError):
    status = 503
    type = "streams-exhausted"
    title = "All live streams of this replica are taken; try again shortly"
    retriable = True

    @property
    def headers(self) -> dict[str, str]:
        return {"retry-after": "2"}
