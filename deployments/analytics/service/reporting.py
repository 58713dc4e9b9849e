"""Taking in what clients report: good events go on the log together, bad ones are told apart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from deployments.analytics.reporting.incoming import TOPIC, Candidate, Examiner, Sender, items
from deployments.analytics.repository.reports import Place, ReportRepository
from deployments.analytics.schemas import Receipt, RefusedEvent
from deployments.kit.errors import Invalid
from deployments.kit.principal import Principal
from deployments.kit.work import Work


class Reporting:
    """Answers once the events are certain to be committed with the work."""

    async def take(self, work: Work, principal: Principal, body: bytes, batch: bool | None) -> Receipt:
        """Take the events of a body. Raises `Invalid` where there is not one good event among them."""
        given, several = items(body, batch)
        sender = Sender(work.org_id, principal.user_id, principal.may("analytics.import"))
        examiner = Examiner(sender, datetime.now(UTC))
        candidates = [examiner.examine(index, item) for index, item in enumerate(given)]
        good = [candidate for candidate in candidates if candidate.entry is not None]
        if good:
            repository = ReportRepository(await work.connection(), work.org_id)
            await _check_places(repository, principal, good)
            await _check_people(repository, sender, good)
            good = [candidate for candidate in good if not candidate.faults]
        refused = [candidate for candidate in candidates if candidate.faults]
        if not good:
            raise _all_refused(refused, several)
        entries = [candidate.entry for candidate in good if candidate.entry is not None]
        accepted = await repository.append_new(TOPIC, entries)
        return Receipt(
            accepted=accepted,
            duplicates=len(entries) - accepted,
            errors=[RefusedEvent(index=one.index, id=one.given_id, errors=one.faults) for one in refused],
        )


async def _check_places(repository: ReportRepository, principal: Principal, candidates: Sequence[Candidate]) -> None:
    placed = [(one, Place(one.course_id, one.unit_id)) for one in candidates if one.course_id is not None]
    drafts = principal.may("courses.any")
    found = await repository.places({place for _, place in placed}, principal.user_id, drafts=drafts)
    for candidate, place in placed:
        if place not in found:
            candidate.refuse("/data/course_id", "unknown_course", "there is no such course")
        elif not found[place]:
            candidate.refuse("/data/unit_id", "unknown_unit", "the course has no such unit")


async def _check_people(repository: ReportRepository, sender: Sender, candidates: Sequence[Candidate]) -> None:
    own = str(sender.user_id)
    named = [one for one in candidates if one.user_id is not None and one.user_id != own]
    found = await repository.people({one.user_id for one in named if one.user_id is not None})
    for candidate in named:
        if candidate.user_id not in found:
            candidate.refuse("/data/user_id", "unknown_person", "there is no such person")


def _all_refused(refused: Sequence[Candidate], several: bool) -> Invalid:
    return Invalid(
        [
            {
                "pointer": f"/body/{one.index}{fault.pointer}" if several else f"/body{fault.pointer}",
                "code": fault.code,
                "message": fault.message,
            }
            for one in refused
            for fault in one.faults
        ]
    )
