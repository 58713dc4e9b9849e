"""How automated decisions treat groups: read, stopped and released by people. The housekeeper measures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from deployments.governance.errors import AlreadyStopped, NotStopped
from deployments.governance.repository.decisions import DecisionRepository, Measure, Stop
from deployments.kit.errors import PeopleOnly
from deployments.kit.principal import Principal
from deployments.kit.work import Work
from stores.decisions import AutomatedKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One kind of decision: its newest figures, and the stop that holds."""

    kind: AutomatedKind
    measure: Measure | None
    stop: Stop | None


class DecisionService:
    """A release is a person's; so is a stop, where the figures have not called for it."""

    async def standing(self, work: Work) -> list[Standing]:
        """Every kind."""
        repository = DecisionRepository(await work.connection(), work.org_id)
        latest, holding = await repository.latest(), await repository.holding()
        return [Standing(kind=kind, measure=latest.get(kind), stop=holding.get(kind)) for kind in AutomatedKind]

    async def measures(self, work: Work, kind: AutomatedKind, before: date | None, limit: int) -> list[Measure]:
        """A kind's figures by day, the newest first."""
        return await DecisionRepository(await work.connection(), work.org_id).measures(kind, before, limit)

    async def stop(self, work: Work, principal: Principal, kind: AutomatedKind, reason: str) -> Stop:
        """Have nothing more of the kind decided by machine. Raises `PeopleOnly`, `AlreadyStopped`."""
        _in_person(principal)
        found = await DecisionRepository(await work.connection(), work.org_id).stop(kind, principal.user_id, reason)
        if found is None:
            raise AlreadyStopped()
        work.audit("automated_decisions.stopped", subject=str(found.id), kind=kind.value, figures=[])
        return found

    async def release(self, work: Work, principal: Principal, kind: AutomatedKind, note: str) -> Stop:
        """Let them go on: for thirty days, figures that do not become worse stop nothing.

        Raises `PeopleOnly`, `NotStopped`.
        """
        _in_person(principal)
        found = await DecisionRepository(await work.connection(), work.org_id).release(kind, principal.user_id, note)
        if found is None:
            raise NotStopped()
        work.audit(
            "automated_decisions.released", subject=str(found.id), kind=kind.value, figures=sorted(found.figures)
        )
        return found


def _in_person(principal: Principal) -> None:
    if principal.acting is not None:
        raise PeopleOnly()
