"""The duty that measures, writes down, tells, and stops."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from actors.governor.bias.measuring import Measured, measure, together
from configs.settings import Settings
from stores import audit
from stores.decisions import AutomatedKind
from stores.ids import new_id
from stores.keyrings import following_keyring
from stores.metrics import decisions as metrics
from stores.postgres import Connection, Database
from stores.queries import load_queries
from stores.sealing import Keyring

_queries = load_queries(__file__)
EVERY = timedelta(minutes=10)
MOST_DECISIONS = 100_000
ACCEPTED_FOR = timedelta(days=30)
"""So long a person's release holds for figures that do not become worse."""

# What is decided alike is measured together, what is decided otherwise apart: one kind may have several parts.
_ROWS: Mapping[AutomatedKind, Mapping[str, Any]] = {
    AutomatedKind.PREDICTION: {"": _queries.predictions},
    AutomatedKind.GRADE: {"": _queries.grades},
    AutomatedKind.RECOMMENDATION: {"": _queries.recommendations, "paths": _queries.paths},
}

log = structlog.get_logger("azora.governor")


class WatchDecisions:
    """Measures every kind of decision in every organisation that has new ones.

    Safe to repeat: a day has one measure, a kind one stop that holds.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def __call__(self, database: Database) -> int:
        """Returns how many measures were made."""
        async with following_keyring(self._settings) as keyring:
            return await self._watch_all(database, keyring)

    async def _watch_all(self, database: Database, keyring: Keyring) -> int:
        async with database.transaction(None, readonly=True) as connection:
            due = [(row["org_id"], AutomatedKind(row["kind"])) async for row in _queries.organisations(connection)]
        for org_id, kind in due:
            try:
                await watch(database, keyring, org_id, kind)
            except Exception:  # whatever one organisation's rows bring about, the others are measured
                log.exception("decisions not measured", org_id=str(org_id), kind=kind.value)
        async with database.transaction(None, readonly=True) as connection:
            standing = [dict(row) async for row in _queries.standing(connection)]
        for row in standing:
            metrics.report(row["kind"], stopped=row["stopped"], alerting=row["alerting"])
        return len(due)


async def watch(database: Database, keyring: Keyring, org_id: UUID, kind: AutomatedKind) -> Measured:
    """Measure one kind in one organisation, under `azora_system`, and stop it where the figures say so."""
    parts: dict[str, Measured] = {}
    for name, query in _ROWS[kind].items():
        async with database.transaction(None, readonly=True) as connection:
            rows = [dict(row) async for row in query(connection, org_id=org_id, limit=MOST_DECISIONS)]
        parts[name] = await asyncio.to_thread(
            measure, rows, keyring, datetime.now(UTC), calibrated=kind is AutomatedKind.PREDICTION
        )
    measured = together(parts)
    async with database.transaction(None) as connection:
        await _queries.write_measure(
            connection, org_id=org_id, kind=kind.value, decisions=measured.decisions, verdict=measured.verdict,
            report=measured.report,
        )  # fmt: skip
        await _stop(connection, org_id, kind, measured)
    return measured


async def _stop(connection: Connection, org_id: UUID, kind: AutomatedKind, measured: Measured) -> None:
    accepted = await _queries.accepted(connection, org_id=org_id, kind=kind.value, age=ACCEPTED_FOR)
    if not measured.unaccepted(accepted or {}):
        return
    reason = f"Beyond their limits: {', '.join(sorted(measured.beyond))}"[:1_000]
    id = await _queries.stop(
        connection, id=new_id(), org_id=org_id, kind=kind.value, reason=reason, figures=measured.beyond
    )
    if id is None:
        return
    entry = audit.Entry(
        org_id=org_id,
        action="automated_decisions.stopped",
        source="governance",
        subject=id,
        outcome="done",
        details={"kind": kind.value, "figures": sorted(measured.beyond), "decisions": measured.decisions},
    )
    await audit.append(connection, [entry])
