"""What the routes share."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request, Response

from deployments.kit.etags import etag
from deployments.users.repository.people import User
from deployments.users.schemas import Person
from deployments.users.service import UserService

NO_STORE = {"cache-control": "no-store"}
ZIP_RESPONSE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A ZIP archive of JSON files",
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}


async def _service(request: Request) -> UserService:
    service = request.app.state.service
    assert isinstance(service, UserService)
    return service


Users = Annotated[UserService, Depends(_service)]


def person(user: User, response: Response) -> Person:
    """The person, with their revision as `ETag`."""
    response.headers["etag"] = etag(user.revision)
    return Person.model_validate(user, from_attributes=True)


def archive(body: bytes, user_id: object) -> Response:
    """A download that no cache keeps."""
    disposition = f'attachment; filename="azora-export-{user_id}.zip"'
    return Response(body, media_type="application/zip", headers={"content-disposition": disposition, **NO_STORE})
