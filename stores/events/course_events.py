"""Courses and what learners think of them."""

from __future__ import annotations

from uuid import UUID

from stores.events.declarations import AboutCourse, AboutPerson, Count, EventData, EventType, KeyedBy, Rating


class CourseCreated(AboutCourse):
    instructor_id: UUID


class CourseUpdated(AboutCourse):
    """`changed` names the fields, or is `draft` or `prerequisites`."""

    changed: list[str]


class CoursePublished(AboutCourse):
    """`units` counts the version's units."""

    version_id: UUID
    version: Count
    units: Count


class SkillsDeclared(AboutCourse):
    """`skills` counts them; 0 where the course's modules are its skills again."""

    skills: Count


class ReviewWritten(AboutCourse, AboutPerson):
    """`previous_rating` is that of the review this one replaces; null for a first one."""

    rating: Rating
    previous_rating: Rating | None


class ReviewDeleted(AboutCourse, AboutPerson):
    rating: Rating


def _declare(name: str, data: type[EventData], description: str, keyed_by: KeyedBy = "course") -> EventType:
    return EventType(name=name, topic="course_events", keyed_by=keyed_by, description=description, data=data)


COURSE_EVENTS = (
    _declare("course.created", CourseCreated, "A draft was made"),
    _declare("course.deleted", AboutCourse, "A draft was deleted unpublished"),
    _declare("course.updated", CourseUpdated, "`changed` names the fields, `draft` or `prerequisites`"),
    _declare("course.published", CoursePublished, "A version was published"),
    _declare("course.archived", AboutCourse, "The course was withdrawn"),
    _declare("skills.declared", SkillsDeclared, "Somebody said what of the course is which skill"),
    _declare("review.written", ReviewWritten, "With the rating, and the one it replaces", "learner"),
    _declare("review.deleted", ReviewDeleted, "With the rating that was", "learner"),
)
