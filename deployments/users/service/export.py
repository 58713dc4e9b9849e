"""Handing out all that is held on a person (GDPR, articles 15 and 20)."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from deployments.kit.errors import PersonNotFound
from deployments.kit.logs import get_logger
from deployments.kit.principal import Principal
from deployments.kit.work import Work
from deployments.users import archive
from deployments.users.repository.organisations import OrganisationRepository
from deployments.users.repository.people import UserRepository
from deployments.users.repository.privacy import PrivacyRepository
from deployments.users.roles import require_act_on
from deployments.users.service.profiles import ProfileService
from stores.postgres import Connection
from stores.sessions import SessionStore
from stores.transcripts import open_transcript
from stores.tutoring import Side, turn_context

log = get_logger("users")


@dataclass(frozen=True, kw_only=True)
class ExportService:
    """Gathers a person's data from every table that has some."""

    profiles: ProfileService
    sessions: SessionStore

    async def export(self, work: Work, principal: Principal, user_id: UUID) -> bytes:
        """A ZIP archive. Raises `PersonNotFound`, `RoleNotYours`."""
        connection = await work.connection()
        await PrivacyRepository(connection).snapshot()
        user = await UserRepository(connection).find(user_id)
        organisation = await OrganisationRepository(connection).find(work.org_id)
        if user is None or organisation is None:
            raise PersonNotFound()
        if user_id != principal.user_id:
            require_act_on(principal.role, user.role)
        await work.audit_now("person.exported", subject=user_id)
        parts = await self._gather(connection, user_id)
        log.info("exported", user_id=str(user_id), by=str(principal.user_id))
        return await asyncio.to_thread(
            archive.build, parts, user_id=user_id, organisation=organisation.name, made_at=datetime.now(UTC)
        )

    async def _gather(self, connection: Connection, user_id: UUID) -> dict[str, list[dict[str, Any]]]:
        repository = PrivacyRepository(connection)
        stored = [name for name in archive.CONTENTS if name != "sessions"]
        parts = {name: await repository.part(name, user_id) for name in stored}
        parts["events"] = [row["event"] for row in parts["events"]]
        for kept in parts["model_transcripts"]:
            kept.update(open_transcript(self.profiles.keyring, kept["id"], kept.pop("sealed")))
        sealed = await UserRepository(connection).sensitive(user_id)
        parts["profile"][0]["sensitive"] = self.profiles.open(user_id, sealed).model_dump(exclude_none=True)
        parts["tutoring"] = [self._spoken(turn) for turn in parts["tutoring"]]
        parts["sessions"] = [asdict(session) for session in await self.sessions.of_user(user_id)]
        return parts

    def _spoken(self, turn: dict[str, Any]) -> dict[str, Any]:
        sides: tuple[Side, ...] = ("question", "reply")
        keyring = self.profiles.keyring
        return turn | {side: keyring.open(turn[side], turn_context(turn["id"], side)).decode() for side in sides}
