"""Routes of the users service."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Response

from deployments.kit.etags import etag
from deployments.kit.parameters import ClientAddress, CurrentPrincipal, CurrentWork
from deployments.kit.routes import service_router
from deployments.users.repository import User
from deployments.users.schemas import Person, Register
from deployments.users.service import UserService

router = service_router("/api/users")


async def _service(request: Request) -> UserService:
    service = request.app.state.service
    assert isinstance(service, UserService)
    return service


Users = Annotated[UserService, Depends(_service)]


def _person(user: User, response: Response) -> Person:
    response.headers["etag"] = etag(user.revision)
    return Person.model_validate(user, from_attributes=True)


@router.post("/register", status_code=201, summary="Make an account where registration is open")
async def register(
    body: Register, work: CurrentWork, users: Users, address: ClientAddress, response: Response
) -> Person:
    user = await users.register(work, body, address)
    response.headers["location"] = f"/api/users/{user.id}"
    return _person(user, response)


@router.get("/me", summary="Oneself")
async def me(principal: CurrentPrincipal, work: CurrentWork, users: Users, response: Response) -> Person:
    return _person(await users.me(work, principal), response)
