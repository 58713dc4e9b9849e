"""Published versions held in memory: they never change, so reading one twice would be waste."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from uuid import UUID

from deployments.enrollments.content import CourseVersion
from deployments.enrollments.progress import Standing, standing_of
from deployments.enrollments.repository.enrollments import EnrollmentRepository
from deployments.enrollments.repository.rows import Enrollment
from stores.postgres import Connection

_REMEMBERED_VERSIONS = 512


class Versions:
    """The least recently used version is forgotten first.

    Whoever asks must have met the version's id in a row of their own tenant: memory is shared by all of them.
    """

    def __init__(self, capacity: int = _REMEMBERED_VERSIONS) -> None:
        self._capacity = capacity
        self._versions: OrderedDict[UUID, CourseVersion] = OrderedDict()

    async def get(self, connection: Connection, version_id: UUID) -> CourseVersion:
        """The version, from memory or from the database."""
        version = self._versions.get(version_id)
        if version is None:
            version = await EnrollmentRepository(connection).version(version_id)
            self._versions[version_id] = version
            if len(self._versions) > self._capacity:
                self._versions.popitem(last=False)
        else:
            self._versions.move_to_end(version_id)
        return version

    async def standing(self, connection: Connection, enrollment: Enrollment, version_id: UUID) -> Standing:
        """Where a learner stands, or would stand, in a version."""
        return (await self.standings(connection, [enrollment], version_id))[0]

    async def standings(
        self, connection: Connection, enrollments: Sequence[Enrollment], version_id: UUID
    ) -> list[Standing]:
        """Where learners stand, or would stand, in a version; in the given order."""
        records = await EnrollmentRepository(connection).unit_records([e.id for e in enrollments])
        units = (await self.get(connection, version_id)).by_id.keys()
        return [standing_of(units, records.get(enrollment.id, {})) for enrollment in enrollments]
