"""Certificates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from deployments.enrollments.repository.rows import Enrollment
from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__, "certificates.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate as it is stored; `token` is the JWS."""

    code: str
    token: str
    issued_at: datetime
    revoked_at: datetime | None

    @property
    def status(self) -> Literal["valid", "revoked"]:
        return "valid" if self.revoked_at is None else "revoked"

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        return cls(**{name: row[name] for name in cls.__slots__})


class CertificateRepository:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def names(self, user_id: UUID) -> tuple[str, str]:
        """The learner's full name and the organisation's, as they are now."""
        row = await _queries.names(self._connection, user_id=user_id)
        return f"{row['first_name']} {row['last_name']}".strip(), row["organisation"]

    async def insert(self, id: UUID, enrollment: Enrollment, code: str, token: str) -> None:
        await _queries.insert(
            self._connection, id=id, org_id=enrollment.org_id, enrollment_id=enrollment.id,
            user_id=enrollment.user_id, course_id=enrollment.course_id, code=code, token=token,
        )  # fmt: skip

    async def of_enrollment(self, enrollment_id: UUID) -> Certificate | None:
        row = await _queries.of_enrollment(self._connection, enrollment_id=enrollment_id)
        return Certificate.from_row(row) if row else None

    async def by_code(self, code: str) -> Certificate | None:
        """A certificate of any organisation: whoever has the code was shown it."""
        row = await _queries.by_code(self._connection, code=code)
        return Certificate.from_row(row) if row else None
