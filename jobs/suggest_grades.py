"""Suggest grades for everything that was handed in on the platform and waits, for people to give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from jobs.framework import JobError, Run, job

if TYPE_CHECKING:
    from deployments.enrollments.grading_all import SuggestingAll, Waiting
    from jobs.data.platform import Organisation


@job(platform=True)
def suggest_grades(
    run: Run,
    organisation: Annotated[list[str] | None, typer.Option(help="only these, by slug; may be repeated")] = None,
    course: Annotated[list[UUID] | None, typer.Option(help="only these, by id; may be repeated")] = None,
) -> None:
    """Suggest a grade for each newest work that has neither a grade nor an open suggestion.

    Short answers are graded by their references, and by answers that people have graded; essays by their rubrics.
    Nobody is told a grade by this: people give it. Each suggestion is a transaction of its own, in the name of the
    course's instructor, so that a run that was killed is simply started again. A work that fails is passed by, and said
    so at the end.
    """
    from deployments.enrollments.grading_all import SuggestingAll, waiting
    from jobs.data.platform import for_each_organisation, platform_settings
    from learning.embedding.embedder import Embedder
    from stores.decisions import AutomatedKind, stopped
    from stores.postgres import Database

    done: Counter[str] = Counter(suggested=0, for_a_person=0, passed_over=0, not_graded=0, stopped=0, failed=0)
    embedder = Embedder.of(on=True, threads=run.means.processes)

    async def work(database: Database, tenant: Organisation) -> None:
        async with database.transaction(tenant.id) as connection:
            if await stopped(connection, tenant.id, AutomatedKind.GRADE) is not None:
                done["stopped"] += 1
                return
        grading = SuggestingAll(database, embedder, platform_settings().grading_confidence)
        await _all(run, tenant, grading, await waiting(database, tenant.id, course or ()), done)

    try:
        organisations = for_each_organisation(run, organisation or (), work)
    finally:
        embedder.close()
    run.note(organisations=organisations, **done)
    if done["failed"]:
        raise JobError("Works failed: " + ", ".join(f"{number} {what}" for what, number in done.items() if number))


async def _all(
    run: Run, tenant: Organisation, grading: SuggestingAll, works: Sequence[Waiting], done: Counter[str]
) -> None:
    """Count into `done` what came of each. Raises `StoreUnavailable`."""
    from deployments.kit.decisions import AutomatedDecisionsStopped
    from stores.errors import StoreUnavailable

    for one in run.track(works, f"works of {tenant.slug}"):
        try:
            done[await grading.suggest(tenant.id, one)] += 1
        except AutomatedDecisionsStopped:  # meanwhile
            done["stopped"] += 1
            return
        except StoreUnavailable:
            raise
        except Exception as error:  # one that fails every night must not keep those behind it from their turn
            done["failed"] += 1
            run.say(f"[red]✗[/red] {tenant.slug}, work {one.submission_id}: {type(error).__name__}: {error}")


if __name__ == "__main__":
    suggest_grades()
