"""Whose courses somebody reaches."""

from __future__ import annotations

from deployments.kit.errors import CourseNotFound, NotYourCourse
from deployments.kit.principal import Principal
from deployments.learning.repository import Course


def reaches(principal: Principal, course: Course) -> bool:
    """Whether the person answers for the course."""
    return principal.may("courses.any") or course.instructor_id == principal.user_id


def reached(principal: Principal, course: Course | None) -> Course:
    """The course of somebody who answers for it. Raises `CourseNotFound`, `NotYourCourse`."""
    if course is None:
        raise CourseNotFound()
    if not reaches(principal, course):
        # What is not published is no business of others: to them it is not there.
        raise CourseNotFound() if course.status == "draft" else NotYourCourse()
    return course
