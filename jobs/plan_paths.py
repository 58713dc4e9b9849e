"""Plan what every learner of the platform should do next in each course, and write it to a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from jobs.framework import Row, RowsFile, Run, job

if TYPE_CHECKING:
    from deployments.learning.paths import Path as LearningPath
    from jobs.data.platform import Organisation
    from stores.postgres import Connection, Database

COLUMNS = ("organisation", "course_id", "user_id", "minutes", "finished", "steps", "closed", "planned_at", "model")
_AT_ONCE = 50  # learners in a transaction


@job(platform=True)
def plan_paths(
    run: Run,
    out: RowsFile,
    organisation: Annotated[list[str] | None, typer.Option(help="only these, by slug; may be repeated")] = None,
    course: Annotated[list[UUID] | None, typer.Option(help="only these, by id; may be repeated")] = None,
    minutes: Annotated[
        int | None, typer.Option(min=5, max=600, help="for one sitting; else what each learner has said, or 45")
    ] = None,
) -> None:
    """Write the next steps of everybody who takes a course, by what they know, their goals and their time: a row for
    each learner and course, with what waits for a grade or has no attempt left. The same as each is shown, at this
    moment.

    Nothing is kept on the platform. Where an organisation has stopped recommendations, there are none.
    """
    from deployments.kit.judging import Edge
    from deployments.learning.mastery import MasteryRules
    from deployments.learning.paths import PathRules
    from jobs.data.platform import for_each_organisation
    from stores.decisions import AutomatedKind, stopped

    rows: list[Row] = []
    done = {"stopped": 0}

    async def work(database: Database, tenant: Organisation) -> None:
        edge = Edge.of(database, "learning", "paths")
        rules, ruling = PathRules(MasteryRules(edge), lambda later: later.close(), edge), await edge.ruling(tenant.id)
        async with database.transaction(tenant.id, readonly=True) as connection:
            if await stopped(connection, tenant.id, AutomatedKind.RECOMMENDATION) is not None:
                done["stopped"] += 1
                return
            learners = await _learners(connection, course)
        own: list[Row] = []
        for some in run.track(learners, f"learners of {tenant.slug}, {_AT_ONCE} at once"):
            async with database.transaction(tenant.id, readonly=True) as connection:
                for course_id, user_id in some:
                    path = await rules.of_enrolment(connection, ruling, course_id, user_id, minutes)
                    if path is not None:
                        own.append(_row(tenant, course_id, user_id, path))
        rows.extend(own)  # all or none of an organisation

    organisations = for_each_organisation(run, organisation or (), work)
    run.write(rows, COLUMNS)
    run.note(organisations=organisations, **done, finished=sum(row["finished"] for row in rows))


async def _learners(connection: Connection, courses: list[UUID] | None) -> list[list[tuple[UUID, UUID]]]:
    """Courses with their learners, so many at once."""
    found = await connection.fetch(
        "select e.course_id, e.user_id from enrollments e join users u on u.id = e.user_id"
        " where e.status = 'active' and u.status = 'active' and ($1::uuid[] is null or e.course_id = any ($1))"
        " order by e.course_id, e.user_id",
        courses or None,
    )
    pairs = [(row["course_id"], row["user_id"]) for row in found]
    return [pairs[at : at + _AT_ONCE] for at in range(0, len(pairs), _AT_ONCE)]


def _row(tenant: Organisation, course_id: UUID, user_id: UUID, path: LearningPath) -> Row:
    steps: list[dict[str, Any]] = [
        {
            "unit_id": step.unit.id, "title": step.unit.title, "minutes": step.unit.minutes, "why": step.why.value,
            "reason": step.reason,
        }
        for step in path.steps
    ]  # fmt: skip
    return {
        "organisation": tenant.slug, "course_id": str(course_id), "user_id": str(user_id), "minutes": path.minutes,
        "finished": path.finished, "steps": steps,
        "closed": [{"unit_id": id, "title": path.titles[id]} for id in path.closed],
        "planned_at": path.planned_at.isoformat(), "model": path.known.model,
    }  # fmt: skip


if __name__ == "__main__":
    plan_paths()
