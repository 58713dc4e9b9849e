"""The organisation's constitution: read, proposed, tried, put in force."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from actors.governor.law import shipped
from deployments.governance.errors import ConstitutionNotFound
from deployments.governance.repository.constitutions import Activation, ConstitutionRepository, Version
from deployments.governance.trial import MOST_PLANS, Trial, try_on
from deployments.kit.principal import Principal
from deployments.kit.work import Work
from learning.governance.constitution import Constitution


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """What holds now; `activation` None: nobody ever changed it."""

    number: int
    document: Constitution
    activation: Activation | None


class ConstitutionService:
    """Versions are only added; what is in force is what was activated last. Number 0 is the platform's own."""

    async def in_force(self, work: Work) -> InForce:
        """The constitution that plans are judged by now."""
        constitutions = ConstitutionRepository(await work.connection(), work.org_id)
        activation = await constitutions.activation()
        number = activation.number if activation else 0
        return InForce(number=number, document=await self._document(constitutions, number), activation=activation)

    async def versions(self, work: Work) -> tuple[list[Version], int]:
        """The newest first, and the number of the one in force."""
        constitutions = ConstitutionRepository(await work.connection(), work.org_id)
        activation = await constitutions.activation()
        return await constitutions.newest(), activation.number if activation else 0

    async def find(self, work: Work, number: int) -> tuple[Version, bool]:
        """A version, and whether it is in force. Raises `ConstitutionNotFound`."""
        constitutions = ConstitutionRepository(await work.connection(), work.org_id)
        version = await constitutions.find(number)
        if version is None:
            raise ConstitutionNotFound()
        activation = await constitutions.activation()
        return version, activation is not None and activation.number == number

    async def propose(self, work: Work, principal: Principal, document: Constitution, note: str) -> Version:
        """Add a version, which is not in force yet."""
        constitutions = ConstitutionRepository(await work.connection(), work.org_id)
        number = await constitutions.next_number()
        numbered = document.model_copy(update={"version": str(number)})
        version = await constitutions.insert(numbered, number, note, principal.user_id)
        work.audit("constitution.proposed", subject=f"constitution-{number}", number=number, digest=version.digest)
        return version

    async def try_version(self, work: Work, number: int) -> Trial:
        """Judge the newest plans by a version. Raises `ConstitutionNotFound`."""
        constitutions = ConstitutionRepository(await work.connection(), work.org_id)
        candidate = await self._document(constitutions, number)
        activation = await constitutions.activation()
        present = await self._document(constitutions, activation.number if activation else 0)
        plans = await constitutions.past_plans(MOST_PLANS)
        trial = await asyncio.to_thread(try_on, plans, candidate, present)
        work.audit(
            "constitution.tried",
            subject=f"constitution-{number}",
            number=number,
            plans=len(plans),
            changed=trial.changed,
        )
        return trial

    async def activate(self, work: Work, principal: Principal, number: int) -> InForce:
        """Put a version in force: everywhere within seconds. Raises `ConstitutionNotFound`."""
        constitutions = ConstitutionRepository(await work.connection(), work.org_id)
        document = await self._document(constitutions, number)
        before = await constitutions.activation()
        await constitutions.activate(number, principal.user_id)
        work.audit(
            "constitution.activated",
            subject=f"constitution-{number}",
            number=number,
            previous=before.number if before else 0,
            digest=document.digest,
        )
        return InForce(number=number, document=document, activation=await constitutions.activation())

    @staticmethod
    async def _document(constitutions: ConstitutionRepository, number: int) -> Constitution:
        if number == 0:
            return shipped()
        version = await constitutions.find(number)
        if version is None or version.document is None:
            raise ConstitutionNotFound()
        return version.document
