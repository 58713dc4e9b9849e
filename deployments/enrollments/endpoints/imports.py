"""Importing enrolments."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from deployments.enrollments.endpoints.common import PREFIX, Service
from deployments.enrollments.import_plan import COLUMNS
from deployments.kit.bodies import IMPORT_BODY_BYTES
from deployments.kit.csv_import import BODY_DOCUMENTATION, ImportReport, read_csv
from deployments.kit.parameters import CurrentWork
from deployments.kit.routes import service_router

router = service_router(PREFIX)
_DESCRIPTION = """A CSV file with any of the columns `course_id`, `email`, `external_id`, `status` and `enrolled_at`.

Each row names a person by `external_id`, else by `email`. `status` is `active` (the default) or `waitlisted`;
`enrolled_at`, for new enrolments, is when they began. Whoever is enrolled already is left as they are, former learners
are taken up again. Nothing is written unless every row is valid: there must be seats for all active rows and everybody
must have completed the prerequisites, unless `force` is given."""


@router.post(
    "/imports",
    status_code=201,
    summary="Import enrolments from a CSV file, wholly or not at all",
    description=_DESCRIPTION,
    max_body_size=IMPORT_BODY_BYTES,
    openapi_extra=BODY_DOCUMENTATION,
    responses={200: {"model": ImportReport, "description": "What the import would do (`dry_run`)"}},
)
async def import_enrollments(
    request: Request,
    work: CurrentWork,
    service: Service,
    response: Response,
    course_id: Annotated[UUID | None, Query(description="The course of rows that name none")] = None,
    force: Annotated[bool, Query(description="Pass over prerequisites and capacity")] = False,
    dry_run: Annotated[bool, Query(description="Say what would happen, and write nothing")] = False,
) -> ImportReport:
    rows = await read_csv(request, required=(), optional=COLUMNS)
    if dry_run:
        response.status_code = 200
    return await service.importing.run(work, rows, course_id=course_id, force=force, dry_run=dry_run)
