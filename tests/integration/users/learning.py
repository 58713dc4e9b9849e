"""A learner with something of everything, written straight into the tables."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from stores.ids import new_id
from tests.platform import Account, Organisation, Platform

WORDS = "words of the learner's own"


@dataclass(frozen=True)
class Learning:
    """The ids of one learner's enrolment, finished, and of another, running."""

    course_id: UUID
    enrollment_id: UUID
    running_id: UUID


async def learn(
    platform: Platform, org: Organisation, learner: Account, teacher: Account, words: str = WORDS
) -> Learning:
    """Two courses by the teacher; the learner has completed one, with certificate and review, and is in the other."""
    course_id, enrollment_id = await _enrol(platform, org, learner, teacher, "completed")
    _, running_id = await _enrol(platform, org, learner, teacher, "active")
    unit_id, submission_id = new_id(), new_id()
    statements = [
        ("insert into unit_progress (org_id, enrollment_id, unit_id, completed_at, score)"
         " values ($1, $2, $3, now(), 80)",
         (org.id, enrollment_id, unit_id)),
        ("insert into quiz_attempts (id, org_id, enrollment_id, unit_id, number, answers, result, points,"
         " maximum_points, score, passed) values ($1, $2, $3, $4, 1, $5, '{}', 4, 5, 80, true)",
         (new_id(), org.id, enrollment_id, unit_id, {"q1": words})),
        ("insert into submissions (id, org_id, enrollment_id, unit_id, number, body, points, maximum_points, feedback,"
         " graded_by, graded_at) values ($1, $2, $3, $4, 1, $5, 3, 5, $5, $6, now())",
         (submission_id, org.id, enrollment_id, unit_id, words, teacher.id)),
        ("insert into grading_suggestions (id, org_id, course_id, enrollment_id, submission_id, unit_id, basis, method,"
         " model_share, model_confidence, confidence, points, maximum_points, needs_person, concerns, criteria,"
         " feedback, made_by, asked_by) values ($1, $2, $3, $4, $5, $6, '', 'rubric', 0.5, 0.5, 0.5, 2, 5, true, '[]',"
         " $7, $8, '{}', $9)",
         (new_id(), org.id, course_id, enrollment_id, submission_id, unit_id, [{"quote": words}], words, teacher.id)),
        ("insert into grade_appeals (id, org_id, course_id, enrollment_id, submission_id, points, maximum_points,"
         " graded_by, reason) values ($1, $2, $3, $4, $5, 3, 5, $6, $7)",
         (new_id(), org.id, course_id, enrollment_id, submission_id, teacher.id, words)),
        ("insert into reviews (id, org_id, course_id, user_id, rating, body) values ($1, $2, $3, $4, 5, $5)",
         (new_id(), org.id, course_id, learner.id, words)),
        ("insert into certificates (id, org_id, enrollment_id, user_id, course_id, code, token)"
         " values ($1, $2, $3, $4, $5, $6, $7)",
         (new_id(), org.id, enrollment_id, learner.id, course_id, new_id().hex, f"signed over {words}")),
    ]  # fmt: skip
    async with platform.database.transaction(org.id) as connection:
        for statement, values in statements:
            await connection.execute(statement, *values)
    return Learning(course_id, enrollment_id, running_id)


async def _enrol(
    platform: Platform, org: Organisation, learner: Account, teacher: Account, status: str
) -> tuple[UUID, UUID]:
    course_id, version_id, enrollment_id = new_id(), new_id(), new_id()
    statements: list[tuple[str, tuple[object, ...]]] = [
        ("insert into courses (id, org_id, title, instructor_id) values ($1, $2, 'A course', $3)",
         (course_id, org.id, teacher.id)),
        ("insert into course_versions (id, org_id, course_id, number, title, content, unit_ids, published_by)"
         " values ($1, $2, $3, 1, 'A course', $4, '{}', $5)",
         (version_id, org.id, course_id, {"modules": []}, teacher.id)),
        ("insert into enrollments (id, org_id, user_id, course_id, course_version_id, status, progress, score,"
         " enrolled_at) values ($1, $2, $3, $4, $5, $6, 50, 80, now())",
         (enrollment_id, org.id, learner.id, course_id, version_id, status)),
    ]  # fmt: skip
    async with platform.database.transaction(org.id) as connection:
        for statement, values in statements:
            await connection.execute(statement, *values)
    return course_id, enrollment_id
