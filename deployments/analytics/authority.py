"""Which courses' figures a person reaches: those they teach, or all of the organisation."""

from __future__ import annotations

from deployments.analytics.repository.courses import Course
from deployments.kit.errors import CourseNotFound, NotYourCourse
from deployments.kit.principal import Principal


def reached(principal: Principal, course: Course | None) -> Course:
    """The course, where its figures are for this person. Raises `CourseNotFound`, `NotYourCourse`."""
    if course is None:
        raise CourseNotFound()
    principal.require("analytics.courses")
    if not (principal.may("analytics.organisation") or course.instructor_id == principal.user_id):
        # What is not published is no business of others: to them it is not there.
        raise CourseNotFound() if course.status == "draft" else NotYourCourse()
    return course
