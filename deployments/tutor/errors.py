"""Errors of the tutor."""

from __future__ import annotations

from deployments.kit.errors import Conflict, NotFound


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
