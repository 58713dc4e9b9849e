"""Who sees and who changes which course."""

from __future__ import annotations

from uuid import UUID

from deployments.courses.repository.courses import Course, CourseRepository
from deployments.kit.errors import CourseNotFound, NotYourCourse
from deployments.kit.principal import Principal
from deployments.kit.work import Work


def answers_for(principal: Principal, instructor_id: UUID) -> bool:
    """Whether the person teaches the course or sees every course of the organisation."""
    return instructor_id == principal.user_id or principal.may("courses.any")


async def visible_course(work: Work, principal: Principal, course_id: UUID) -> Course:
    """The course; a draft only for those who answer for it. Raises `CourseNotFound`."""
    course = await CourseRepository(await work.connection()).find(course_id)
    if course is None or (course.status == "draft" and not answers_for(principal, course.instructor_id)):
        raise CourseNotFound()
    return course


async def taught_course(work: Work, principal: Principal, course_id: UUID, *, lock: bool = True) -> Course:
    """The course for one who may change it, locked against other authors.

    Raises `CourseNotFound`, or `NotYourCourse` where somebody else teaches it.
    """
    courses = CourseRepository(await work.connection())
    course = await (courses.lock(course_id) if lock else courses.find(course_id))
    if course is None:
        raise CourseNotFound()
    if not answers_for(principal, course.instructor_id):
        raise NotYourCourse()
    return course
