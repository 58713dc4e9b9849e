"""Report how predictions treat groups of people, and stop a model whose figures are beyond their limits."""

from __future__ import annotations

from typing import Annotated

import typer

from jobs.framework import Run, job


@job(platform=True)
def bias_report(
    run: Run,
    organisation: Annotated[list[str] | None, typer.Option(help="only these, by slug; may be repeated")] = None,
) -> None:
    """Write today's report for the model that serves in each organisation. Meant to run every night.

    Groups are by age and by accessibility needs, where people have given them; they are opened here and kept nowhere.
    A second run on the same day replaces the report. Where the verdict is `stop` the model stops.
    """
    from deployments.learning.reporting import report_on
    from jobs.data.platform import Organisation, for_each_organisation, platform_settings
    from stores.keyrings import keyring_of
    from stores.postgres import Database

    settings = platform_settings()
    keyring = keyring_of(settings)
    verdicts: list[dict[str, object]] = []

    async def work(database: Database, tenant: Organisation) -> None:
        async with database.transaction(tenant.id) as connection:
            written = await report_on(connection, tenant.id, keyring)
        if written is not None:
            verdicts.append({"organisation": tenant.slug, **written})

    run.note(organisations=for_each_organisation(run, organisation or (), work), reports=verdicts)


if __name__ == "__main__":
    bias_report()
