"""Fit knowledge tracing to the results on the platform, for every course that has enough, and let it serve."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import typer

from jobs.framework import Run, job


@job(platform=True)
def fit_mastery(
    run: Run,
    organisation: Annotated[list[str] | None, typer.Option(help="only these, by slug; may be repeated")] = None,
) -> None:
    """Fit each skill of each course, and a predictor where there are answers enough; their learners are traced anew.
    A course whose results are those that its model was made of keeps it.

    An organisation's models are written together, so that a run that was killed is simply started again.
    """
    from deployments.learning.fitting import fit_organisation
    from jobs.data.platform import Organisation, for_each_organisation
    from stores.postgres import Database

    models: list[dict[str, Any]] = []
    unchanged: list[int] = []

    async def work(database: Database, tenant: Organisation) -> None:
        fitted = await fit_organisation(database, tenant.id, partial(run.track, what=f"courses of {tenant.slug}"))
        unchanged.append(fitted.unchanged)
        models.extend(
            {
                "organisation": tenant.slug, "course": str(made.course_id or "all others"), "model": made.model.name,
                "skills": len(made.model.skills), **made.about,
            }
            for made in fitted.made
        )  # fmt: skip

    organisations = for_each_organisation(run, organisation or (), work)
    run.note(organisations=organisations, unchanged=sum(unchanged), models=models)


if __name__ == "__main__":
    fit_mastery()
