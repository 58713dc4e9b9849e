"""What the command line does to organisations and people: the same rules and events, without HTTP or a caller."""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError

from deployments.kit.errors import Invalid, PersonNotFound
from deployments.kit.passwords import Passwords, check_policy
from deployments.kit.work import Work
from deployments.users.errors import OrganisationNotFound
from deployments.users.repository.links import ResetRepository
from deployments.users.repository.organisations import OrganisationRepository, OrganisationRow
from deployments.users.repository.people import User, UserRepository
from deployments.users.schemas import NewOrganisation, NewPerson
from deployments.users.service.common import end_sessions, publish
from deployments.users.service.organisations import publish_organisation
from stores.ids import new_id
from stores.postgres import Database
from stores.sessions import SessionStore

_SOURCE = "command-line"
Model = TypeVar("Model", bound=BaseModel)


async def create_organisation(
    database: Database, *, slug: str, name: str, registration: str = "invitation", locale: str = "en"
) -> OrganisationRow:
    """A new tenant. Raises `SlugTaken`, `Invalid`."""
    wanted = _valid(NewOrganisation, slug=slug, name=name, registration=registration, locale=locale)
    async with Work(database, new_id(), _SOURCE) as work:
        organisation = await OrganisationRepository(await work.connection()).insert(
            id=work.org_id,
            slug=wanted.slug,
            name=wanted.name,
            registration=wanted.registration,
            locale=wanted.locale,
        )
        publish_organisation(work, "organisation.created.v1", organisation)
    return organisation


async def create_user(
    database: Database,
    passwords: Passwords,
    *,
    organisation: str,
    email: str,
    first_name: str,
    last_name: str,
    role: str,
    password: str,
) -> User:
    """A person with any role; `organisation` is a slug. Raises `OrganisationNotFound`, `EmailTaken`, `Invalid`."""
    wanted = _valid(NewPerson, email=email, first_name=first_name, last_name=last_name, role=role, password=password)
    check_policy(password, personal=(wanted.email, wanted.first_name, wanted.last_name))
    password_hash = await passwords.hash(password)
    async with Work(database, await _organisation_id(database, organisation), _SOURCE) as work:
        user = await UserRepository(await work.connection()).insert(
            org_id=work.org_id,
            email=wanted.email,
            password_hash=password_hash,
            first_name=wanted.first_name,
            last_name=wanted.last_name,
            role=wanted.role,
        )
        publish(work, "user.created.v1", user.id, role=user.role)
    return user


async def reset_password(
    database: Database, passwords: Passwords, sessions: SessionStore, *, organisation: str, email: str, password: str
) -> User:
    """Set a person's password, end all their sessions. Raises `OrganisationNotFound`, `PersonNotFound`, `Invalid`."""
    check_policy(password, personal=(email,))
    password_hash = await passwords.hash(password)
    async with Work(database, await _organisation_id(database, organisation), _SOURCE) as work:
        connection = await work.connection()
        user = await UserRepository(connection).by_email(email.strip().lower())
        changed = await UserRepository(connection).set_password(user.id, password_hash) if user else None
        if changed is None:
            raise PersonNotFound(f"{organisation} has nobody with the address {email}")
        await ResetRepository(connection).void(changed.id)
        await end_sessions(work, sessions, changed.id)
        publish(work, "password.reset.v1", changed.id)
    return changed


async def emails(database: Database, organisation: str) -> set[str]:
    """The addresses of everybody in an organisation, by slug. Raises `OrganisationNotFound`."""
    async with database.transaction(await _organisation_id(database, organisation), readonly=True) as connection:
        return await UserRepository(connection).emails()


async def _organisation_id(database: Database, slug: str) -> UUID:
    async with database.transaction(None, readonly=True) as connection:
        organisation = await OrganisationRepository(connection).by_slug(slug)
    if organisation is None:
        raise OrganisationNotFound(f"There is no organisation {slug!r}")
    return organisation.id


def _valid(model: type[Model], **fields: object) -> Model:
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        found = [
            {"pointer": "/" + "/".join(map(str, item["loc"])), "code": item["type"], "message": item["msg"]}
            for item in error.errors(include_input=False)
        ]
        raise Invalid(found, "; ".join(f"{item['pointer'][1:]}: {item['message']}" for item in found)) from None
