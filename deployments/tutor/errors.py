"""Errors of the tutor."""

from __future__ import annotations

from configs.errors import AzoraError
from deployments.kit.errors import Conflict, NotFound

_SECONDS_TO_INDEX = 5


class ConversationNotFound(NotFound):
    type = "conversation-not-found"
    title = "You have no such conversation"


class NothingToTeach(Conflict):
    """The course is there, but the person reads no version of it."""

    type = "course-not-readable"
    title = "Enrol in the course first: the tutor teaches what you can read"


class ConversationFull(Conflict):
    type = "conversation-full"
    title = "This conversation is long enough; begin another"


class MaterialNotReady(AzoraError):
    """The version that the person reads is not in the index yet: nothing can be said of what it covers."""

    status = 503
    type = "material-not-ready"
    title = "The tutor is still reading this course; ask again in a moment"
    retriable = True

    @property
    def headers(self) -> dict[str, str]:
        return {"retry-after": str(_SECONDS_TO_INDEX)}


class AnswerBrokeOff(AzoraError):
    """The model failed after some of its answer had been shown; nothing of it is remembered."""

    status = 502
    type = "answer-broke-off"
    title = "The answer broke off; ask again"
    retriable = True
