"""Predict for every learner of every course of the platform, by the model that each organisation lets serve."""

from __future__ import annotations

from typing import Annotated

import typer

from jobs.framework import Run, job


@job(platform=True)
def score_learners(
    run: Run,
    organisation: Annotated[list[str] | None, typer.Option(help="only these, by slug; may be repeated")] = None,
) -> None:
    """Predict for all whose enrolment is old enough, and keep it.

    Each course is a transaction of its own. A learner has one prediction of a model, which a repetition replaces, so
    that a run that was killed is simply started again.
    """
    from deployments.learning.repository import LearningRepository
    from deployments.learning.scoring import Models, score_course
    from jobs.data.platform import Organisation, for_each_organisation
    from stores.decisions import AutomatedKind, stopped
    from stores.postgres import Database

    models = Models()
    done: dict[str, int] = {
        "organisations": 0,
        "without_model": 0,
        "stopped": 0,
        "courses": 0,
        "predictions": 0,
        "left_out": 0,
    }

    async def work(database: Database, tenant: Organisation) -> None:
        async with database.transaction(tenant.id) as connection:
            if await LearningRepository(connection).serving() is None:
                done["without_model"] += 1
                return
            courses = await connection.fetch("select distinct course_id as id from enrollments where status = 'active'")
            if await stopped(connection, tenant.id, AutomatedKind.PREDICTION) is not None:
                done["stopped"] += 1
                return
        for course in run.track(courses, f"courses of {tenant.slug}"):
            async with database.transaction(tenant.id) as connection:
                repository = LearningRepository(connection)
                scored = await score_course(repository, models, tenant.id, course["id"])
                done["predictions"] += scored.predicted
                done["left_out"] += scored.left_out
                done["courses"] += 1

    done["organisations"] = for_each_organisation(run, organisation or (), work)
    run.note(**done)


if __name__ == "__main__":
    score_learners()
