"""What the service says happened, on the topic `enrollment_events`, keyed by the learner.

Events carry the enrolment as it is afterwards; those of quizzes and submissions as it was before, because what follows
from them is told by events of its own. The events of one enrolment chain (`stores.events.enrollment_events`).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from deployments.enrollments.lifecycle import Status
from deployments.enrollments.repository.rows import Course, Enrollment
from deployments.kit.work import Work

_NOTHING = Decimal("0.00")


def announce(
    work: Work,
    event: str,
    enrollment: Enrollment,
    *,
    before: Enrollment | None,
    subject: UUID | None = None,
    **more: Any,
) -> None:
    """Publish `<event>.v1` about an enrolment, or about a part of it (`subject`).

    `before` is the enrolment as the event before this one left it: the same where nothing of it changes, None where
    there was none.
    """
    data = {
        "enrollment_id": enrollment.id,
        "user_id": enrollment.user_id,
        "course_id": enrollment.course_id,
        "course_version_id": enrollment.version_id,
        "status": enrollment.told_status.value,
        "progress": enrollment.progress,
        "score": enrollment.score,
        "previous_status": before.told_status.value if before else None,
        "previous_progress": before.progress if before else _NOTHING,
        "enrolled_at": enrollment.enrolled_at,
        **more,
    }
    work.publish(
        "enrollment_events", f"{event}.v1", subject=subject or enrollment.id, key=enrollment.user_id, data=data
    )


def first_price(course: Course, enrollment: Enrollment, *, before: Enrollment | None) -> Decimal | None:
    """The course's price, where the enrolment has just got the learner's first seat in it."""
    seated = enrollment.told_status is Status.ACTIVE
    return course.price if seated and (before is None or before.enrolled_at is None) else None
