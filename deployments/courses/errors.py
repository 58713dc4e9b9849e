"""Errors of the courses service."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from deployments.kit.errors import Conflict, Forbidden, NotFound


class ModuleNotFound(NotFound):
    type = "module-not-found"
    title = "The course has no such module"


class VersionNotFound(NotFound):
    type = "version-not-found"
    title = "The course has no such version"


class ReviewNotFound(NotFound):
    type = "review-not-found"
    title = "You have not reviewed this course"


class NotEnrolled(Forbidden):
    type = "not-enrolled"
    title = "Only learners who are enrolled may do this"


class OwnCourse(Forbidden):
    type = "own-course"
    title = "Nobody reviews a course that they teach"


class PublishedBefore(Conflict):
    type = "published-before"
    title = "A course that was published is archived, not deleted"


class NotPublished(Conflict):
    type = "not-published"
    title = "The course is not published"


class NothingToPublish(Conflict):
    type = "nothing-to-publish"
    title = "The draft has no units"


class NothingChanged(Conflict):
    type = "nothing-changed"
    title = "The draft is what is published already"


class DraftFull(Conflict):
    type = "draft-full"
    title = "The draft has as many modules, units or bytes as a course may have"


class OutlineChanged(Conflict):
    type = "outline-changed"
    title = "The order does not name exactly the modules and units of the draft; read it again"


class PrerequisiteCycle(Conflict):
    """`cycle` lists the ids of the courses, each needing the next and the last the first."""

    type = "prerequisite-cycle"
    title = "A course cannot, by way of others, be its own prerequisite"

    def __init__(self, cycle: Sequence[UUID]) -> None:
        super().__init__(cycle=[str(course_id) for course_id in cycle])


class NothingToPropose(Conflict):
    type = "nothing-to-propose"
    title = "There is nothing to make such a proposal of"
