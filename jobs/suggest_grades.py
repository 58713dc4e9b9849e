"""Suggest grades for everything that was handed in on the platform and waits, for people to give."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer
from rich.markup import escape

from jobs.data.asking import KEY
from jobs.framework import Run, job

if TYPE_CHECKING:
    from configs.settings import Settings
    from deployments.enrollments.grading_all import Opinion, SuggestingAll, Waiting
    from jobs.data.platform import Organisation

_AT_ONCE = 4  # works: while a model reads one, the database is asked for the others
_ANSWERS = ("suggested", "for_a_person", "passed_over", "not_graded", "without_instructor", "stopped", "failed")


@job(platform=True)
def suggest_grades(
    run: Run,
    organisation: Annotated[list[str] | None, typer.Option(help="only these, by slug; may be repeated")] = None,
    course: Annotated[list[UUID] | None, typer.Option(help="only these, by id; may be repeated")] = None,
    unit: Annotated[list[UUID] | None, typer.Option(help="only these assignments, by id; may be repeated")] = None,
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

    done: Counter[str] = Counter(dict.fromkeys(_ANSWERS, 0))
    settings = platform_settings()
    opinion = _opinion(run, settings, organisation or ())
    embedder = Embedder.of(on=True, threads=run.means.processes)

    async def work(database: Database, tenant: Organisation) -> None:
        async with database.transaction(tenant.id) as connection:
            if await stopped(connection, tenant.id, AutomatedKind.GRADE) is not None:
                done["stopped"] += 1
                return
        grading = SuggestingAll(database, embedder, settings.grading_confidence, opinion)
        await _all(run, tenant, grading, await waiting(database, tenant.id, course or (), unit or ()), done)

    try:
        organisations = for_each_organisation(run, organisation or (), work)
    finally:
        embedder.close()
    run.note(organisations=organisations, **done)
    if done["failed"]:
        run.fail(f"{done['failed']} works failed; they are named above.")


def _opinion(run: Run, settings: Settings, organisations: Sequence[str]) -> Opinion | None:
    """The model that is asked about essays, where there is one: with a key of the one organisation that it is for."""
    from deployments.enrollments.grading_all import Opinion
    from deployments.kit.asking import ModelAsking

    if settings.grading_model is None:
        return None
    key = os.environ.get(KEY)
    if key is None or len(organisations) != 1:
        run.warn(
            f"{settings.grading_model} is not asked for a second opinion on essays: name one --organisation, and put a "
            f"key of it into {KEY}."
        )
        return None
    return Opinion(ModelAsking(settings.services_base_url, settings.grading_model, "grading"), key)


async def _all(
    run: Run, tenant: Organisation, grading: SuggestingAll, works: Sequence[Waiting], done: Counter[str]
) -> None:
    """Count into `done` what came of each. Raises `StoreUnavailable`."""
    waiting = iter(run.track(works, f"works of {tenant.slug}"))
    stopped = asyncio.Event()  # the organisation's own doing, meanwhile
    ahead = [asyncio.create_task(_some(run, tenant, grading, waiting, done, stopped)) for _ in range(_AT_ONCE)]
    try:
        await asyncio.gather(*ahead)
    finally:
        for task in ahead:
            task.cancel()
        await asyncio.gather(*ahead, return_exceptions=True)
    done["stopped"] += stopped.is_set()


async def _some(
    run: Run,
    tenant: Organisation,
    grading: SuggestingAll,
    waiting: Iterator[Waiting],
    done: Counter[str],
    stopped: asyncio.Event,
) -> None:
    """Take works from those that wait until there is none, or it is stopped."""
    from deployments.kit.decisions import AutomatedDecisionsStopped
    from stores.errors import StoreUnavailable

    for one in waiting:
        if stopped.is_set():
            return
        try:
            done[await grading.suggest(tenant.id, one)] += 1
        except AutomatedDecisionsStopped:
            stopped.set()
        except StoreUnavailable:
            raise
        except Exception as error:  # one that fails every night must not keep those behind it from their turn
            done["failed"] += 1
            said = f"{tenant.slug}, work {one.submission_id}: {type(error).__name__}: {error}"
            run.say(f"[red]✗[/red] {escape(said)}")


if __name__ == "__main__":
    suggest_grades()
