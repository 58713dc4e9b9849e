"""Whose enrolments a person reaches, beyond their own: those of the courses they teach, or all of them."""

from __future__ import annotations

from uuid import UUID

from deployments.enrollments.repository.rows import Course
from deployments.kit.errors import CourseNotFound, NotYourCourse
from deployments.kit.principal import Principal


def reaches(principal: Principal, instructor_id: UUID, permission: str = "enrollments.course") -> bool:
    """Whether the person holds the permission for a course of this instructor."""
    return principal.may(permission) and (principal.may("enrollments.any") or principal.user_id == instructor_id)


def staffed(principal: Principal, course: Course | None, permission: str = "enrollments.course") -> Course:
    """The course, where the person holds the permission for it. Raises `CourseNotFound`, `NotYourCourse`."""
    if course is None:
        raise CourseNotFound()
    if not reaches(principal, course.instructor_id, permission):
        # What is not published is no business of others: to them it is not there.
        raise CourseNotFound() if course.status == "draft" else NotYourCourse()
    return course
