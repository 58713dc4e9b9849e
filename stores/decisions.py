"""Kinds of automated decisions, and whether one is stopped in an organisation.

Whoever decides by machine asks here first, in the transaction in which it decides.
"""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from stores.postgres import Connection

_HOLDS = "select reason from decision_stops where org_id = $1 and kind = $2 and released_at is null"


class AutomatedKind(StrEnum):
    """What is decided about people without a person."""

    PREDICTION = "prediction"
    GRADE = "grade"
    RECOMMENDATION = "recommendation"


async def stopped(connection: Connection, org_id: UUID, kind: AutomatedKind) -> str | None:
    """Why decisions of the kind are stopped in the organisation; None where they are not."""
    reason: str | None = await connection.fetchval(_HOLDS, org_id, kind.value)
    return reason
