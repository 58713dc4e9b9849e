"""What aggregators say has changed, on PostgreSQL's channel `analytics_changed`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from uuid import UUID

import orjson

CHANNEL = "analytics_changed"
_EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class Changes:
    """The scopes of a message: None where it may be any."""

    scopes: frozenset[str] | None

    @classmethod
    def read(cls, payload: str) -> Self:
        """From a message; one that cannot be read may mean anything."""
        try:
            scopes = orjson.loads(payload)["scopes"]
            return cls(None if scopes == _EVERYTHING else frozenset(scopes))
        except (ValueError, KeyError, TypeError):
            return cls(None)

    def concern_organisation(self, org_id: UUID) -> bool:
        """Whether its figures may have changed, or those of a course or learner of it."""
        return self.scopes is None or f"o:{org_id.hex}" in self.scopes

    def concern_course(self, course_id: UUID) -> bool:
        """Whether its figures may have changed, or those of its units."""
        return self.scopes is None or f"c:{course_id.hex}" in self.scopes
