"""What the service says happened, on the topic `enrollment_events`, keyed by the learner.

    enrollment.created.v1      a first enrolment in a course; `status` is active or waitlisted
    enrollment.waitlisted.v1   a former learner waits for a seat again
    enrollment.activated.v1    a seat was given: to the next in line, or to a former learner
    enrollment.upgraded.v1     moved to the newest version of the course
    enrollment.completed.v1    every unit is complete
    enrollment.dropped.v1, enrollment.expired.v1
    unit.completed.v1, unit.reopened.v1
    quiz.attempted.v1          with points and whether right, per question
    submission.created.v1, submission.graded.v1
    certificate.issued.v1

All carry the enrolment as it is afterwards; those of quizzes and submissions as it was before, because what follows
from them is told by events of its own. Percentages are decimal strings.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from deployments.enrollments.repository.rows import Enrollment
from deployments.kit.work import Work


def announce(work: Work, event: str, enrollment: Enrollment, *, subject: UUID | None = None, **more: Any) -> None:
    """Publish `<event>.v1` about an enrolment, or about a part of it (`subject`)."""
    data = {
        "enrollment_id": enrollment.id,
        "user_id": enrollment.user_id,
        "course_id": enrollment.course_id,
        "course_version_id": enrollment.version_id,
        "status": enrollment.status.value,
        "progress": str(enrollment.progress),
        "score": None if enrollment.score is None else str(enrollment.score),
        **more,
    }
    work.publish(
        "enrollment_events", f"{event}.v1", subject=subject or enrollment.id, key=enrollment.user_id, data=data
    )
