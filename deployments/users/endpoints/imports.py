"""Importing people."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from deployments.kit.bodies import IMPORT_BODY_BYTES
from deployments.kit.csv_import import BODY_DOCUMENTATION, ImportReport, read_csv
from deployments.kit.parameters import CurrentPrincipal, CurrentWork
from deployments.kit.routes import service_router
from deployments.users.endpoints.common import Users
from deployments.users.import_plan import OPTIONAL, REQUIRED

router = service_router("/api/users")
_DESCRIPTION = f"""A CSV file with the columns {", ".join(REQUIRED)} and optionally {", ".join(OPTIONAL)}.

People are matched by `external_id`, else by `email`. Who is met gets the names, the address and the external id of the
file; their role and status stay. Who is new is created, with the bcrypt hash of another system where `password_hash`
has one, and is mailed a link to set a password where `invite` is true. Nothing is written unless every row is valid."""


@router.post(
    "/imports",
    status_code=201,
    summary="Import people from a CSV file, wholly or not at all",
    description=_DESCRIPTION,
    max_body_size=IMPORT_BODY_BYTES,
    openapi_extra=BODY_DOCUMENTATION,
    responses={200: {"model": ImportReport, "description": "What the import would do (`dry_run`)"}},
)
async def import_people(
    request: Request,
    principal: CurrentPrincipal,
    work: CurrentWork,
    users: Users,
    response: Response,
    dry_run: Annotated[bool, Query(description="Say what would happen, and write nothing")] = False,
) -> ImportReport:
    rows = await read_csv(request, required=REQUIRED, optional=OPTIONAL)
    if dry_run:
        response.status_code = 200
    return await users.imports.run(work, principal, rows, dry_run=dry_run)
