"""Learners in figures: oneself, or whoever a pseudonym stands for."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from deployments.analytics import documents
from deployments.analytics.errors import LearnerNotFound
from deployments.analytics.repository.learners import LearnerRepository, Life
from deployments.analytics.schemas import LearnerFiguresView
from deployments.kit.work import Work


@dataclass(frozen=True)
class Learners:
    """Answers by pseudonym; whose it is, it does not tell."""

    async def pseudonym_of(self, work: Work, user_id: UUID) -> UUID | None:
        """A person's pseudonym; None before anything of theirs was counted."""
        return await LearnerRepository(await work.connection(), work.org_id).pseudonym_of(user_id)

    async def known(self, work: Work, pseudonym: UUID) -> UUID:
        """A pseudonym that stands for somebody of the organisation. Raises `LearnerNotFound`."""
        if not await LearnerRepository(await work.connection(), work.org_id).known(pseudonym):
            raise LearnerNotFound()
        return pseudonym

    async def page(self, work: Work, after: UUID | None, limit: int) -> list[UUID]:
        """Pseudonyms of the organisation."""
        return await LearnerRepository(await work.connection(), work.org_id).pseudonyms(after, limit)

    async def view(self, work: Work, pseudonym: UUID | None) -> LearnerFiguresView:
        """A learner's whole life."""
        if pseudonym is None:
            return documents.learner(None, Life.empty())
        life = await LearnerRepository(await work.connection(), work.org_id).life(pseudonym)
        return documents.learner(pseudonym, life)
