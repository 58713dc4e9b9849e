"""Train the model of who may withdraw or fail on the platform's own learners."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from jobs.framework import JobError, OutFile, Run, UnusableData, job
from jobs.framework.outputs import write_json


@job(platform=True)
def train_on_learners(
    run: Run,
    organisation: Annotated[str, typer.Option(help="whose learners, by slug")],
    out: OutFile,
    day: Annotated[int, typer.Option(min=1, max=1000, help="what is known by this day of an enrolment")] = 56,
) -> None:
    """Train the risk model on the learners of an organisation whose enrolment has ended, and write it as JSON with its
    figures and its gate.

    Those who enrolled in the same quarter of a year are held out together; the gate is measured on the last quarter of
    which the outcome is known of three in four, and which has courses that were there before. A model that fails its
    gate is written too, and says so; it is not served. Learners of one organisation never train another's model.
    """
    from deployments.learning.gathering import Gathered, gather
    from deployments.learning.scoring import LARGEST_COHORT
    from jobs.data.figures import brief, groups_in_brief, older_test
    from jobs.data.platform import Organisation, for_each_organisation, platform_settings
    from learning.prediction.artefact import document_of
    from learning.prediction.evaluation import Gate, held_out, presentations
    from learning.prediction.model import train
    from stores.keyrings import keyring_of
    from stores.postgres import Database

    keyring = keyring_of(platform_settings())
    read: list[Gathered] = []

    async def work(database: Database, tenant: Organisation) -> None:
        async with database.transaction(tenant.id, readonly=True) as connection:
            read.append(await gather(connection, keyring, day))

    with run.step("Reading"):
        for_each_organisation(run, [organisation], work)
    if not read:
        raise JobError("The learners could not be read; why is said above.")
    if not read[0].cohorts:
        raise UnusableData(f"In no quarter has enrolment ended of most who were there on day {day}.")
    [found] = read
    if found.left_out:
        run.warn(
            f"{found.left_out:,} learners are left out: of those who enrolled when they did many are still at it, or "
            f"they are not among the newest {LARGEST_COHORT:,} of their course."
        )
    run.warn(*older_test(found.cohorts, "courses"))
    try:
        through = partial(run.track, what="quarters held out")
        tests = held_out(found.cohorts, day, found.attributes, through=through)
        with run.step("Training on all"):
            model = train(found.cohorts, day)
    except ValueError as error:
        raise UnusableData(f"The model cannot be trained, on all or without one quarter: {error}.") from error
    document = document_of(model, found.cohorts, tests, Gate(), data_hash=found.digest)
    write_json(out, document)
    run.note(
        learners=sum(int(cohort.known.sum()) for cohort in found.cohorts),
        quarters=presentations(found.cohorts),
        gate="passed" if document["gate"]["passed"] else "FAILED: the model is not served",
        checks=document["gate"]["checks"],
        held_out=[{"quarter": code, **brief(test)} for code, test in tests.items()],
        groups=groups_in_brief(list(tests.values())[-1]) if tests else [],
    )


if __name__ == "__main__":
    train_on_learners()
