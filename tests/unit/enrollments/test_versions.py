"""The memory of published versions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from deployments.enrollments import versions as module
from deployments.enrollments.content import CourseVersion
from deployments.enrollments.versions import Versions


async def test_the_least_recently_used_version_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    class Reader:
        def __init__(self, _connection: object) -> None:
            pass

        async def version(self, version_id: UUID) -> CourseVersion:
            read.append(version_id.int)
            return CourseVersion(version_id, "", ())

    monkeypatch.setattr(module, "EnrollmentRepository", Reader)
    versions = Versions(capacity=2)
    connection: Any = None
    for wanted in (1, 2, 1, 3, 1, 2):
        assert (await versions.get(connection, UUID(int=wanted))).id.int == wanted
    assert read == [1, 2, 3, 2]
