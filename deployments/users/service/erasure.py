"""Erasing a person (GDPR, article 17).

The row stays under a name that is nobody's, so that enrolments and scores still count; all that tells who it was, and
all the words the person wrote, go. Events need no erasure: they hold ids and figures only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from deployments.kit.principal import Principal
from deployments.kit.work import Work
from deployments.users.letters import Letters
from deployments.users.repository.links import MailRepository
from deployments.users.repository.people import User
from deployments.users.repository.privacy import PrivacyRepository
from deployments.users.service.common import end_sessions, keep_an_administrator, lock_person, publish
from deployments.users.service.credentials import PasswordProof
from stores.postgres import NIL_ORG
from stores.sessions import SessionStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Proof of an erasure, without personal data; `counts` by kind of record."""

    id: UUID
    user_id: UUID
    erased_at: datetime
    counts: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class ErasureService:
    """Erases in one transaction, or not at all."""

    proof: PasswordProof
    sessions: SessionStore
    letters: Letters

    async def erase_oneself(self, work: Work, principal: Principal, password: str) -> Receipt:
        """Raises `WrongPassword`, `TooManyRequests`, and what `keep_an_administrator` raises."""
        await self.proof.demand(principal, password)
        return await self.erase(work, principal, principal.user_id)

    async def erase(self, work: Work, principal: Principal, user_id: UUID) -> Receipt:
        """Raises `PersonNotFound` (also for who was erased before), `RoleNotYours`, and what `keep_an_administrator`
        raises.
        """
        user = await lock_person(work, principal, user_id)
        await keep_an_administrator(work, user)
        repository = PrivacyRepository(await work.connection())
        erased_at = await repository.erase_user(user.id)
        counts = await repository.erase_records(user.id, user.email)
        counts["enrollments_dropped"] = await self._drop_enrollments(work, repository, user.id)
        counts["idempotency_answers"] = await self._forget_answers(work, repository, user)
        counts["sessions"] = await end_sessions(work, self.sessions, user.id)
        receipt_id = await repository.insert_receipt(work.org_id, user.id, principal.user_id, counts)
        letter = self.letters.erasure_receipt(work.org_id, user.email, receipt_id, erased_at)
        await MailRepository(await work.connection()).post([letter])
        publish(work, "user.erased.v1", user.id, erasure_id=receipt_id)
        return Receipt(id=receipt_id, user_id=user.id, erased_at=erased_at, counts=counts)

    @staticmethod
    async def _drop_enrollments(work: Work, repository: PrivacyRepository, user_id: UUID) -> int:
        dropped = await repository.drop_enrollments(user_id)
        for data in dropped:
            work.publish(
                "enrollment_events", "enrollment.dropped.v1", subject=data["enrollment_id"], key=user_id, data=data
            )
        return len(dropped)

    @staticmethod
    async def _forget_answers(work: Work, repository: PrivacyRepository, user: User) -> int:
        # Who registers or accepts an invitation has no token yet, so those answers lie outside the tenant.
        tenant = work.org_id
        count = await repository.erase_idempotency_answers(user.id, user.email)
        await work.bind(NIL_ORG)
        count += await repository.erase_idempotency_answers(user.id, user.email)
        await work.bind(tenant)
        return count
