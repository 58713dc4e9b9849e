"""What the enrolments service has housekeeping do: time passes, and seats fall free, with nobody asking."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from actors.housekeeper.duties import Duty
from deployments.enrollments.repository.enrollments import EnrollmentRepository
from deployments.enrollments.seats import Seats, Settled
from deployments.enrollments.versions import Versions
from stores.postgres import Database


async def expire_due(database: Database) -> int:
    """Mark enrolments whose access has ended, and give their seats to those who wait. Under `azora_system`.

    Returns how many expired.
    """
    async with database.transaction(None, readonly=True) as connection:
        courses = await EnrollmentRepository(connection).courses_with_overdue()
    return sum(settled.expired for settled in await _settle(database, courses))


async def promote_waiting(database: Database) -> int:
    """Give seats that are free though somebody waits: a course was enlarged, or a completion's seat was left.

    Under `azora_system`. Returns how many learners moved up.
    """
    async with database.transaction(None, readonly=True) as connection:
        courses = await EnrollmentRepository(connection).courses_with_room()
    return sum(settled.promoted for settled in await _settle(database, courses))


async def _settle(database: Database, courses: Collection[tuple[UUID, UUID]]) -> list[Settled]:
    # One course, one short transaction: learners of others are not held up.
    seats = Seats(Versions())
    return [await seats.settle_apart(database, org_id, course_id) for org_id, course_id in courses]


def duties() -> list[Duty]:
    """All of them."""
    return [
        Duty(name="expire_enrollments", every=timedelta(seconds=30), run=expire_due),
        Duty(name="promote_waiting_learners", every=timedelta(seconds=10), run=promote_waiting),
    ]
