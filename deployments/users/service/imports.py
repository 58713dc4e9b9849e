"""Importing people from another system: the whole file or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from deployments.kit.csv_import import Faults, ImportReport, Row
from deployments.kit.principal import Principal
from deployments.kit.work import Work
from deployments.users.import_plan import Planned, Planner, read
from deployments.users.letters import Letters
from deployments.users.repository.imports import ImportRepository
from deployments.users.repository.links import MailRepository
from deployments.users.repository.people import User
from deployments.users.service.accounts import Accounts, Newcomer
from deployments.users.service.common import publish


@dataclass(frozen=True, kw_only=True)
class ImportService:
    """Creates and updates people in bulk."""

    accounts: Accounts
    letters: Letters

    async def run(self, work: Work, principal: Principal, rows: Sequence[Row], *, dry_run: bool) -> ImportReport:
        """Apply the rows, or say what applying them would do.

        Raises `ImportRefused` with every fault, and `EmailTaken` or `ExternalIdTaken` where somebody else made one
        of the accounts at the same time.
        """
        faults = Faults()
        # Checking tens of thousands of addresses takes a second or two; the loop stays free for other requests.
        people = await asyncio.to_thread(read, rows, faults)
        repository = ImportRepository(await work.connection())
        await repository.prepare()
        existing = await repository.known([person for _, person in people], lock=not dry_run)
        planned = await asyncio.to_thread(Planner(principal.role, faults, existing).plan, people)
        if dry_run:
            return faults.report(rows, [one.report({}) for one in planned], dry_run=True)
        faults.refuse()
        created = await self._create(work, repository, planned)
        await self._update(work, repository, planned)
        return faults.report(rows, [one.report(created) for one in planned], dry_run=False)

    async def _create(self, work: Work, repository: ImportRepository, planned: Sequence[Planned]) -> dict[int, UUID]:
        new = [one for one in planned if one.outcome == "created"]
        ids = await repository.create(work.org_id, [one.wanted for one in new])
        for one, user_id in zip(new, ids, strict=True):
            publish(work, "user.imported.v1", user_id, role=one.wanted.role)
        newcomers = [
            Newcomer(user_id, one.wanted.email, one.wanted.first_name)
            for one, user_id in zip(new, ids, strict=True)
            if one.wanted.invite
        ]
        await self.accounts.welcome(work, newcomers)
        return {one.row.number: user_id for one, user_id in zip(new, ids, strict=True)}

    async def _update(self, work: Work, repository: ImportRepository, planned: Sequence[Planned]) -> None:
        updated = [(one, one.person) for one in planned if one.outcome == "updated" and one.person is not None]
        await repository.change([person for _, person in updated])
        for _, person in updated:
            publish(work, "user.updated.v1", person.id)
        moved = [(person, one.previous_email) for one, person in updated if one.previous_email is not None]
        await self._moved(work, repository, moved)

    async def _moved(self, work: Work, repository: ImportRepository, moved: Sequence[tuple[User, str]]) -> None:
        if not moved:
            return
        await repository.void_resets([person for person, _ in moved])
        letters = [self.letters.address_changed(p.org_id, previous, p.first_name) for p, previous in moved]
        await MailRepository(await work.connection()).post(letters)
